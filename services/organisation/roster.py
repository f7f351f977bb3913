"""Who is involved with a family: so that it can be shown by organisation and function, with since and until (D#34).

Made from what was said in the case as far as this organisation got it; who leads and who is the fixed contact, every
party knows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Subject
from services.organisation.said import Told, told_in

LEADS, TAKES_OVER, SUPPORTS, MEASURE, STAYS, CONTACT = (
    "LEADS", "TAKES_OVER", "SUPPORTS", "MEASURE", "STAYS", "FIXED_CONTACT",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Involved:
    """One professional and what they are there for. `until` None: still."""

    part: str
    organisation: Slug
    function: str
    since: datetime
    ref: str | None = None
    task: str | None = None
    until: datetime | None = None


Found = dict[tuple[str, str], Involved]


def roster(told: Iterable[Told], regie: Slug | None) -> tuple[Involved, ...]:
    """Everyone who is or was involved, in the order in which they came."""
    now: Found = {}
    over: list[Involved] = []
    for each in sorted(told, key=lambda one: one.at):
        begins, ends = _SAYS[each.name]
        for key in (key for key in now if ends is not None and ends(key, each)):
            over.append(replace(now[key], until=each.at))
        now = {key: value for key, value in now.items() if ends is None or not ends(key, each)}
        now |= dict(begins(each)) if begins is not None else {}
    everyone = [*over, *(_leads(one, regie, now) for one in now.values())]
    return tuple(sorted(everyone, key=lambda one: (one.since, one.part, one.organisation)))


def _leads(one: Involved, regie: Slug | None, now: Found) -> Involved:
    """Who took over and holds regie leads; who held it before does not any more."""
    if one.part == TAKES_OVER and one.organisation == regie:
        return replace(one, part=LEADS)
    if one.part == LEADS and one.organisation != regie:
        return replace(one, until=max(other.since for other in now.values()))
    return one


Begins = Callable[[Told], Iterator[tuple[tuple[str, str], Involved]]]
Ends = Callable[[tuple[str, str], Told], bool]


def _one(part: str, field: str, by: str | None = None) -> Begins:
    """The professional in `field`; `by`: the field that tells apart what they are there for."""

    def begins(told: Told) -> Iterator[tuple[tuple[str, str], Involved]]:
        who = told.body.get(field)
        if who:
            key = str(told.body[by]) if by else told.source
            yield (part, key), Involved(part, told.source, who["function"], told.at, who["ref"])

    return begins


def _accepted(told: Told) -> Iterator[tuple[tuple[str, str], Involved]]:
    yield from _one(TAKES_OVER, "professional")(told)
    for stays in told.body.get("stays", ()):
        place = f"{stays['organisation']}/{stays['function']}"
        yield (STAYS, place), Involved(STAYS, stays["organisation"], stays["function"], told.at, task=stays["task"])


def _fixed(told: Told) -> Iterator[tuple[tuple[str, str], Involved]]:
    contact = told.body["contact"]
    who = contact["professional"]
    yield (CONTACT, ""), Involved(CONTACT, contact["organisation"], who["function"], told.at, who["ref"])


def _of(part: str, by: str | None = None) -> Ends:
    return lambda key, told: key == (part, str(told.body[by]) if by else told.source)


_SAYS: Mapping[str, tuple[Begins | None, Ends | None]] = {
    "cases.opened": (_one(LEADS, "lead"), None),
    "cases.reopened": (_one(LEADS, "lead"), _of(LEADS)),
    "cases.lead_person_changed": (_one(LEADS, "to_lead"), lambda key, told: key in _own(told)),
    "handovers.accepted": (_accepted, lambda key, told: key[0] == STAYS or key == (TAKES_OVER, told.source)),
    "handovers.professional_changed": (_one(TAKES_OVER, "professional"), _of(TAKES_OVER)),
    "handovers.emergency_taken_over": (_one(TAKES_OVER, "on_duty"), _of(TAKES_OVER)),
    "supports.accepted": (_one(SUPPORTS, "professional", "support"), None),
    "supports.ended": (None, _of(SUPPORTS, "support")),
    "measures.worker_assigned": (_one(MEASURE, "worker", "measure"), _of(MEASURE, "measure")),
    "measures.ended": (None, _of(MEASURE, "measure")),
    "contacts.fixed_contact_changed": (_fixed, lambda key, told: key[0] == CONTACT),
}
"""Whom a message brings in, and whose part it ends."""


def _own(told: Told) -> tuple[tuple[str, str], ...]:
    return (LEADS, told.source), (TAKES_OVER, told.source)


async def roster_of(connection: AsyncConnection, subject: Subject, regie: Slug | None) -> list[dict[str, Any]]:
    """The roster of a case, for its page."""
    return [asdict(one) for one in roster(await told_in(connection, subject, _SAYS), regie)]
