"""Who looked: every question is written to the topic `ledger.reads` before it is answered.

The records form one chain in partition 0, each naming the SHA-256 of the one before. One ledger service writes it at a
time; two at once would give two records the same number, which `chain_of_looks` shows.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import ValidationError

from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject
from schemas.person import PersonRef
from services.runtime.kafka import KafkaSettings, started
from services.runtime.tokens import Caller, Role

TOPIC: Final = "ledger.reads"
PARTITION: Final = TopicPartition(TOPIC, 0)
SECONDS: Final = 10.0
"""How long Kafka may take to confirm a look; after that the question is not answered."""

log = structlog.get_logger(__name__)


class Question(StrEnum):
    """What was asked."""

    CASE = "CASE"
    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"
    ALERTS = "ALERTS"
    EXPORT = "EXPORT"


class Asked(Frozen):
    """One question with its limits."""

    question: Question
    case: Subject | None = None
    person: PersonRef | None = None
    organisation: Slug | None = None
    since: Instant | None = None
    until: Instant | None = None
    state: Code | None = None
    after: Code | None = None  # from which page on


class Look(Frozen):
    """Who asked what, when. `at` is the wall clock's, also where the chain runs on a simulated one."""

    seq: Count
    previous: Digest | None = None
    at: Instant
    organisation: Slug
    ref: Code
    role: Role
    allowed: bool  # False: the role does not let its holder ask this; nothing was answered
    asked: Asked


class LookNotWrittenError(Exception):
    """Kafka did not confirm that the look was written: the question may not be answered."""


class LookLog:
    """Writes looks, one after another."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._lock = asyncio.Lock()
        self._producer: Any = None
        self._head: tuple[int, str | None] = (0, None)

    async def start(self) -> None:
        """Connect and read the end of the chain. Raises KafkaError or TimeoutError."""
        self._head = await self._read_head()
        producer = AIOKafkaProducer(
            **self._kafka.aiokafka(), acks="all", enable_idempotence=True, request_timeout_ms=int(SECONDS * 1000)
        )
        self._producer = await started(producer, SECONDS)

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def write(self, caller: Caller, asked: Asked, allowed: bool) -> None:
        """Return when Kafka has the look. Raises LookNotWrittenError."""
        async with self._lock:
            try:
                async with asyncio.timeout(SECONDS):
                    await self._write(caller, asked, allowed)
            except Exception as error:
                log.exception("LOOK_NOT_WRITTEN", question=asked.question)
                await self._abandon()
                raise LookNotWrittenError from error

    async def _write(self, caller: Caller, asked: Asked, allowed: bool) -> None:
        if self._producer is None:
            await self.start()
        seq, previous = self._head
        look = Look(
            seq=seq + 1,
            previous=previous,
            at=datetime.now(UTC),
            organisation=caller.organisation,
            ref=caller.ref,
            role=caller.role,
            allowed=allowed,
            asked=asked,
        )
        value = look.model_dump_json(exclude_none=True).encode()
        key = f"{caller.organisation}/{caller.ref}".encode()
        await self._producer.send_and_wait(TOPIC, value, key=key, partition=PARTITION.partition)
        self._head = (look.seq, _hash(value))

    async def _abandon(self) -> None:
        """Whether the last record was written is unknown: drop the producer, and read the end anew next time."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(SECONDS):
                    await producer.stop()
            except Exception:
                log.exception("producer did not stop")

    async def _read_head(self) -> tuple[int, str | None]:
        consumer = await started(
            AIOKafkaConsumer(
                **self._kafka.aiokafka(), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
            ),
            SECONDS,
        )
        try:
            consumer.assign([PARTITION])
            first = (await consumer.beginning_offsets([PARTITION]))[PARTITION]
            end = (await consumer.end_offsets([PARTITION]))[PARTITION]
            if end <= first:
                return 0, None
            consumer.seek(PARTITION, end - 1)
            async with asyncio.timeout(SECONDS):
                record = await consumer.getone(PARTITION)
            return Look.model_validate_json(record.value, extra="ignore").seq, _hash(record.value)
        finally:
            await consumer.stop()


def chain_of_looks(values: Iterable[bytes]) -> Iterator[str]:
    """What is wrong in the chain of looks, in words; nothing when it is whole. The first may follow on expired ones."""
    seq: int | None = None
    last: str | None = None
    for number, value in enumerate(values, start=1):
        try:
            look = Look.model_validate_json(value, extra="ignore")
        except ValidationError:
            yield f"record {number} is not a look"
            continue
        if seq is not None and (look.seq, look.previous) != (seq + 1, last):
            yield f"record {number} (look {look.seq}) does not follow from look {seq}"
        seq, last = look.seq, _hash(value)


def _hash(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
