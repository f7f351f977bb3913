"""What is counted of a fact: which messages, and which of their coded fields. Pure: rows from a fact, nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from schemas.base import dump
from schemas.body import ChildPlace
from schemas.days import dutch_day
from schemas.handovers import HandoverState
from schemas.service import Fact, FactKind
from schemas.tables.messages import BODIES
from services.ledger import store
from services.ledger.rows import Rows

NAMED, IN_CASE, SEEN = "NAMED", "IN_CASE", "SEEN"
SPOKEN_ALONE: Final = ChildPlace.SPOKEN_ALONE.value
FIRST_CONTACT: Final = "FIRST_CONTACT"
"""Outcome of every event that says that the family was really met for the first time."""

Body = Mapping[str, Any]
Marks = Iterable[tuple[str, ...]]


def _nobody(_: Body) -> Marks:
    return ()


def _named(body: Body) -> Marks:
    return ((child, NAMED) for child in body.get("children", ()))


def _one(body: Body) -> Marks:
    return ((body["child"], NAMED),) if body.get("child") else ()


def _seen(body: Body) -> Marks:
    return ((each["child"], SPOKEN_ALONE if each.get("alone") else SEEN) for each in body.get("children", ()))


def _met(body: Body) -> Marks:
    contact = body.get("contact") or {}
    yield from _seen({"children": contact.get("children_seen", ())})
    yield from _found(contact)


def _found(contact: Body) -> Marks:
    """How each person who was met found the handover."""
    for each in contact.get("experiences", ()):
        yield each["person"], f"{INVOLVED}{each['involved']}"
        if each.get("told_again") is not None:
            yield each["person"], TOLD_AGAIN if each["told_again"] else NOT_TOLD_AGAIN


def _talk(body: Body) -> Marks:
    yield from map(tuple, body.get("children", ()))
    contact = body.get("first_contact") or {}
    yield from _seen({"children": contact.get("children_seen", ())})
    yield from _found(contact)


WAS_THERE, DID_NOT_COME = "WAS_THERE", "DID_NOT_COME"
"""Marks of organisations at a talk."""
INVOLVED, TOLD_AGAIN, NOT_TOLD_AGAIN = "INVOLVED_", "TOLD_AGAIN", "NOT_TOLD_AGAIN"
"""Marks of a person of the family, youth or not: how they found a handover."""
WITH_FAMILY, WITHOUT_FAMILY = "WITH_FAMILY", "WITHOUT_FAMILY"


def _invited(body: Body) -> Marks:
    yield from ((slug, WAS_THERE) for slug in body.get("took_part", ()))
    yield from ((slug, DID_NOT_COME) for slug in body.get("absent", ()))


def _with_whom(field: str) -> Callable[[Body], str | None]:
    return lambda body: WITH_FAMILY if body.get(field) else WITHOUT_FAMILY


def _carried(body: Body) -> str | None:
    return FIRST_CONTACT if body.get("first_contact") else None


def _held(body: Body) -> str | None:
    return FIRST_CONTACT if body.get("contact_held_at") else None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One message that is counted. The texts name fields of its body: whose id it is about, its kind, its outcome and
    the day it speaks of."""

    name: str
    thing: str | None = None
    kind: str | None = None
    outcome: str | Callable[[Body], str | None] | None = None
    day: str | None = None
    children: Callable[[Body], Marks] = _nobody


ROWS: Final[tuple[EventRow, ...]] = (
    EventRow("cases.opened"),
    EventRow("cases.linked", "other", "kind"),
    EventRow("cases.closed", outcome="closing"),
    EventRow("reports.registered", "report", "reporter", day="received_at", children=_named),
    EventRow("handovers.proposed", "handover", "kind"),
    EventRow("handovers.accepted", "handover"),
    EventRow("handovers.declined", "handover", outcome="reason"),
    EventRow("handovers.wait_announced", "handover", outcome="reason"),
    EventRow("handovers.emergency_ended", "handover", outcome="finding"),
    EventRow("handovers.warm_contact_attested", "handover", outcome=_carried, day="held_at", children=_talk),
    EventRow("handovers.first_contact_held", "handover", outcome=lambda _: FIRST_CONTACT, day="held_at", children=_met),
    EventRow("handovers.handed_back", "handover", outcome="reason"),
    EventRow("supports.requested", "support", "kind", children=_named),
    EventRow("supports.accepted", "support", day="start"),
    EventRow("supports.wait_announced", "support", outcome="reason"),
    EventRow("supports.reviewed", "support", "outcome", _with_whom("with_family"), "reviewed_on"),
    EventRow("supports.declined", "support", outcome="reason"),
    EventRow("supports.ended", "support", outcome="outcome"),
    EventRow("investigations.registered", "investigation", children=_named),
    EventRow("investigations.started", "investigation"),
    EventRow("investigations.concluded", "investigation", "outcome", "afterwards"),
    EventRow("measures.started", "measure", "kind", "without_measure", "since", _one),
    EventRow("measures.worker_assigned", "measure", "plan", outcome=_held, day="contact_held_at"),
    EventRow("measures.ended", "measure", outcome="reason", day="on"),
    EventRow("stagnations.resolved", "stagnation", "result", _with_whom("with_family")),
    EventRow("consults.held", "consult", "topic", _with_whom("family"), "held_on", _invited),
    EventRow("assessments.recorded", "assessment", "kind", day="made_on"),
    EventRow("sight.confirmed", day="seen_at", children=_seen),
)
"""Everything that is counted. What is not here, and every other field, is not kept."""

BY_NAME: Final = {row.name: row for row in ROWS}


class CountedFact(NamedTuple):
    """A fact that came in, of one slot; only one with the place of its entry can be counted. `body`: in the one form
    that its message has, whatever form its sender chose."""

    slot: int
    fact: Fact
    body: Body


def read_fact(slot: int, value: bytes) -> CountedFact:
    """The fact these bytes hold. Raises pydantic.ValidationError."""
    fact = Fact.model_validate_json(value, extra="ignore")
    model = BODIES.get(fact.type or "") if fact.type in BY_NAME else None
    body = dump(model.model_validate(fact.body, extra="ignore")) if model else {}
    return CountedFact(slot, fact, body)


def event_rows(epoch: str, counted: CountedFact) -> Rows:
    """The event with its children; nothing for what is not counted."""
    fact = counted.fact
    row = BY_NAME.get(fact.type or "")
    completes = _completes(fact)
    if fact.kind is not FactKind.MESSAGE or fact.entry is None or not (row or completes):
        return
    if fact.subject is None or not fact.subject.startswith("case:") or fact.actor is None:
        return
    place = {"epoch": epoch, "slot": counted.slot, "slot_seq": fact.entry}
    row = row or EventRow(fact.type or "", "handover")
    yield store.events, place | _event(fact, row, counted.body)
    marks = set(row.children(counted.body)) | ({(c, IN_CASE) for c in _children(fact)} if completes else set())
    if row.name == "supports.requested" and not marks:
        marks = {(child, NAMED) for child in _children(fact)}  # it is for the whole family
    for child, mark in sorted(marks):
        yield store.event_children, place | {"child": child, "mark": mark, "age": fact.ages.get(child)}


def _event(fact: Fact, row: EventRow, body: Body) -> dict[str, Any]:
    outcome = row.outcome(body) if callable(row.outcome) else body.get(row.outcome or "")
    return {
        "case": fact.subject,
        "at": fact.at,
        "name": row.name,
        "message": fact.id,
        "actor": fact.actor,
        "actor_kind": fact.actor_kind.value if fact.actor_kind else None,
        "recipient": fact.to[0] if len(fact.to) == 1 else None,
        "regie": fact.case.regie if fact.case else None,
        "thing": body.get(row.thing or "") or (fact.handover.id if fact.handover else None),
        "kind": body.get(row.kind or ""),
        "outcome": outcome,
        "day": _day(body.get(row.day or ""), fact.at),
    }


def _day(said: str | None, at: datetime) -> date:
    if said is None:
        return dutch_day(at)
    if "T" in said:
        return dutch_day(datetime.fromisoformat(said))
    return date.fromisoformat(said)


def _completes(fact: Fact) -> bool:
    moved = fact.handover
    return moved is not None and moved.after is HandoverState.COMPLETED and moved.before is not HandoverState.COMPLETED


def _children(fact: Fact) -> Iterator[str]:
    return iter(fact.case.children if fact.case else ())
