"""Who takes part and which keys count: the directory as one party holds it, and the reader that keeps it up to date.

A record counts only when the organisation signed it with the identity key that this party pinned, and the operator,
pinned as well, confirmed that standing. Anything else changes nothing and is reported as DIRECTORY_CONFLICT.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import structlog
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import TypeAdapter, ValidationError

from schemas.agreements import kept
from schemas.base import Slug
from schemas.directory import (
    DIRECTORY_CONFLICT,
    TOPIC,
    DirectoryKey,
    DirectoryRecord,
    Fingerprint,
    KeyState,
    KeyUse,
    Membership,
    Organisation,
)
from services.runtime.conflicts import Conflict as Conflict
from services.runtime.conflicts import ConflictReason as ConflictReason
from services.runtime.jose import BadSignature, PublicKey, Resolve, verify_compact, verify_detached
from services.runtime.kafka import KafkaSettings, started

OPERATOR: Final = "operator"
"""The name under which the operator's identity key is pinned; no organisation may have it."""

Pins = Mapping[str, Fingerprint]
_SLUG: Final[TypeAdapter[str]] = TypeAdapter(Slug)
_PINS: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(dict[Slug, Fingerprint])

log = structlog.get_logger(__name__)


class Accepted(NamedTuple):
    """The record counts. `changed` is False when it repeats what was held."""

    slug: str
    revision: int
    changed: bool


class KeyedRecord(Protocol):
    """What the directory needs of a Kafka record; aiokafka's own and the relay's both fit."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class _Held(NamedTuple):
    text: str
    organisation: Organisation


class _Refused(Exception):
    def __init__(self, reason: ConflictReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Directory:
    """The accepted entries. Pure: time is an argument, nothing is read or written.

    `revision` is one more than the offset of the last accepted record, 0 for none: parties that read equally far and
    pinned alike name the same number. A lower version is refused only after a higher one was seen by this object.
    """

    def __init__(self, pins: Pins) -> None:
        self._pins = dict(pins)
        self._held: dict[str, _Held] = {}
        self._keys: dict[str, DirectoryKey] = {}
        self._signers: dict[str, PublicKey] = {}
        self._conflicts: dict[str, Conflict] = {}
        self._ended: dict[str, str] = {}
        self.revision = 0

    def apply(self, record: KeyedRecord) -> Accepted | Conflict:
        """Take in one record. Never raises, whatever it holds."""
        slug = _slug_of(record.key)
        try:
            entry = self._checked(slug, record.value)
            changed = self._accept(*entry)
        except _Refused as refused:
            conflict = Conflict(slug, record.offset, refused.reason)
            self._conflicts[slug] = conflict
            return conflict
        self._conflicts.pop(slug, None)
        self.revision = record.offset + 1
        return Accepted(slug, self.revision, changed)

    @property
    def organisations(self) -> Mapping[str, Organisation]:
        return {slug: held.organisation for slug, held in self._held.items()}

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The last conflict of each slug that no accepted record has followed."""
        return tuple(self._conflicts.values())

    def find(self, slug: str) -> Organisation | None:
        held = self._held.get(slug)
        return held.organisation if held else None

    def successions(self, at: datetime) -> Mapping[Slug, Slug]:
        """Who stands in for each organisation that has ended by `at`, to the end of the line (A -> B -> C: both -> C).

        Nobody stands in who is unknown here or of another kind, and nobody in a circle: such an entry changes nothing.
        """
        if not self._ended:
            return {}
        return {slug: last for slug in self._ended if (last := self._stands_in(slug, at)) != slug}

    def _stands_in(self, slug: str, at: datetime) -> str:
        now, passed = slug, {slug}
        while (following := self._successor(now, at)) is not None:
            if following in passed:
                return slug
            passed.add(following)
            now = following
        return now

    def _successor(self, slug: str, at: datetime) -> str | None:
        ended, new = self.find(slug), self.find(self._ended.get(slug, ""))
        if ended is None or new is None or ended.ended_at is None or at < ended.ended_at:
            return None
        return new.slug if (ended.kind, ended.subkind) == (new.kind, new.subkind) else None

    def ended_at(self, slug: str) -> datetime | None:
        """From when another stands in for it, if one ever does."""
        organisation = self.find(slug)
        return organisation.ended_at if organisation else None

    def text(self, slug: str) -> str | None:
        """The entry as it was signed."""
        held = self._held.get(slug)
        return held.text if held else None

    def owner(self, kid: str) -> str | None:
        """Whose key this is."""
        return kid.partition(".")[0] if kid in self._keys else None

    def key_state(self, kid: str, at: datetime) -> KeyState:
        """What a signing key is worth at `at`: why `key` finds nothing."""
        return self._keys[kid].state(at) if kid in self._signers else KeyState.UNKNOWN

    def key(self, kid: str, at: datetime) -> PublicKey | None:
        """The key to check a message with that arrived at `at`; None when unknown, expired or revoked."""
        signer = self._signers.get(kid)
        return signer if signer is not None and self._keys[kid].state(at) is KeyState.ACCEPTED else None

    def resolver(self, at: datetime) -> Resolve:
        """`key` at one moment, in the form the signature check takes."""
        return lambda kid: self.key(kid, at)

    def past_key(self, kid: str) -> PublicKey | None:
        """A signing key whatever its windows, to check the signature on what the gate's seal already dates."""
        return self._signers.get(kid)

    def sealed_key(self, kid: str, at: datetime) -> PublicKey | None:
        """The key to check with what the gate sealed at `at`, its own seal or the message under it."""
        signer = self._signers.get(kid)
        return signer if signer is not None and self._keys[kid].credible(at) else None

    def own_kids(self, slug: str, at: datetime) -> tuple[str, ...]:
        """The keys an organisation signs with at `at`, the newest first."""
        return tuple(key.kid for key in self._current(slug, KeyUse.SIGN, at))

    def own_kid(self, slug: str, at: datetime) -> str | None:
        """The key an organisation signs with at `at`: the newest in use."""
        return next(iter(self.own_kids(slug, at)), None)

    def sealing_key(self, slug: str, at: datetime) -> dict[str, str] | None:
        """The public JWK, with its key id, to seal to at `at`: the newest in use."""
        key = next(iter(self._current(slug, KeyUse.SEAL, at)), None)
        return {**key.jwk.model_dump(), "kid": key.kid} if key else None

    def _current(self, slug: str, use: KeyUse, at: datetime) -> list[DirectoryKey]:
        organisation = self.find(slug)
        keys = [key for key in organisation.keys_for(use) if key.in_use(at)] if organisation else []
        return sorted(keys, key=lambda key: (key.not_before, key.kid), reverse=True)

    def _checked(self, slug: str, value: bytes | None) -> _Held:
        if not slug or slug == OPERATOR:
            raise _Refused(ConflictReason.UNREADABLE)
        if value is None:
            raise _Refused(ConflictReason.REMOVED)
        record, organisation = _parsed(value)
        if organisation.slug != slug:
            raise _Refused(ConflictReason.OTHER_SLUG)
        identity = self._pins.get(slug)
        if identity is None:
            raise _Refused(ConflictReason.NOT_PINNED)
        self._check_identity(record, organisation, identity)
        if self._membership(record) != organisation.membership(identity):
            raise _Refused(ConflictReason.STANDING)
        return _Held(record.entry, organisation)

    @staticmethod
    def _check_identity(record: DirectoryRecord, organisation: Organisation, identity: Fingerprint) -> None:
        pinned = {
            key.kid: _public(key)
            for key in organisation.keys_for(KeyUse.IDENTITY)
            if key.jwk.fingerprint == identity and key.revoked_at is None
        }
        try:
            verify_detached(record.entry.encode(), record.identity_jws, pinned.get)
        except BadSignature:
            raise _Refused(ConflictReason.IDENTITY) from None

    def _membership(self, record: DirectoryRecord) -> Membership:
        key = record.operator_key
        if key.fingerprint != self._pins.get(OPERATOR):
            raise _Refused(ConflictReason.MEMBERSHIP)
        try:
            text, _ = verify_compact(record.membership, lambda kid: PublicKey.from_jwk(key.model_dump(), kid))
            return Membership.model_validate_json(text)
        except (BadSignature, ValueError):
            raise _Refused(ConflictReason.MEMBERSHIP) from None

    def _accept(self, text: str, organisation: Organisation) -> bool:
        held = self._held.get(organisation.slug)
        if held is not None:
            if held.text == text:
                return False
            broken = broken_history(held.organisation, organisation)
            if broken is not None:
                raise _Refused(broken)
        self._held[organisation.slug] = _Held(text, organisation)
        if organisation.successor is not None:
            self._ended[organisation.slug] = organisation.successor
        for key in organisation.keys:
            self._keys[key.kid] = key
            if key.use is KeyUse.SIGN and key.kid not in self._signers:
                self._signers[key.kid] = _public(key)
        return True


def load_pins(path: Path) -> Pins:
    """The pinned identities from `pins.yaml`: slug (or `operator`) to fingerprint. Raises ValueError if malformed."""
    return _PINS.validate_python(yaml.safe_load(path.read_bytes()))


def _slug_of(key: bytes | None) -> str:
    try:
        return _SLUG.validate_python((key or b"").decode("ascii"))
    except ValueError:
        return ""


def _parsed(value: bytes) -> tuple[DirectoryRecord, Organisation]:
    try:
        record = DirectoryRecord.model_validate_json(value)
        return record, Organisation.model_validate_json(record.entry)
    except ValidationError:
        raise _Refused(ConflictReason.UNREADABLE) from None


def _public(key: DirectoryKey) -> PublicKey:
    return PublicKey.from_jwk(key.jwk.model_dump(), key.kid)


def broken_history(before: Organisation, after: Organisation) -> ConflictReason | None:
    """Why an entry cannot follow another of the same organisation; None when it can."""
    if after.version <= before.version:
        return ConflictReason.OLDER if after.version < before.version else ConflictReason.TWO_FACES
    there = {key.kid: key for key in after.keys}
    for key in before.keys:
        now = there.get(key.kid)
        if now is None or (now.use, now.jwk) != (key.use, key.jwk):
            return ConflictReason.KEY_LOST
        if key.revoked_at is not None and (now.revoked_at is None or now.revoked_at > key.revoked_at):
            return ConflictReason.KEY_LOST
    if before.successor is not None and (before.successor, before.ended_at) != (after.successor, after.ended_at):
        return ConflictReason.SUCCESSOR
    return None if kept(before.agreements, after.agreements) else ConflictReason.AGREEMENTS


class DirectoryReader:
    """Keeps a Directory equal to the topic: reads it to its end at `start`, then follows it in the background.

    One object a process; it joins no consumer group. `directory` may be read at any time after `start`. `accepted` is
    given every record that counts, e.g. to keep it for a start without Kafka.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        pins: Pins,
        report: Callable[[Conflict], None] | None = None,
        accepted: Callable[[KeyedRecord], None] | None = None,
    ) -> None:
        self.directory = Directory(pins)
        self._accepted = accepted
        self._kafka = kafka
        self._report = report
        self._partition = TopicPartition(TOPIC, 0)
        self._position = 0
        self._progress = asyncio.Condition()
        self._consumer: Any = None
        self._following: asyncio.Task[None] | None = None
        self._ended = False

    async def start(self, within: float = 60.0) -> None:
        """Connect and read to the end. Raises TimeoutError after `within` seconds: topic missing or forbidden."""
        consumer = AIOKafkaConsumer(
            **self._kafka.aiokafka(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        try:
            self._consumer = await started(consumer, within)
            consumer.assign([self._partition])
            self._following = asyncio.create_task(self._follow(), name="directory")
            await self.refresh(within)
        except BaseException:
            await self.stop()
            raise

    async def refresh(self, within: float = 30.0) -> None:
        """Return once everything that is in the topic now was taken in.

        Raises TimeoutError after `within` seconds, and whatever ended the following of the topic.
        """
        async with asyncio.timeout(within):
            end = (await self._consumer.end_offsets([self._partition]))[self._partition]
            async with self._progress:
                await self._progress.wait_for(lambda: self._position >= end or self._ended)
        if self._ended:
            await self.followed()

    async def followed(self) -> None:
        """Return when the reader was stopped; raise what ended it otherwise. A service ends with it."""
        if self._following is not None:
            await asyncio.wait([self._following])
            if not self._following.cancelled():
                self._following.result()

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self) -> None:
        try:
            await self._consumer.seek_to_beginning(self._partition)
            while True:
                await self._read()
        finally:
            self._ended = True
            async with self._progress:
                self._progress.notify_all()

    async def _read(self) -> None:
        batches = await self._consumer.getmany(self._partition, timeout_ms=1000)
        for record in batches.get(self._partition, ()):
            self._take(record)
        position = await self._consumer.position(self._partition)
        if position != self._position:
            async with self._progress:
                self._position = position
                self._progress.notify_all()

    def _take(self, record: KeyedRecord) -> None:
        result = self.directory.apply(record)
        if isinstance(result, Conflict):
            log.error(DIRECTORY_CONFLICT, organisation=result.slug, offset=result.offset, reason=result.reason)
            if self._report is not None:
                self._report(result)
        elif self._accepted is not None:
            self._accepted(record)
