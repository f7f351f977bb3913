"""A small gate that writes entries as the real one does: numbered, chained and signed, with the seals others hold."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.base import Slug, Subject
from schemas.entry import (
    Checkpoint,
    Entry,
    EntryBasis,
    EntryKind,
    EntryMessage,
    EntrySection,
    InboxSequence,
    Verdict,
    entry_hash,
)
from schemas.refusal import Mend, Reason, Refusal
from services.ledger.chain import concerned, read_entry
from services.runtime.jose import PublicKey, SigningKey, sign_compact

GATE = "gate"
EPOCH = "11111111-1111-4111-8111-111111111111"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
GATE_KEY = SigningKey.generate("gate.sign.test")


def case(number: int) -> Subject:
    return f"case:{uuid.UUID(int=number, version=4)}"


@dataclass
class Slot:
    seq: int = 0
    hash: str | None = None
    sequences: dict[Slug, int] = field(default_factory=dict)


@dataclass
class SmallGate:
    """Writes a ledger of several slots. A subject's slot is given by the test, as the partition of its key would be."""

    key: SigningKey = GATE_KEY
    epoch: str = EPOCH
    now: datetime = START
    lines: list[tuple[int, str]] = field(default_factory=list)  # (slot, seal) in the order they were written
    held: dict[Slug, list[str]] = field(default_factory=dict)
    slots: dict[int, Slot] = field(default_factory=dict)
    cases: dict[Subject, tuple[int, str]] = field(default_factory=dict)

    def write(self, slot: int, kind: EntryKind, inboxes: tuple[Slug, ...] = (), **fields: Any) -> str:
        chain = self.slots.setdefault(slot, Slot())
        chained, subject = fields.pop("chained", kind is EntryKind.MESSAGE), fields.get("case")
        seq, previous = self.cases.get(subject, (0, None)) if subject else (0, None)
        for inbox in inboxes:
            chain.sequences[inbox] = chain.sequences.get(inbox, 0) + 1
        entry = Entry(
            epoch=self.epoch,
            slot=slot,
            slot_seq=chain.seq + 1,
            slot_previous=chain.hash,
            case_seq=seq + 1 if chained and subject else None,
            case_previous=previous if chained and subject else None,
            at=self.now,
            kind=kind,
            inbox=tuple(InboxSequence(inbox=i, sequence=chain.sequences[i]) for i in inboxes),
            rules="test-1",
            directory=1,
            **fields,
        )
        seal = sign_compact(entry.encode(), self.key)
        chain.seq, chain.hash = entry.slot_seq, entry_hash(seal)
        if entry.case and entry.case_seq is not None:
            self.cases[entry.case] = (entry.case_seq, entry_hash(seal))
        self.lines.append((slot, seal))
        for inbox in inboxes:
            self.held.setdefault(inbox, []).append(seal)
        self.now += timedelta(seconds=1)
        return seal

    def delivered(
        self, slot: int, subject: Subject, actor: Slug, to: Slug, sections: tuple[EntrySection, ...] = (), **fields: Any
    ) -> str:
        fields = {"name": "handovers.proposed", "ref": "pro-1", **fields}
        return self.write(
            slot,
            EntryKind.MESSAGE,
            inboxes=(to, actor),
            case=subject,
            actor=actor,
            actor_ref=fields.pop("ref"),
            recipients=(to,),
            message=message(actor, fields.pop("name")),
            sections=sections,
            verdict=Verdict.DELIVERED,
            **fields,
        )

    def refused(
        self, slot: int, subject: Subject, actor: Slug, to: Slug, reason: Reason, chained: bool = True, **fields: Any
    ) -> str:
        return self.write(
            slot,
            EntryKind.MESSAGE,
            inboxes=(actor,),
            chained=chained,
            case=subject,
            actor=actor,
            actor_ref="pro-1",
            recipients=(to,),
            message=message(actor, "handovers.proposed"),
            verdict=Verdict.REFUSED,
            reasons=(reason,),
            **fields,
        )

    def checkpoint(self, slot: int, inboxes: tuple[Slug, ...] = (), barrier: str | None = None) -> str:
        mark = Checkpoint(barrier=barrier)
        seal = self.write(slot, EntryKind.CHECKPOINT, actor=GATE, checkpoint=mark)
        for inbox in inboxes:
            self.write(slot, EntryKind.CHECKPOINT, (inbox,), actor=GATE, recipients=(inbox,), checkpoint=mark)
        return seal

    def export(self) -> list[str]:
        """The ledger as it is exported: slot after slot."""
        return [seal for _, seal in sorted(self.lines, key=lambda line: line[0])]

    @property
    def public(self) -> list[PublicKey]:
        return [self.key.public()]

    def resolve(self, kid: str) -> PublicKey | None:
        return self.key.public() if kid == self.key.kid else None


def message(source: Slug, name: str) -> EntryMessage:
    return EntryMessage(source=source, id=str(uuid.uuid4()), type=name, hash=uuid.uuid4().hex * 2)


def section(category: str = "STORY", person: str = "child-1", secrecy: str = "CONSENT") -> EntrySection:
    basis = EntryBasis(person=person, secrecy=secrecy, gdpr="6.1.e")
    return EntrySection(
        item=str(uuid.uuid4()), category=category, about=(person,), digest=uuid.uuid4().hex * 2, bases=(basis,)
    )


NO_CONSENT = Reason(
    code=Refusal.CONSENT_INCOMPLETE,
    person="child-1",
    missing=("parent-1",),
    law="Jeugdwet 7.3.11",
    mend=(Mend.ASK_CONSENT,),
)


def story() -> SmallGate:
    """Two families in two slots: letters, a refusal, checkpoints."""
    gate = SmallGate()
    gate.delivered(0, case(1), "team-a", "team-b", (section(),))
    gate.delivered(1, case(2), "team-b", "team-c", (section("HEALTH", "child-9", "G8"),))
    gate.refused(0, case(1), "team-a", "team-c", NO_CONSENT, sections=(section("HEALTH"),))
    gate.delivered(0, case(1), "team-b", "team-a", name="handovers.accepted")
    gate.checkpoint(0, ("team-a", "team-b", "team-c"), "000000000001")
    gate.checkpoint(1, ("team-a", "team-b", "team-c"), "000000000001")
    gate.delivered(1, case(2), "team-c", "team-b", name="handovers.questioned")
    gate.delivered(0, case(3), "team-a", "team-b", (section("SAFETY", "child-5", "G10"),))
    return gate


class Kit:
    """What the tests use, in one fixture: test folders are no packages and cannot import each other."""

    SmallGate = SmallGate
    NO_CONSENT = NO_CONSENT
    EPOCH = EPOCH
    START = START
    case = staticmethod(case)
    section = staticmethod(section)
    message = staticmethod(message)
    story = staticmethod(story)

    @staticmethod
    def message_of(seal: str, gate: Any) -> str:
        message = read_entry(seal, gate.resolve).message
        return message.id if message else ""

    @staticmethod
    def concerned(seal: str, gate: Any) -> frozenset[Slug]:
        return concerned(read_entry(seal, gate.resolve))


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit
