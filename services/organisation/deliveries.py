"""Checks a record of the inbox: nothing is believed without the gate's seal, nor a message without its signature."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from schemas.base import Slug
from schemas.body import Body
from schemas.entry import Entry, entry_hash
from schemas.event import Event, MalformedMessage, message_hash, strict_json
from schemas.service import GATE, VerdictGiven
from schemas.tables.messages import BODIES
from services.runtime.directory import Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import BadSignature, PublicKey, verify_compact, verify_detached


class Reason(StrEnum):
    """Why a record was stored as rejected. The first six: its seal is worth nothing, so it has no place either."""

    NO_SEAL = "NO_SEAL"
    SEAL_FORGED = "SEAL_FORGED"
    SEAL_UNREADABLE = "SEAL_UNREADABLE"
    OTHER_EPOCH = "OTHER_EPOCH"  # sealed for another birth of the cluster
    OTHER_SLOT = "OTHER_SLOT"  # sealed for another partition
    OTHER_INBOX = "OTHER_INBOX"  # sealed, but not for this organisation
    SEQUENCE_REUSED = "SEQUENCE_REUSED"  # another record has this place
    MALFORMED = "MALFORMED"
    SIGNATURE_FORGED = "SIGNATURE_FORGED"
    WRONG_SOURCE = "WRONG_SOURCE"  # signed by another than it says
    HASH = "HASH"  # not the bytes the gate decided on
    OTHER_MESSAGE = "OTHER_MESSAGE"  # not the message the entry names
    INTERNAL_ERROR = "INTERNAL_ERROR"  # this edge could not apply it


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A record whose seal is worth nothing."""

    record: Incoming
    reason: Reason


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record with its place in the inbox. `event` is None, with a `reason`, when the message itself is broken."""

    record: Incoming
    entry: Entry
    seal: str
    entry_hash: str
    sequence: int
    event: Event | None = field(default=None, repr=False)
    body: Body | None = field(default=None, repr=False)  # None also for a name this version does not know
    reason: Reason | None = None

    @property
    def partition(self) -> int:
        return self.record.partition

    @property
    def value(self) -> bytes:
        return self.record.value or b""

    @property
    def jws(self) -> str:
        return dict(self.record.headers).get("jws", b"").decode("ascii", "replace")


class _Broken(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks records for one organisation on one cluster. `directory` is asked anew each time: it grows."""

    slug: Slug
    epoch: str
    directory: Callable[[], Directory]

    def check(self, record: Incoming) -> Delivery | Unplaced:
        """Never raises, whatever the record holds."""
        try:
            entry, seal, sequence = self._seal(record)
        except _Broken as broken:
            return Unplaced(record, broken.reason)
        hashed = entry_hash(seal)
        try:
            event, body = self._message(record, entry)
        except _Broken as broken:
            return Delivery(record, entry, seal, hashed, sequence, reason=broken.reason)
        return Delivery(record, entry, seal, hashed, sequence, event, body)

    def needs_directory(self, checked: Delivery | Unplaced) -> bool:
        """Whether an entry of the directory that this edge did not read yet may be what is missing."""
        return checked.reason in (Reason.SEAL_FORGED, Reason.SIGNATURE_FORGED)

    def _seal(self, record: Incoming) -> tuple[Entry, str, int]:
        seal = dict(record.headers).get("seal")
        if not seal:
            raise _Broken(Reason.NO_SEAL)
        try:
            text, kid = verify_compact(seal, self._key_of(GATE))
        except BadSignature:
            raise _Broken(Reason.SEAL_FORGED) from None
        try:
            entry = Entry.model_validate(strict_json(text), extra="ignore")
        except (MalformedMessage, ValidationError):
            raise _Broken(Reason.SEAL_UNREADABLE) from None
        if self.directory().sealed_key(kid, entry.at) is None:
            raise _Broken(Reason.SEAL_FORGED)
        return entry, seal.decode("ascii"), self._place(record, entry)

    def _place(self, record: Incoming, entry: Entry) -> int:
        if entry.epoch != self.epoch:
            raise _Broken(Reason.OTHER_EPOCH)
        if entry.slot != record.partition:
            raise _Broken(Reason.OTHER_SLOT)
        sequence = next((each.sequence for each in entry.inbox if each.inbox == self.slug), None)
        if sequence is None:
            raise _Broken(Reason.OTHER_INBOX)
        return sequence

    def _message(self, record: Incoming, entry: Entry) -> tuple[Event, Body | None]:
        value = record.value or b""
        try:
            event = Event.model_validate(strict_json(value), extra="ignore")
        except (MalformedMessage, ValidationError):
            raise _Broken(Reason.MALFORMED) from None
        self._signature(value, dict(record.headers).get("jws", b""), event.source, entry.at)
        body = _body(event)
        _proven(event, body, value, entry)
        return event, body

    def _signature(self, value: bytes, jws: bytes, source: Slug, at: datetime) -> None:
        directory = self.directory()
        try:
            kid = verify_detached(value, jws, directory.past_key)
        except BadSignature:
            raise _Broken(Reason.SIGNATURE_FORGED) from None
        if directory.owner(kid) != source:
            raise _Broken(Reason.WRONG_SOURCE)
        if directory.sealed_key(kid, at) is None:
            raise _Broken(Reason.SIGNATURE_FORGED)

    def _key_of(self, owner: Slug) -> Callable[[str], PublicKey | None]:
        directory = self.directory()
        return lambda kid: directory.past_key(kid) if directory.owner(kid) == owner else None


def _body(event: Event) -> Body | None:
    known = BODIES.get(event.name)
    if known is None:
        return None
    try:
        return known.model_validate(event.data.body, extra="ignore")
    except ValidationError:
        raise _Broken(Reason.MALFORMED) from None


def _proven(event: Event, body: Body | None, value: bytes, entry: Entry) -> None:
    """A verdict carries the entry of the decision itself; everything else the entry that names these very bytes."""
    told = entry.message
    if told is None:
        raise _Broken(Reason.OTHER_MESSAGE)
    if isinstance(body, VerdictGiven) and event.source == GATE and told == body.message:
        if entry.verdict != body.verdict:
            raise _Broken(Reason.OTHER_MESSAGE)
        return
    if told.hash != message_hash(value):
        raise _Broken(Reason.HASH)
    if (told.source, told.id, told.type) != (event.source, event.id, event.name):
        raise _Broken(Reason.OTHER_MESSAGE)
