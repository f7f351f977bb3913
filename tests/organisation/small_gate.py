"""A gate in miniature for the tests of the edges: it judges nothing, and numbers, chains and signs as the real one."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.base import Slug, Subject, dump
from schemas.body import Body
from schemas.entry import Checkpoint, Entry, EntryKind, EntryMessage, InboxSequence, Verdict, entry_hash
from schemas.event import Data, Event, message_hash, parse_event, wire_type
from schemas.refusal import Reason
from schemas.service import CheckpointMade, VerdictGiven
from services.runtime.faust_app import Incoming
from services.runtime.jose import SigningKey, sign_compact, sign_detached
from services.runtime.subjects import of_slot, slot_of

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class SmallGate:
    """Its records are what an edge reads from its inbox. `now` is the decision time; tests move it."""

    home: Path
    slots: int = 4
    now: datetime = START
    sequences: dict[tuple[Slug, int], int] = field(default_factory=dict)
    chains: dict[int, tuple[int, str | None]] = field(default_factory=dict)
    offset: int = 0

    def __post_init__(self) -> None:
        self.key = SigningKey.from_file(self.home / "keys" / "gate" / "signing.jwk")
        self.epoch: str = json.loads((self.home / "cluster.json").read_text())["epoch"]

    def entry(self, slot: int, kind: EntryKind, inboxes: tuple[Slug, ...], **fields: Any) -> str:
        seq, previous = self.chains.get(slot, (0, None))
        told = {
            "epoch": self.epoch,
            "slot": slot,
            "slot_seq": seq + 1,
            "slot_previous": previous,
            "at": self.now,
            "kind": kind,
            "inbox": tuple(InboxSequence(inbox=i, sequence=self._next(i, slot)) for i in inboxes),
            "rules": "test",
            "directory": 1,
        }
        seal = sign_compact(Entry(**{**told, **fields}).encode(), self.key)
        self.chains[slot] = (seq + 1, entry_hash(seal))
        return seal

    def accept(self, value: bytes, jws: str, **fields: Any) -> dict[Slug, Incoming]:
        """Accept a message: what each recipient and the sender then find in their inboxes."""
        event = parse_event(value)
        slot = self._slot(event.subject)
        told = self.entry(
            slot,
            EntryKind.MESSAGE,
            (*event.data.to, event.source),
            case=event.subject if event.subject.startswith("case:") else None,
            actor=event.source,
            recipients=event.data.to,
            message=_message(event, value),
            verdict=Verdict.DELIVERED,
            **fields,
        )
        found = {to: self.record(to, event.subject, value, jws, told) for to in event.data.to}
        return {**found, event.source: self._verdict(event, value, Verdict.DELIVERED, (), told)}

    def refuse(self, value: bytes, *reasons: Reason) -> Incoming:
        """Refuse a message: the verdict its sender finds."""
        event = parse_event(value)
        told = self.entry(
            self._slot(event.subject),
            EntryKind.MESSAGE,
            (event.source,),
            case=event.subject,
            actor=event.source,
            message=_message(event, value),
            verdict=Verdict.REFUSED,
            reasons=reasons,
        )
        return self._verdict(event, value, Verdict.REFUSED, reasons, told)

    def dry_run(self, value: bytes, *reasons: Reason) -> Incoming:
        """The judgement on a dry run: a notice with an entry of its own."""
        event = parse_event(value)
        verdict = Verdict.REFUSED if reasons else Verdict.DELIVERED
        body = VerdictGiven(message=_message(event, value), verdict=verdict, reasons=reasons, dry_run=True)
        return self.notice(event.source, event.subject, body)

    def notice(self, to: Slug, subject: Subject, body: Body, **fields: Any) -> Incoming:
        """Something the gate itself says to one organisation."""
        made, value, jws = self.made(to, subject, body)
        told = {"case": subject if subject.startswith("case:") else None, **fields}
        kind = told.pop("kind", EntryKind.NOTICE)
        message = _message(made, value)
        seal = self.entry(self._slot(subject), kind, (to,), actor="gate", recipients=(to,), message=message, **told)
        return self.record(to, subject, value, jws, seal)

    def checkpoint(self, to: Slug, slot: int, barrier: str | None = None) -> Incoming:
        seq, last = self.chains.get(slot, (0, None))
        body = CheckpointMade(slot=slot, slot_seq=seq, hash=last or "0" * 64, at=self.now, barrier=barrier)
        subject = of_slot(slot, self.slots, self.epoch)
        return self.notice(
            to, subject, body, case=None, kind=EntryKind.CHECKPOINT, checkpoint=Checkpoint(barrier=barrier)
        )

    def made(self, to: Slug, subject: Subject, body: Body) -> tuple[Event, bytes, str]:
        data = Data(to=(to,), body=dump(body))
        event = Event(
            id=str(uuid.uuid4()), source="gate", type=wire_type(body.name), subject=subject, time=self.now, data=data
        )
        value = event.encode()
        return event, value, sign_detached(value, self.key)

    def record(self, to: Slug, subject: Subject, value: bytes, jws: str, seal: str) -> Incoming:
        self.offset += 1
        headers = (("jws", jws.encode()), ("seal", seal.encode()), ("content-type", b"application/cloudevents+json"))
        return Incoming(f"{to}.inbox", self._slot(subject), self.offset, subject.encode(), value, headers)

    def _verdict(
        self, event: Event, value: bytes, verdict: Verdict, reasons: tuple[Reason, ...], seal: str
    ) -> Incoming:
        body = VerdictGiven(message=_message(event, value), verdict=verdict, reasons=reasons)
        _, made, jws = self.made(event.source, event.subject, body)
        return self.record(event.source, event.subject, made, jws, seal)

    def _next(self, inbox: Slug, slot: int) -> int:
        self.sequences[inbox, slot] = self.sequences.get((inbox, slot), 0) + 1
        return self.sequences[inbox, slot]

    def _slot(self, subject: Subject) -> int:
        return slot_of(subject, self.slots)


def _message(event: Event, value: bytes) -> EntryMessage:
    return EntryMessage(source=event.source, id=event.id, type=event.name, hash=message_hash(value))


def with_header(record: Incoming, **headers: bytes) -> Incoming:
    """The record with other headers."""
    changed: Mapping[str, bytes] = {**dict(record.headers), **headers}
    return record._replace(headers=tuple(changed.items()))
