"""The gate: the only writer of inboxes and of the ledger. A decider for the relay; it reads no wall clock."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from schemas.base import Slug
from schemas.directory import Organisation
from schemas.entry import EntryKind, LogGap
from schemas.event import MalformedMessage, message_hash, parse_event
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import GATE
from services.gate import receipts, succession
from services.gate.decision import World, decide, refuse, tick_fact
from services.gate.envelope import Barrier, Received, owner_of, read
from services.gate.scribe import Identity, Scribe
from services.relay.types import Emit, KilledProcess, Record, Tick, TooLarge, View
from services.runtime import telemetry
from services.runtime.directory import DirectoryReader
from services.runtime.jose import SigningKey
from services.runtime.subjects import of_slot

log = structlog.get_logger(__name__)

RULES = "2026.1"
"""The rule set this gate decides by; named in every entry."""
CHECKPOINT_ENTRIES = 1_000
CHECKPOINT_AGE = timedelta(hours=1)
FRESH_SECONDS = 1.0
"""How long a directory that was just read to its end counts as fresh: unknown keys re-read it no oftener."""


class Gate:
    """Decides every record of every outbox, slot by slot."""

    name = "gate"

    def __init__(
        self,
        identity: Identity,
        reader: DirectoryReader,
        slots: int,
        elapsed: Callable[[], float] = time.monotonic,
        signer: Callable[[datetime], SigningKey] | None = None,
    ) -> None:
        """`signer` gives the key for a decision of that moment, where it may be another than `identity` names; it
        raises Stop when there is none that others would accept."""
        self._identity = identity
        self._signer = signer
        self._reader = reader
        self._slots = slots
        self._own = [of_slot(slot, slots, identity.epoch) for slot in range(slots)]
        self._elapsed = elapsed
        self._read_at = float("-inf")
        self._known: tuple[int, dict[Slug, Party]] = (-1, {})

    def inputs(self) -> frozenset[str]:
        """The outbox of every organisation in the directory, and that of oversight."""
        return frozenset(f"{slug}.outbox" for slug in self._inboxes()) | {"oversight.outbox"}

    def prepare(self, record: Record) -> Any:
        return read(record, self._reader.directory, self._slots, self._fresh)

    def decide(self, prepared: Received | Barrier, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        scribe = self._scribe(view, now, slot)
        if isinstance(prepared, Barrier):
            scribe.checkpoint(self._inboxes(), self._own[slot], str(json.loads(prepared.value)["barrier"]))
        else:
            _traced(prepared, scribe, self._world(scribe))
        return scribe.emits

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """A rule that breaks must not stop a slot: the message is refused, kept apart, and the operator is told."""
        log.error("INTERNAL_ERROR", slot=slot, topic=record.topic, offset=record.offset, error=type(error).__name__)
        if record.topic == "clock":
            return (tick_fact(now, None),)
        scribe, value = self._scribe(view, now, slot), record.value or b""
        too_large = isinstance(error, TooLarge)
        reason = Reason(
            code=Refusal.TOO_LARGE if too_large else Refusal.INTERNAL_ERROR,
            mend=(Mend.LEAVE_OUT,) if too_large else (Mend.ASK_OPERATOR,),
        )
        event = None
        if not isinstance(error, KilledProcess):
            try:
                event = parse_event(value)
            except MalformedMessage:
                event = None
        received = Received(owner_of(record.topic), value, message_hash(value), b"", event=event, refusal=reason.code)
        refuse(received, (reason,), scribe, self._world(scribe))
        if event is not None and not too_large:
            scribe.quarantine(received.owner, record.key, record.value)
        return scribe.emits

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        scribe = self._scribe(view, tick.at, slot)
        counters = scribe.counters
        for (organisation, professional), count in counters.take_dry_runs(_hour(tick.at)).items():
            scribe.write(EntryKind.DRY_RUNS, actor=organisation, actor_ref=professional, count=count)
        counters.drop_retired(tick.at)
        world = self._world(scribe)
        succession.walk(scribe, world.parties, world.names)
        receipts.give_up(scribe, world.today)
        head = counters.slot()
        due = head.checkpoint_at is None or tick.at - head.checkpoint_at >= CHECKPOINT_AGE
        if head.seq - head.checkpoint_seq >= CHECKPOINT_ENTRIES or (due and head.seq > head.checkpoint_seq):
            scribe.checkpoint(self._inboxes(), self._own[slot], None)
        return [*scribe.emits, tick_fact(tick.at, tick.barrier)]

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """Records expired before they were read: written down and alarmed; the slot goes on."""
        log.error("LOG_GAP", slot=slot, topic=topic, lost_from=lost_from, lost_to=lost_to)
        scribe = self._scribe(view, now, slot)
        scribe.write(EntryKind.LOG_GAP, actor=GATE, gap=LogGap(topic=topic, lost_from=lost_from, lost_to=lost_to))
        return scribe.emits

    async def refresh(self) -> None:
        await self._reader.refresh()
        self._read_at = self._elapsed()

    @property
    def _fresh(self) -> bool:
        return self._elapsed() - self._read_at < FRESH_SECONDS

    def _scribe(self, view: View, now: datetime, slot: int) -> Scribe:
        key = self._signer(now) if self._signer else self._identity.key
        return Scribe(replace(self._identity, key=key), view, slot, now, self._reader.directory.revision)

    def _world(self, scribe: Scribe) -> World:
        directory = self._reader.directory
        names = succession.names(scribe.view, directory, scribe.now)
        return World(directory, self._parties(), self._fresh, names)

    def _parties(self) -> dict[Slug, Party]:
        directory = self._reader.directory
        revision, parties = self._known
        if revision != directory.revision:
            parties = {slug: _party(entry) for slug, entry in directory.organisations.items()}
            self._known = (directory.revision, parties)
        return parties

    def _inboxes(self) -> list[Slug]:
        return [slug for slug, party in self._parties().items() if party.kind is not OrganisationKind.SERVICE]


def _traced(received: Received, scribe: Scribe, world: World) -> None:
    """A decision that raises is made again or fails; its span is left out."""
    told: dict[str, str | int] = {"estafette.slot": scribe.slot}
    if received.event is not None:
        told |= {"estafette.message": received.event.id, "estafette.name": received.event.name}
    step = telemetry.step("decide", telemetry.Kind.CONSUMER, received.trace, told)
    scribe.trace = step.trace
    with telemetry.within(step.trace):
        decide(received, scribe, world)
    step.end()


def _party(entry: Organisation) -> Party:
    return Party(
        slug=entry.slug,
        kind=entry.kind,
        external=entry.subkind,
        under_secrecy=entry.under_secrecy,
        designated_for_vto=entry.designated_for_vto,
        lenient_consent=entry.lenient_consent,
        coordination=entry.coordination,
        regions=entry.regions,
        agreements=entry.agreements,
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
