"""What an edge tells of itself: its alarms and its numbers. Counts only; no case and no person."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.organisation import tables as t
from services.organisation.deliveries import Reason
from services.runtime.metrics import Gauge

UNANSWERED = timedelta(seconds=60)
"""The gate answers within a second; after a minute without a word it has stalled, or cannot reach this edge."""


async def gauges(connection: AsyncConnection, epoch: str) -> list[Gauge]:
    """The numbers of one edge at this moment of the wall's clock."""
    now = datetime.now(UTC)
    unsent = await _waiting(connection, t.sent.c.published_at.is_(None), t.sent.c.queued_at)
    unanswered = await _waiting(connection, t.sent.c.published_at.is_not(None), t.sent.c.published_at)
    rejected = sa.select(sa.func.count()).select_from(t.rejected).where(t.rejected.c.epoch == epoch)
    marked = sa.select(sa.func.count()).select_from(t.inbox)
    marked = marked.where(t.inbox.c.epoch == epoch, t.inbox.c.state == "rejected")
    bad = [(await connection.execute(query)).scalar_one() for query in (rejected, marked)]
    return [
        Gauge("estafette_outbox_unsent", unsent[0]),
        Gauge("estafette_outbox_oldest_seconds", _age(unsent[1], now)),
        Gauge("estafette_outbox_unanswered", unanswered[0]),
        Gauge("estafette_outbox_unanswered_oldest_seconds", _age(unanswered[1], now)),
        Gauge("estafette_inbox_rejected", sum(bad)),
        *(Gauge("estafette_inbox_missing", n, (str(p),)) for p, n in (await missing(connection, epoch)).items()),
    ]


async def alarms(connection: AsyncConnection, epoch: str, reached: bool | None) -> list[str]:
    """What somebody must look at (docs/operations.md). `reached`: whether Kafka took what was last sent."""
    _, oldest = await _waiting(connection, t.sent.c.published_at.is_not(None), t.sent.c.published_at)
    found = []
    if oldest is not None and datetime.now(UTC) - oldest > UNANSWERED:
        found.append("GATE_STALLED")
    if reached is False:
        found.append("KAFKA_AWAY")
    if any((await missing(connection, epoch)).values()):
        found.append("INBOX_GAP")
    reused = sa.select(t.rejected.c.offset).where(t.rejected.c.reason == Reason.SEQUENCE_REUSED)
    if (await connection.execute(reused.where(t.rejected.c.epoch == epoch).limit(1))).first() is not None:
        found.append("LEDGER_FORKED")
    return found


async def missing(connection: AsyncConnection, epoch: str) -> dict[int, int]:
    """Deliveries of each partition that lie before the last one stored and never came."""
    later = (
        sa.select(sa.func.count())
        .select_from(t.inbox)
        .where(
            t.inbox.c.epoch == t.positions.c.epoch,
            t.inbox.c.partition == t.positions.c.partition,
            t.inbox.c.sequence > t.positions.c.contiguous,
        )
    )
    query = sa.select(
        t.positions.c.partition, t.positions.c.highest - t.positions.c.contiguous, later.scalar_subquery()
    ).where(t.positions.c.epoch == epoch)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return {partition: max(0, span - there) for partition, span, there in rows}


async def _waiting(
    connection: AsyncConnection, which: sa.ColumnElement[bool], since: sa.Column[Any]
) -> tuple[int, datetime | None]:
    query = sa.select(sa.func.count(), sa.func.min(since)).where(t.sent.c.status == "queued", which)
    number, oldest = (await connection.execute(query)).one()
    return number, oldest


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
