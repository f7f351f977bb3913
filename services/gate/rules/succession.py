"""One organisation goes on as another (merger, BW 2:309): what that changes in a case, and in what is said of it.

State holds who has a part now, so the new name takes the place of the old one wherever an organisation is named; the
ledger keeps the old name. Why so, and what consent means here: docs/decisions/succession.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeVar, get_args, get_type_hints

from pydantic import BaseModel

from schemas.base import Slug, dump
from schemas.body import Body
from schemas.consents import ConsentAsked, ConsentRecorded, ConsentSetAside, Decision
from schemas.event import Event
from schemas.handovers import HandoverState
from schemas.service import HandoverFact
from services.gate.rules.case import (
    RECORDS,
    Case,
    Effects,
    HandoverRecord,
    Record,
    SightRecord,
    StatementRecord,
    SupportRecord,
)

Names = Mapping[Slug, Slug]
"""Who stands in for each organisation that has ended."""

SPEAKERS: Final[Mapping[type[BaseModel], str]] = {
    StatementRecord: "given_by",
    ConsentRecorded: "given_by",
    ConsentAsked: "asked_of",
    ConsentSetAside: "holder",
}
"""Fields of a person in which an organisation may stand: the guardian of a child."""

ENDED_SUPPORT: Final = {"REQUESTED": "DECLINED", "ACCEPTED": "ENDED"}
"""What becomes of a support that two organisations which are now one had with each other."""

M = TypeVar("M", bound=BaseModel)


def of_today(model: M, names: Names) -> M:
    """The value with every organisation by its name of today; the same object when none of them has ended."""
    changes: dict[str, Any] = {}
    for name, slugs in _parts(type(model)):
        before = getattr(model, name)
        after = _renamed(before, slugs, names)
        if after is not before:
            changes[name] = after
    return model.model_copy(update=changes) if changes else model


@lru_cache(maxsize=512)
def _parts(kind: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    """The fields in which an organisation may be named, and whether in the field itself or only deeper."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for name in kind.model_fields:
        inside = tuple(_inside(hints[name]))
        slugs = Slug in inside or SPEAKERS.get(kind) == name
        if slugs or any(isinstance(part, type) and issubclass(part, BaseModel) for part in inside):
            found.append((name, slugs))
    return tuple(found)


def _inside(hint: Any) -> Iterator[Any]:
    """A type and all it is made of."""
    yield hint
    if hint != Slug:
        for part in get_args(hint):
            yield from _inside(part)


def _renamed(value: Any, slugs: bool, names: Names) -> Any:
    if isinstance(value, str):
        return names.get(value, value) if slugs else value
    if isinstance(value, BaseModel):
        return of_today(value, names)
    if isinstance(value, tuple):
        parts = tuple(_renamed(part, slugs, names) for part in value)
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return tuple(dict.fromkeys(parts)) if slugs else parts
    return value


def said_today(event: Event, body: Body, names: Names, sender: Slug, letter: bool) -> tuple[Event, Body]:
    """A message as it reads today. A statement that would go to its own sender too does not; a letter is left to the
    rules."""
    known = of_today(body, names)
    to = tuple(dict.fromkeys(names.get(slug, slug) for slug in event.data.to))
    joined = event.source in names or to != event.data.to
    if joined and not letter:
        to = tuple(slug for slug in to if slug != sender)
    if known is body and to == event.data.to:
        return event, body
    data = event.data.model_copy(update={"to": to, **({"body": dump(known)} if known is not body else {})})
    return event.model_copy(update={"data": data}), known


@dataclass(frozen=True, slots=True)
class Ended:
    """One organisation and who goes on in its place."""

    old: Slug
    new: Slug

    @property
    def names(self) -> Names:
        return {self.old: self.new}


def goes_over(case: Case, ended: Ended) -> Effects:
    """What the succession changes in this case. Nothing when the old organisation has no part in it."""
    result = Effects()
    for kind in RECORDS:
        for record in case.of(kind).values():
            after = _record(case, record, ended)
            if after is not record:
                result += _changed(case, record, after)
    return result


def _record(case: Case, record: Record, ended: Ended) -> Record:
    if isinstance(record, StatementRecord):
        return _statement(case, record, ended)
    after = of_today(record, ended.names)
    if after is record:
        return record
    if isinstance(after, HandoverRecord) and after.sender == after.receiver and not after.final:
        return after.model_copy(update=_CANCELLED)
    if isinstance(after, SupportRecord) and after.asked_by == after.helper:
        return after.model_copy(update={"state": ENDED_SUPPORT.get(after.state, after.state)})
    return after


_CANCELLED: Final[Mapping[str, object]] = {
    "state": HandoverState.CANCELLED,
    "cancelling": False,
    "question_open": False,
    "consult_open": False,
}


def _changed(case: Case, before: Record, after: Record) -> Effects:
    if isinstance(before, SightRecord) and isinstance(after, SightRecord) and before.key != after.key:
        other = case.of(SightRecord).get(after.key)
        kept = max((after, other), key=_reach) if other is not None else after
        return Effects(put=(kept,), drop=((SightRecord, before.key),))
    also: tuple[HandoverFact, ...] = ()
    if isinstance(before, HandoverRecord) and isinstance(after, HandoverRecord) and before.state is not after.state:
        also = (
            HandoverFact(
                id=after.handover,
                kind=after.type,
                before=before.state,
                after=after.state,
                sender=after.sender,
                receiver=after.receiver,
                returns=after.returns,
            ),
        )
    return Effects(put=(after,), also=also)


def _reach(record: SightRecord) -> tuple[date, int]:
    """Of two plans for one child the longer counts, then the more frequent."""
    return record.plan.until or date.max, -record.plan.every_days


def _statement(case: Case, said: StatementRecord, ended: Ended) -> StatementRecord:
    """A refusal for the old name goes over always. A grant does not where the same person ever refused or withdrew for
    the new name: it would widen what they allowed."""
    after = of_today(said, ended.names)
    if after.scope is said.scope or said.decision is Decision.REFUSED:
        return after
    turned_down = any(
        ended.new in other.scope.recipients and (other.decision is Decision.REFUSED or other.withdrawn_at is not None)
        for other in case.of(StatementRecord).values()
        if (other.about, other.given_by) == (said.about, said.given_by)
    )
    if not turned_down:
        return after
    kept = after.model_copy(update={"scope": said.scope})
    return said if kept == said else kept
