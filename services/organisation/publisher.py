"""Publishes what is queued, byte for byte, in order; and again when no verdict came. Publishing twice is harmless.

A message is marked as published after Kafka has acknowledged it, so a process that dies in between publishes it anew,
and the gate, which knows its id and hash, decides it once.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.event import CONTENT_TYPE, MAX_OUTBOX
from schemas.service import ReceiptMissing, ReceiptStored
from services.organisation import tables as t
from services.organisation import tracing
from services.organisation.intake import UNSENT, Intake
from services.runtime.kafka import KafkaSettings
from services.runtime.sql import reading

AGAIN_AFTER = timedelta(hours=1)
"""Without a verdict the same bytes are published again, after this time of the wall's clock."""
SEND_SECONDS = 30.0
"""A send that takes longer is given up with its producer: aiokafka can wait for ever."""
RECEIPT_SECONDS = 1.0
"""At most one receipt a partition in this time; a barrier, which only a simulated cluster has, does not wait for it."""
BATCH = 50
NEVER = 2**53
WITHOUT_VERDICT = (ReceiptStored.name, ReceiptMissing.name)
"""What the gate answers only when it refuses it. Published once: asking again each hour would win the sender time."""
_HEADROOM = 64 * 1024
_WAITS = sa.and_(
    t.positions.c.barrier.is_not(None), t.positions.c.barrier_passed.is_distinct_from(t.positions.c.barrier)
)
_UNCONFIRMED = sa.select(t.positions.c.partition).where(_WAITS).limit(1)
"""A barrier that was not passed yet."""

log = structlog.get_logger(__name__)


class Publisher:
    """One task that empties the queue. `wake` tells it that something was queued."""

    def __init__(self, slug: str, kafka: KafkaSettings, engine: AsyncEngine) -> None:
        self._slug = slug
        self._topic = f"{slug}.outbox"
        self._kafka = kafka
        self._engine = engine
        self._woken = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self.reached: bool | None = None
        """Whether Kafka took the last records; None while there was nothing to send."""

    def wake(self) -> None:
        self._woken.set()

    async def run(self, idle: float = 1.0) -> None:
        """Publish until cancelled. Kafka being away delays; a failing database is raised."""
        try:
            while True:
                self._woken.clear()
                try:
                    while await self.publish():
                        pass
                except (KafkaError, TimeoutError, OSError) as error:
                    self.reached = False
                    log.warning("outbox not reached", error=type(error).__name__)
                    await self._drop()
                await self._confirm()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(idle):
                        await self._woken.wait()
        finally:
            await self._drop()

    async def publish(self) -> int:
        """Publish one batch; how many messages that was."""
        async with reading(self._engine) as connection:
            rows = (await connection.execute(_due(datetime.now(UTC)))).all()
        if not rows:
            return 0
        async with asyncio.timeout(SEND_SECONDS):
            producer = await self._ready()
            steps = [tracing.publishing(self._slug, row.id, row.name) for row in rows]
            sent = [
                await producer.send(self._topic, **_record(row, tracing.header(step)))
                for row, step in zip(rows, steps, strict=True)
            ]
            await asyncio.gather(*sent)
            for step in steps:
                step.end()
        self.reached = True
        await self._mark([row.position for row in rows])
        return len(rows)

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self._kafka.aiokafka(),
                enable_idempotence=True,
                max_request_size=MAX_OUTBOX + _HEADROOM,
                request_timeout_ms=int(SEND_SECONDS * 1000),
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop(self) -> None:
        """A producer that failed once is not used again; what it still held is in the queue."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(5):
                    await producer.stop()

    async def _mark(self, positions: Sequence[int]) -> None:
        async with self._engine.begin() as connection:
            now = datetime.now(UTC)
            where = t.sent.c.position.in_(positions)
            await connection.execute(sa.update(t.sent).where(where).values(published_at=now))
            without_verdict = sa.and_(where, t.sent.c.name.in_(WITHOUT_VERDICT), t.sent.c.status == "queued")
            await connection.execute(sa.update(t.sent).where(without_verdict).values(status="sent"))
            await confirm(connection)

    async def _confirm(self) -> None:
        async with reading(self._engine) as connection:
            if (await connection.execute(_UNCONFIRMED)).first() is None:
                return
        async with self._engine.begin() as connection:
            await confirm(connection)


def _due(now: datetime) -> sa.Select[Any]:
    """What Kafka does not have yet, or the gate did not answer, in order."""
    waiting = sa.or_(t.sent.c.published_at.is_(None), t.sent.c.published_at < now - AGAIN_AFTER)
    columns = (
        t.sent.c.position,
        t.sent.c.id,
        t.sent.c.name,
        t.sent.c.subject,
        t.sent.c.partition,
        t.sent.c.value,
        t.sent.c.jws,
    )
    return sa.select(*columns).where(t.sent.c.status == "queued", waiting).order_by(t.sent.c.position).limit(BATCH)


def _record(row: sa.Row[Any], trace: list[tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "value": row.value,
        "key": row.subject.encode(),
        "partition": row.partition,
        "headers": [("jws", row.jws.encode()), ("content-type", CONTENT_TYPE.encode()), *trace],
    }


async def confirm(connection: AsyncConnection) -> None:
    """A barrier is passed when every message this edge made by itself before it is with Kafka."""
    first = (await connection.execute(UNSENT)).scalar()
    passed = t.positions.c.barrier_mark < (first or NEVER)
    await connection.execute(sa.update(t.positions).where(passed, _WAITS).values(barrier_passed=t.positions.c.barrier))


async def send_receipts(intake: Intake) -> None:
    """A receipt for each partition that has something new, at most one a second. Runs until cancelled."""
    intake.news.set()  # what was stored before the start
    while True:
        await intake.news.wait()
        intake.news.clear()
        if due := await intake.due():
            async with intake.engine.begin() as connection:
                for partition in due:
                    progress = await intake.progress(connection, partition)
                    if await intake.receipt(connection, progress):
                        await intake.save(connection, progress)
            intake.wake()
        await asyncio.sleep(RECEIPT_SECONDS)
