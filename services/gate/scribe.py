"""Writes decisions down: numbers, chains and signs each entry, and puts the same bytes beside every delivery."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.base import Slug, Subject, dump
from schemas.body import Body
from schemas.entry import (
    Checkpoint,
    Entry,
    EntryKind,
    EntryMessage,
    InboxSequence,
    entry_hash,
)
from schemas.event import CONTENT_TYPE, MAX_INBOX, Data, Event, message_hash, wire_type
from schemas.service import GATE, CheckpointMade
from services.gate import quarantine
from services.gate.state import Counters, Link, SlotHead
from services.relay.types import Emit, TooLarge, View
from services.runtime.jose import SigningKey, sign_compact, sign_detached
from services.runtime.metrics import count
from services.runtime.telemetry import HEADER, Trace

LEDGER = "ledger"
QUARANTINE = "quarantine"
NAMESPACE = uuid.UUID("0b9a1c5e-6d0f-5a53-9f2c-2f8f5d8c7a11")
"""Of ids derived by the gate: the same decision makes the same id, whenever it is made."""


def derived_id(*parts: str) -> str:
    """An id that follows from what it is derived from (never from an offset)."""
    return str(uuid.uuid5(NAMESPACE, "|".join(parts)))


@dataclass(frozen=True, slots=True)
class Identity:
    """What every entry of this gate says of itself."""

    key: SigningKey
    epoch: str
    rules: str


@dataclass(slots=True)
class Scribe:
    """Writes for one record or tick of one slot. `emits` is what the relay sends in the transaction."""

    identity: Identity
    view: View
    slot: int
    now: datetime
    revision: int
    emits: list[Emit] = field(default_factory=list)
    trace: Trace | None = None

    @property
    def counters(self) -> Counters:
        return Counters(self.view)

    def take(self, inboxes: Iterable[Slug]) -> tuple[InboxSequence, ...]:
        """The next place in each of these inboxes."""
        return tuple(InboxSequence(inbox=i, sequence=self.counters.next_sequence(i)) for i in inboxes)

    def write(self, kind: EntryKind, *, chained: bool = False, **fields: Any) -> str:
        """Sign an entry and put it in the ledger; the seal. `chained`: it also stands in the chain of its case.

        What outsiders are told must not show whether a case exists, so their refusals stand outside the case's chain.
        """
        slot = self.counters.slot()
        case = fields.get("case")
        link = self.counters.case(case) if chained and case else None
        entry = Entry(
            epoch=self.identity.epoch,
            slot=self.slot,
            slot_seq=slot.seq + 1,
            slot_previous=slot.hash,
            case_seq=link.seq + 1 if link else None,
            case_previous=link.hash if link else None,
            at=self.now,
            kind=kind,
            rules=self.identity.rules,
            directory=self.revision,
            **fields,
        )
        if entry.verdict is not None:
            counted(entry)
        seal = sign_compact(entry.encode(), self.identity.key)
        hashed = entry_hash(seal)
        self.counters.set_slot(slot.model_copy(update={"seq": entry.slot_seq, "hash": hashed}))
        if case and link:
            self.counters.set_case(case, Link(seq=link.seq + 1, hash=hashed))
        self.emits.append(Emit(LEDGER, (case or "slot").encode(), seal.encode()))
        return seal

    def deliver(self, inbox: Slug, subject: Subject, value: bytes, jws: bytes, seal: str) -> None:
        """Put a message with its seal into an inbox. Raises TooLarge before anything of it is written."""
        if len(value) + len(seal) + len(jws) > MAX_INBOX:
            raise TooLarge(f"{inbox}.inbox: {len(value) + len(seal) + len(jws)} bytes, {MAX_INBOX} allowed")
        trace = () if self.trace is None else ((HEADER, str(self.trace).encode()),)
        headers = (("jws", jws), ("seal", seal.encode()), ("content-type", CONTENT_TYPE.encode()), *trace)
        self.emits.append(Emit(f"{inbox}.inbox", subject.encode(), value, headers))

    def made(self, to: Slug, subject: Subject, body: Body, *cause: str) -> tuple[Event, bytes, bytes]:
        """A message of the gate itself, its bytes and its signature. `cause` makes its id."""
        event = Event(
            id=derived_id(subject, body.name, to, *cause),
            source=GATE,
            type=wire_type(body.name),
            subject=subject,
            time=self.now,
            data=Data(to=(to,), body=dump(body)),
        )
        value = event.encode()
        return event, value, sign_detached(value, self.identity.key).encode()

    def notify(self, to: Slug, subject: Subject, body: Body, *cause: str, chained: bool = True, **told: Any) -> str:
        """Say something to one organisation, with an entry for it alone, which also tells `told`; the seal."""
        event, value, jws = self.made(to, subject, body, *cause)
        seal = self.write(
            EntryKind.NOTICE,
            chained=chained,
            case=subject,
            actor=GATE,
            recipients=(to,),
            message=EntryMessage(source=GATE, id=event.id, type=body.name, hash=message_hash(value)),
            inbox=self.take((to,)),
            **told,
        )
        self.deliver(to, subject, value, jws, seal)
        return seal

    def checkpoint(self, inboxes: Iterable[Slug], subject: Subject, barrier: str | None) -> None:
        """Sign the end of this slot's chain: once for the ledger, and once for each inbox. `subject` is of this slot:
        where such a record is the first after a gap, the gap is told under its subject."""
        mark = Checkpoint(barrier=barrier)
        self.write(EntryKind.CHECKPOINT, actor=GATE, checkpoint=mark)
        for inbox in sorted(inboxes):
            self._checkpoint_to(inbox, subject, mark)
        head = self.counters.slot()
        self.counters.set_slot(SlotHead(seq=head.seq, hash=head.hash, checkpoint_seq=head.seq, checkpoint_at=self.now))

    def _checkpoint_to(self, inbox: Slug, subject: Subject, mark: Checkpoint) -> None:
        head = self.counters.slot()
        if head.hash is None:
            return
        body = CheckpointMade(slot=self.slot, slot_seq=head.seq, hash=head.hash, at=self.now, barrier=mark.barrier)
        event, value, jws = self.made(inbox, subject, body, str(head.seq))
        seal = self.write(
            EntryKind.CHECKPOINT,
            actor=GATE,
            recipients=(inbox,),
            message=EntryMessage(source=GATE, id=event.id, type=body.name, hash=message_hash(value)),
            inbox=self.take((inbox,)),
            checkpoint=mark,
        )
        self.deliver(inbox, subject, value, jws, seal)

    def quarantine(self, owner: Slug, key: bytes | None, value: bytes | None) -> None:
        """Keep what could not be read, for the operator, as long as content is kept; of a flood only the first."""
        if quarantine.takes(self.view, owner, len(value or b""), self.now):
            count("estafette_quarantined")
            self.emits.append(Emit(QUARANTINE, key or b"", value or b"", (("organisation", owner.encode()),)))


def counted(entry: Entry) -> None:
    """For the page /metrics. A decision that Kafka could not hold is counted, and the refusal in its place too."""
    count("estafette_decisions", entry.verdict or "")
    for reason in entry.reasons:
        count("estafette_refusals", reason.code)
