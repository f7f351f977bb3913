"""The 580 trajectories of Table 1 (JB Noord 2016 §7.1) as messages. Refs, cases and days are invented, always the same.

The table's four means fit each other only when they were rounded: 19 that led to a measure and 82 that did not, of 78
and 185 days, would give 164.9 for all 101. So the days here are such that each exact mean rounds to the printed one:
77.53, 184.51, 164.39 and 249.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from schemas.body import Body
from schemas.care import MeasureStarted
from schemas.cases import CaseLinked
from schemas.parties import Professional
from schemas.supports import SupportAccepted, SupportEnded, SupportRequested
from tests.ledger.telling import Teller

FIRST, LOOKED_AT = date(2015, 1, 1), date(2016, 2, 29)
MEASURES, TO_MEASURE, NOT_TO_MEASURE, OPEN = 446, 19, 82, 33
DAYS = {"to": 1473, "not": 15_130, "open": 33 * 249}
TEAM, GI = "team-a", "gi-x"


class Trajectory(NamedTuple):
    """Help for one child or a measure without help before. `ended`: None while it runs."""

    number: int
    case: int
    began: date
    ended: date | None = None
    help: bool = True
    measure: bool = False

    @property
    def days(self) -> int:
        return ((self.ended or LOOKED_AT) - self.began).days

    @property
    def child(self) -> str:
        return f"child-{self.number}"


def spread(number: int, total: int, width: int) -> list[int]:
    """So many whole numbers with that sum, up to `width` from their mean."""
    low = total // number
    days = [low + (width * (2 * i - number + 1)) // number for i in range(number)]
    short = total - sum(days)
    return [each + short // number + (i < short % number) for i, each in enumerate(days)]


def trajectories() -> list[Trajectory]:
    """Every third child that got help, and every tenth with a measure, is a brother or sister of the one before."""
    return [*_help(), *_straight()]


def _help() -> Iterator[Trajectory]:
    lengths = [
        *((days, "to") for days in spread(TO_MEASURE, DAYS["to"], 60)),
        *((days, "not") for days in spread(NOT_TO_MEASURE, DAYS["not"], 120)),
        *((days, "open") for days in spread(OPEN, DAYS["open"], 120)),
    ]
    for number, (days, becomes) in enumerate(lengths):
        case = number - 1 if number % 3 == 2 else number
        if becomes == "open":
            yield Trajectory(number, case, LOOKED_AT - timedelta(days=days))
        else:
            began = FIRST + timedelta(days=number % 90)
            yield Trajectory(number, case, began, began + timedelta(days=days), measure=becomes == "to")


def _straight() -> Iterator[Trajectory]:
    for number in range(1000, 1000 + MEASURES - TO_MEASURE):
        case = number - 1 if number % 10 == 9 else number
        yield Trajectory(number, case, FIRST + timedelta(days=number % 365), help=False, measure=True)


class Said(NamedTuple):
    day: date
    case: int
    actor: str
    to: str
    body: Body


def say_all(teller: Teller, kit: Any) -> None:
    """Say everything in the order of its days. Cases whose number differs by one are linked where the children are
    siblings that did not come in one case."""
    said = sorted(_messages(trajectories(), kit), key=lambda each: each.day)
    for each in said:
        teller.gate.now = max(teller.gate.now, datetime.combine(each.day, time(9), UTC))
        children = (each.body.child,) if isinstance(each.body, MeasureStarted) else ()
        teller.say(kit.case(each.case), each.actor, each.to, each.body, children)


def _messages(all_of_them: Iterable[Trajectory], kit: Any) -> Iterator[Said]:
    for trajectory in all_of_them:
        own = trajectory.number if trajectory.number % 2 else trajectory.case
        if own != trajectory.case:
            linked = CaseLinked(other=kit.case(trajectory.case), kind="SIBLING")
            yield Said(trajectory.began, own, TEAM, GI, linked)
        if trajectory.help:
            yield from _help_messages(trajectory, own)
        if trajectory.measure:
            yield _measure(trajectory, own)


def _help_messages(trajectory: Trajectory, case: int) -> Iterator[Said]:
    support = made("support", trajectory.number)
    kind = "JOIN_SUPPORT" if trajectory.number % 4 else "SPECIALIST_CASE_MANAGEMENT"
    asked = SupportRequested(
        support=support, kind=kind, children=(trajectory.child,), criteria=("A",), until=LOOKED_AT, task="breakthrough"
    )
    yield Said(trajectory.began, case, TEAM, GI, asked)
    worker = Professional(ref="worker-1", function="youth-protection-worker")
    yield Said(
        trajectory.began, case, GI, TEAM, SupportAccepted(support=support, professional=worker, start=trajectory.began)
    )
    if trajectory.ended is not None:
        outcome = "MEASURE_REQUESTED" if trajectory.measure else "RETURNED"
        yield Said(trajectory.ended, case, GI, TEAM, SupportEnded(support=support, outcome=outcome))


def _measure(trajectory: Trajectory, case: int) -> Said:
    since = trajectory.ended or trajectory.began
    possible = None if trajectory.help else ("NOT_POSSIBLE", "POSSIBLE", None)[trajectory.number % 3]
    started = MeasureStarted(
        measure=made("measure", trajectory.number),
        kind="OTS",
        child=trajectory.child,
        order=f"order-{trajectory.number}",
        since=since,
        until=since + timedelta(days=365),
        handover=made("handover", trajectory.number),
        without_measure=possible,
    )
    return Said(since, case, GI, TEAM, started)


def made(what: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{what}-{number}"))
