"""Writes who looked to the topic `ledger.reads`, partition 0, before the answer is given."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.ledger.looks import Asked, Look, look_hash
from services.runtime.kafka import KafkaSettings, started
from services.runtime.tokens import Caller

TOPIC: Final = "ledger.reads"
PARTITION: Final = TopicPartition(TOPIC, 0)
SECONDS: Final = 10.0
"""How long Kafka may take to confirm a look; after that the question is not answered."""

log = structlog.get_logger(__name__)


class LookNotWrittenError(Exception):
    """Kafka did not confirm that the look was written: the question may not be answered."""


class Looks(Protocol):
    """Where looks are written."""

    async def write(self, caller: Caller, asked: Asked, allowed: bool) -> None:
        """Return when the look is safe. Raises LookNotWrittenError."""


class RememberedLooks:
    """Keeps looks in memory, for tests of what asks. `fails` makes it refuse."""

    def __init__(self) -> None:
        self.written: list[tuple[Caller, Asked, bool]] = []
        self.fails = False

    async def write(self, caller: Caller, asked: Asked, allowed: bool) -> None:
        if self.fails:
            raise LookNotWrittenError
        self.written.append((caller, asked, allowed))


class LookLog:
    """Writes looks to Kafka, one after another."""

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
        self._head = (look.seq, look_hash(value))

    async def _abandon(self) -> None:
        """Whether the last record was written is unknown: drop the producer, and read the end anew next time."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(SECONDS):
                    await producer.stop()
            except Exception:  # it is dropped either way; the next look makes a new one
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
            return Look.model_validate_json(record.value, extra="ignore").seq, look_hash(record.value)
        finally:
            await consumer.stop()
