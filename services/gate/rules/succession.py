"""One organisation goes on as another (merger, BW 2:309): what that changes in a case, and in what is said of it.

State holds who has a part now, so the new name takes the place of the old one wherever an organisation is named; the
ledger keeps the old name. Why so, and what consent means here: docs/decisions/succession.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.base import Slug, dump
from schemas.body import Body
from schemas.consents import Decision
from schemas.event import Event
from schemas.handovers import HandoverState
from schemas.service import HandoverFact
from schemas.succession import Names, of_today
from services.gate.rules.asked_records import ThreadRecord
from services.gate.rules.case import Case, Effects
from services.gate.rules.case_records import (
    RECORDS,
    HandoverRecord,
    SightRecord,
    StatementRecord,
    SupportRecord,
)
from services.gate.rules.record import Record

ENDED_SUPPORT: Final = {"REQUESTED": "DECLINED", "WAITING": "DECLINED", "ACCEPTED": "ENDED"}
"""What becomes of a support that two organisations which are now one had with each other."""


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
    if isinstance(after, ThreadRecord) and after.started_by == after.to:
        return after.model_copy(update={"open": False})  # nobody waits for an answer of its own
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
