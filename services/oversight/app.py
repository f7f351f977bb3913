"""Oversight: what should have happened and did not. A decider for the relay; it has no time but that of its facts."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from schemas.base import dump
from schemas.event import CONTENT_TYPE, Data, Event, wire_type
from schemas.service import OVERSIGHT, Fact, FactKind
from services.oversight import state
from services.oversight.rules.calendar import Calendar, YearNotConfigured
from services.oversight.rules.case import Say
from services.oversight.rules.follow import apply, follow_delivery, follow_refused
from services.oversight.rules.ladder import event_id
from services.relay.types import Emit, Record, Stop, Tick, View
from services.runtime.jose import SigningKey, sign_detached

FACTS = "case.facts"
OUTBOX = "oversight.outbox"
BARRIER_TYPE = "application/estafette-barrier+json"

log = structlog.get_logger(__name__)


class Oversight:
    """Watches every case of a slot. `not_judged` and `refused` count what an operator must look at."""

    name = OVERSIGHT

    def __init__(
        self, key: SigningKey, calendar: Calendar, signer: Callable[[datetime], SigningKey] | None = None
    ) -> None:
        """`signer` gives the key for what is said at a moment, where that may be another than `key`."""
        self._signer = signer or (lambda _: key)
        self._calendar = calendar
        self.not_judged = 0
        self.refused = 0

    def inputs(self) -> frozenset[str]:
        """The gate's facts, and nothing else: no clock."""
        return frozenset({FACTS})

    def prepare(self, record: Record) -> Fact:
        return Fact.model_validate_json(record.value or b"")

    def decide(self, prepared: Fact, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """Raises Stop when a term runs through a year whose days off are not configured."""
        try:
            return self._decide(prepared, view)
        except YearNotConfigured as error:
            raise Stop(str(error)) from None

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """Nothing can be sent about a fact that was not understood; it is alarmed here, by where it stands."""
        self.not_judged += 1
        log.error("FACT_NOT_JUDGED", slot=slot, offset=record.offset, exc_info=error)
        return []

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        """Never called: the relay has no clock here, ticks come as facts."""
        return []

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """What happened in between is not known, and silence would look like safety."""
        raise Stop(f"{topic} lost offsets {lost_from} to {lost_to} unread: run `estafette oversight rebuild`")

    async def refresh(self) -> None:
        """Nothing of the world is kept here."""

    def status(self) -> dict[str, Any]:
        """For the health page."""
        return {"facts_not_judged": self.not_judged, "alerts_refused": self.refused}

    def _decide(self, fact: Fact, view: View) -> list[Emit]:
        if fact.kind is FactKind.TICK:
            return self._tick(fact, view)
        if fact.kind is FactKind.ALERT_REFUSED:
            self.refused += 1
            log.error("ALERT_REFUSED", message=fact.id, subject=fact.subject, type=fact.type)
            return []
        if fact.kind in (FactKind.DELIVERY, FactKind.REFUSED):
            return self._beside(fact, view)
        if fact.subject is None or fact.case is None or not _about_a_case(fact):
            return []
        if fact.kind is FactKind.SUCCEEDED and not state.known(view, fact.subject):
            return []  # nothing is owed in it
        state.begin(view, fact.at)
        watch, said = apply(fact, state.load(view, fact.subject), self._calendar)
        state.save(view, watch)
        return [self.emit(say, fact.at) for say in said]

    def _beside(self, fact: Fact, view: View) -> list[Emit]:
        """What changes nothing in the case itself: what became of a delivery, what was refused."""
        if fact.subject is None or not state.known(view, fact.subject):
            return []
        watch = state.load(view, fact.subject)
        refused = fact.kind is FactKind.REFUSED
        watch, said = follow_refused(fact, watch) if refused else follow_delivery(fact, watch, self._calendar)
        state.save(view, watch)
        return [self.emit(say, fact.at) for say in said]

    def _tick(self, fact: Fact, view: View) -> list[Emit]:
        emits = [self.emit(say, fact.at) for say in state.tick(view, fact.at, self._calendar, self._broken)]
        if fact.barrier is not None:
            emits.append(_barrier(fact.barrier, fact.at))
        return emits

    def _broken(self, case: str, error: Exception) -> None:
        self.not_judged += 1
        log.error("CASE_NOT_WATCHED", case=case, exc_info=error)

    def emit(self, say: Say, at: datetime) -> Emit:
        """An alert as a signed message."""
        event = Event(
            id=str(event_id(say)),
            source=OVERSIGHT,
            type=wire_type(say.body.name),
            subject=say.subject,
            time=at,
            data=Data(to=say.to, body=dump(say.body)),
        )
        value = event.encode()
        headers = (("jws", sign_detached(value, self._signer(at)).encode()), ("content-type", CONTENT_TYPE.encode()))
        return Emit(OUTBOX, say.subject.encode(), value, headers)


def _about_a_case(fact: Fact) -> bool:
    """What machines say to each other changes nothing for a case or a thread."""
    return fact.actor != OVERSIGHT and not (fact.type or "").startswith("receipts.")


def _barrier(barrier: str, at: datetime) -> Emit:
    """A machine mark, not signed: all that this tick caused stands before it in the outbox."""
    value = json.dumps({"barrier": barrier, "at": at.isoformat()}).encode()
    return Emit(OUTBOX, b"barrier", value, (("content-type", BARRIER_TYPE.encode()),))
