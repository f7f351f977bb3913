"""The ledger entry: one signed line for every decision of the gate. The same bytes are the seal on the delivery.

An entry is a compact JWS (alg Ed25519, kid = a gate key); its hash is SHA-256 of exactly those bytes. Each names the
hash of the previous entry of its slot and of its case, so an entry left out or altered breaks both chains.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject, Uuid
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Category
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.refusal import Flag, Reason


class Verdict(StrEnum):
    """What the gate decided."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    DUPLICATE = "DUPLICATE"


class EntryKind(StrEnum):
    """What an entry records."""

    MESSAGE = "MESSAGE"  # a decision on a message of an organisation
    NOTICE = "NOTICE"  # a message the gate itself made, for one recipient
    CHECKPOINT = "CHECKPOINT"
    DRY_RUNS = "DRY_RUNS"  # how many were asked, by professional and hour
    LOG_GAP = "LOG_GAP"  # records that expired unread


class EntryMessage(Frozen):
    """Which message: who made it, its id, its type (without the wire prefix) and SHA-256 of the exact bytes."""

    source: Code
    id: Code
    type: Code
    hash: Digest


class EntryBasis(Frozen):
    """The basis on which one person's data in a section were let through."""

    person: PersonRef
    secrecy: Code
    gdpr: Code
    special: Code | None = None  # of health and criminal data, where the sender stated it (GDPR art. 9 and 10)
    statements: Annotated[tuple[Uuid, ...], Field(max_length=16)] = ()  # the consent statements it stood on


class EntrySection(Frozen):
    """One section of the manifest as it stood, without content: of a refused letter too, as what was attempted."""

    item: Uuid
    category: Category
    about: tuple[PersonRef, ...] = ()
    digest: Digest
    bases: tuple[EntryBasis, ...] = ()


class InboxSequence(Frozen):
    """The place of a record in one organisation's inbox partition (= the slot), counted from 1 without a hole."""

    inbox: Slug
    sequence: Count


class Checkpoint(Frozen):
    """The signed end of a slot's chain at one moment, made for one recipient: a ledger cut off after it shows.

    `barrier` names a step of a player on a simulated clock (12 digits; a later barrier is a greater text).
    """

    barrier: Code | None = None


class LogGap(Frozen):
    """Offsets that could no longer be read: from (included) to (excluded)."""

    topic: Code
    lost_from: Count
    lost_to: Count


class EntryHandover(Frozen):
    """Where a handover stands after this decision: edges and views follow it without knowing the rules."""

    id: Uuid
    kind: HandoverKind
    state: HandoverState
    sender: Slug
    receiver: Slug


class EntryRegie(Frozen):
    """Regie moved in this very decision. None as holder: the case was not open."""

    holder_before: Slug | None = None
    holder_after: Slug | None = None


class Resend(Frozen):
    """A letter sealed and sent again because the first delivery never arrived. It closes the hole at `sequence`."""

    message: Uuid
    sequence: Count
    inbox: Slug | None = None  # whose inbox has the hole, when not the recipient's own: that of one it succeeded


class Caution(Frozen):
    """What whoever sees this case must beware of, so that nobody is told or found by way of the broker itself."""

    unsafe: Annotated[tuple[PersonRef, ...], Field(max_length=64)] = ()
    """Nothing may lead anyone to ask or inform these persons (Jeugdwet 7.3.11(3), 7.3.15(4); D#125)."""
    address_secret: bool = False
    """Someone lives at a secret address: persons are told kinds of organisations, never which (Wmo 2015 5.3.2(4))."""


class EntryContact(Frozen):
    """The family's fixed contact, whoever leads, and how often it had another before."""

    organisation: Slug
    ref: Code
    function: Code
    changes: Count = 0


class Entry(Frozen):
    """One decision. No name, no content, no birth date."""

    epoch: Uuid  # of the cluster's birth: a ledger begun anew is another ledger
    slot: Count
    slot_seq: Count
    slot_previous: Digest | None = None  # None only at slot_seq 1
    case: Subject | None = None
    case_seq: Count | None = None
    case_previous: Digest | None = None  # None only at case_seq 1
    at: Instant  # decision time of the slot
    claimed_at: Instant | None = None  # what the sender wrote
    kind: EntryKind
    actor: Slug | None = None
    actor_ref: Code | None = None  # the professional, by ref
    second_ref: Code | None = None
    acting_under: OrganisationKind | None = None
    recipients: tuple[Slug, ...] = ()
    purpose: Code | None = None
    message: EntryMessage | None = None
    regards: Uuid | None = None  # the earlier message this one is about: the letter that was opened, the alert taken up
    sections: tuple[EntrySection, ...] = ()
    verdict: Verdict | None = None
    reasons: tuple[Reason, ...] = ()
    flags: tuple[Flag, ...] = ()
    handover: EntryHandover | None = None
    also: tuple[EntryHandover, ...] = ()  # other handovers that the same decision ended
    regie: EntryRegie | None = None
    holder: Slug | None = None  # who holds regie after a delivery in an open case, so that a newcomer knows
    contact: EntryContact | None = None  # of a delivery: the fixed contact, so that a newcomer knows
    caution: Caution | None = None  # of a delivery: what holds in the case from here on; absent when nothing does
    resends: Resend | None = None
    original: Digest | None = None  # of a DUPLICATE: the entry that decided the message first
    inbox: Annotated[tuple[InboxSequence, ...], Field(max_length=64)] = ()
    checkpoint: Checkpoint | None = None
    gap: LogGap | None = None
    count: Count | None = None  # of DRY_RUNS
    rules: Code  # the rule set that decided
    directory: Count  # the directory revision it was decided on
    keys: tuple[Code, ...] = ()  # key ids: the sender's signing key
    trace: Code | None = None

    @model_validator(mode="after")
    def _chains_start_at_one(self) -> Self:
        if (self.slot_seq == 1) != (self.slot_previous is None):
            raise ValueError("slot_previous is absent exactly at slot_seq 1")
        if self.case is None and (self.case_seq is not None or self.case_previous is not None):
            raise ValueError("a case chain needs a case")
        return self

    def encode(self) -> bytes:
        """The bytes to sign."""
        return self.model_dump_json(exclude_none=True, exclude_defaults=False).encode()


def entry_hash(seal: str | bytes) -> str:
    """Hash of an entry: SHA-256 over the compact JWS exactly as written."""
    return hashlib.sha256(seal.encode() if isinstance(seal, str) else seal).hexdigest()
