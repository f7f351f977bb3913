"""What the family is shown of the road ahead: where it stands, what comes next, who decides it, and by when.

Not the measure but the road to it hurts most, and most of all the doubt whether a child will have to live elsewhere
(JB Noord 2016 §3.3-3.4; D#84, D#190). So that is said at every step, also that nothing is decided.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from schemas.base import Slug
from schemas.handovers import HandoverState as S
from schemas.tables.obligation_row import Term
from schemas.tables.obligations import BY_CODE, STANDING
from services.organisation.said import Told

Row = dict[str, Any]
SENDER, RECEIVER = "sender", "receiver"


class Stand(NamedTuple):
    """Of one state: where it stands, what comes next, and which side decides that."""

    now: str
    following: str
    decides: str


HANDOVERS: Final[Mapping[S, Stand]] = {
    S.PROPOSED: Stand("Another organisation is asked to take it on.", "It says yes, no, or how long.", RECEIVER),
    S.WAITING: Stand(
        "The other organisation cannot begin yet.", "It says how long it still takes, or begins.", RECEIVER
    ),
    S.IMPOSED: Stand("A judge decided that this organisation comes.", "It names who comes to see you.", RECEIVER),
    S.ACCEPTED: Stand("The other organisation said yes.", "You talk with both, who goes and who comes.", RECEIVER),
    S.WARM: Stand("You talked together.", "The new one comes to see you; until then nothing changes.", RECEIVER),
    S.EMERGENCY: Stand("It was taken over, for danger.", "You still talk together about what happened.", RECEIVER),
    S.HANDED_BACK: Stand("The other organisation gave it back.", "The first one says what it does now.", SENDER),
    S.RETURNING: Stand("The danger is over.", "It goes back, or you agree that it stays.", RECEIVER),
}
"""The states in which something is still to come."""

NAMES: Final = (
    "investigations.registered", "investigations.received", "investigations.wait_announced", "investigations.started",
    "investigations.concluded", "measures.started", "measures.worker_assigned", "measures.ended",
    "handovers.proposed", "assessments.recorded", "monitoring.checked", "tables.requested", "tables.invited",
    "tables.decided",
)  # fmt: skip
"""What the steps are made of, beside the handovers themselves."""


def steps(told: Iterable[Told], handovers: Iterable[Any], regie: Slug | None, today: date) -> list[Row]:
    """Who leads, then everything that is still to be decided."""
    said = sorted(told, key=lambda one: one.at)
    found = [
        _step("LEAD", regie, None, "This organisation leads: ask it anything." if regie else "Nobody leads: closed.")
    ]
    found += [_handover(row) for row in handovers if row.state in HANDOVERS]
    found += _of_each("investigation", said, _investigation)
    found += _of_each("table", said, _table)
    found += [row for row in _of_each("measure", said, _measure) if row["until"] is None or row["until"] >= f"{today}"]
    return found


def limits(told: Iterable[Told]) -> list[Row]:
    """What must be safe, whatever else is agreed, and what follows: while one is open the case is not closed."""
    found: dict[str, Row] = {}
    for each in sorted(told, key=lambda one: one.at):
        for condition in each.body.get("conditions", ()):
            if each.name == "handovers.proposed":
                found.setdefault(condition["id"], {"id": condition["id"], "kind": condition["kind"], "status": "OPEN"})
            elif condition["id"] in found:
                found[condition["id"]]["status"] = condition["status"]
    return list(found.values())


def _step(about: str, who: Slug | None, since: datetime | None, now: str, following: str = "", **more: Any) -> Row:
    whole = {"about": about, "since": since, "now": now, "next": following or None, "organisation": who}
    return {**whole, "within": None, "before": None, "until": None, **more}


def _handover(row: Any) -> Row:
    stand = HANDOVERS[S(row.state)]
    due = BY_CODE[STANDING[S(row.state)]].due
    who = getattr(row, stand.decides)
    return _step("HANDOVER", who, row.since, stand.now, stand.following, within=_words(due))


def _of_each(field: str, said: Iterable[Told], step: Any) -> Iterator[Row]:
    """The step of each thing with an id in this field, made from all that was said of it."""
    things: dict[str, list[Told]] = {}
    for each in said:
        if field in each.body and each.name.partition(".")[0] == f"{field}s":
            things.setdefault(each.body[field], []).append(each)
    for messages in things.values():
        made = step(messages)
        if made is not None:
            yield made


def _investigation(said: list[Told]) -> Row:
    last, names = said[-1], {each.name.partition(".")[2] for each in said}
    raad = next((each.source for each in said if each.name != "investigations.registered"), None)
    if "concluded" in names:
        return _concluded(next(each for each in said if each.name == "investigations.concluded"))
    placement = {"placement": "UNDECIDED"}
    if "started" in names:
        now, following = (
            "The Raad looks into it and talks with you.",
            "It says whether it asks a judge for something.",
        )
        return _step("INVESTIGATION", raad, last.at, now, following, within=_due("RAAD_DECISION"), **placement)
    waits = [each.body["expected_on"] for each in said if each.name == "investigations.wait_announced"]
    now, following = "The Raad was asked to look into it.", "It begins, and says who comes to talk with you."
    return _step(
        "INVESTIGATION",
        raad,
        last.at,
        now,
        following,
        within=_due("RAAD_START"),
        before=max(waits, default=None),
        **placement,
    )


def _concluded(said: Told) -> Row:
    """Whether it asks that a child lives elsewhere is said openly, yes, no, or not decided."""
    asks = said.body["outcome"] == "MEASURE_REQUESTED"
    now = "The Raad asks the judge for a measure." if asks else "The Raad does not ask the judge for anything."
    following = "The judge hears you and decides." if asks else "It goes on with who leads."
    return _step("INVESTIGATION", said.source, said.at, now, following, placement=said.body["placement"])


def _table(said: list[Told]) -> Row | None:
    last = said[-1]
    if last.name == "tables.decided":
        return None
    meets = last.body.get("meets_on")
    following = "You are at the table; what is decided is decided there."
    return _step("TABLE", last.source, last.at, "A talk with you and the Raad is asked for.", following, before=meets)


def _measure(said: list[Told]) -> Row | None:
    started = next((each for each in said if each.name == "measures.started"), None)
    if started is None or any(each.name == "measures.ended" for each in said):
        return None
    named = any(each.body.get("contact_held_at") for each in said)
    following = "Before that day it is looked at whether it ends." if named else "Somebody comes to see you."
    until, within = started.body["until"], None if named else _due("GI_ASSIGN")
    now = "A judge decided on a measure."
    return _step("MEASURE", started.source, started.at, now, following, until=until, within=within)


def _due(code: str) -> str | None:
    return _words(BY_CODE[code].due)


def _words(term: Term | None) -> str | None:
    return None if term is None else f"{term.count} {term.unit.replace('_', ' ').lower()}"
