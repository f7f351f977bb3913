"""Stores what comes in: raw bytes and seal, the place in the inbox, and what follows from it, in one transaction.

Storing is idempotent on (epoch, partition, sequence), so records may be read again after a crash.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import care, service
from schemas.event import message_hash
from schemas.service import GATE, OVERSIGHT
from services.organisation import tables as t
from services.organisation import tracing
from services.organisation.author import Author, Outgoing
from services.organisation.deliveries import Checker, Delivery, Reason, Unplaced
from services.organisation.projection import apply
from services.organisation.resending import Resender
from services.organisation.sections import open_letter
from services.runtime import telemetry
from services.runtime.faust_app import Incoming
from services.runtime.jose import SealingKey
from services.runtime.sql import insert_new, reading, upsert
from services.runtime.subjects import of_slot

MISSING_IN_ONE = 1000
"""Sequences that one `receipts.missing` can name."""
CONTROL = frozenset({care.DossierOpened.name, care.DossierRejected.name})
HOLES = frozenset({Reason.MALFORMED, Reason.SIGNATURE_FORGED, Reason.WRONG_SOURCE, Reason.HASH, Reason.OTHER_MESSAGE})
"""What could not be read counts as not received: its sender is asked to send it again."""

UNSENT = sa.select(sa.func.min(t.sent.c.position)).where(
    t.sent.c.automatic, t.sent.c.published_at.is_(None), t.sent.c.status == "queued"
)
"""The first message that this edge made by itself and that is not with Kafka yet."""

Apply = Callable[[AsyncConnection, Delivery], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Progress:
    """How far one partition of the inbox is stored. Mutable: lives for one transaction."""

    epoch: str
    partition: int
    highest: int = 0
    contiguous: int = 0
    receipted: int = 0
    at: datetime | None = None
    barrier: str | None = None
    barrier_mark: int = 0
    barrier_passed: str | None = None
    queued: bool = False
    """Whether this transaction gave the publisher something to do; the only field that is not stored."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes in the records of one organisation's inbox. `refresh` reads the directory to its end, `wake` is
    called when there may be something to publish, `news` is set when a receipt may be due."""

    checker: Checker
    refresh: Callable[[], Awaitable[None]]
    engine: AsyncEngine
    author: Author
    keys: Iterable[SealingKey]
    resender: Resender
    wake: Callable[[], None]
    news: asyncio.Event

    async def take(self, records: Sequence[Incoming]) -> None:
        """Store a batch in one transaction. Raises SQLAlchemyError when the database fails: nothing was stored then."""
        checked = [await self._checked(record) for record in records]
        with tracing.storing(self.checker.slug, checked):
            try:
                queued = await self._take(checked, self._apply)
            except SQLAlchemyError:
                raise
            except Exception:  # one record cannot be applied: once more, each on its own, to find and mark it
                queued = await self._take(checked, self._apply_alone)
        self.news.set()
        if queued:
            self.wake()

    async def _take(self, checked: Sequence[Delivery | Unplaced], apply_: Apply) -> bool:
        """Whether the publisher has something to do."""
        async with self.engine.begin() as connection:
            partitions = sorted({each.record.partition for each in checked})
            progress = {p: await self.progress(connection, p) for p in partitions}
            for each in checked:
                if isinstance(each, Unplaced):
                    await self._reject(connection, each.record, each.reason)
            for delivery in await self._new(connection, [d for d in checked if isinstance(d, Delivery)], progress):
                with telemetry.within(tracing.place(self.checker.slug, delivery.event.id if delivery.event else "")):
                    await self._follow(connection, delivery, progress[delivery.partition], apply_)
            for each_progress in progress.values():
                await self._advance(connection, each_progress)
        return any(each_progress.queued for each_progress in progress.values())

    async def _new(
        self, connection: AsyncConnection, deliveries: Sequence[Delivery], progress: Mapping[int, Progress]
    ) -> list[Delivery]:
        """Store those that are not there yet. The same record read again changes nothing; another one in a taken place
        is no delivery of this ledger. No place is taken beyond the highest stored."""
        held = await self._held(connection, [d for d in deliveries if d.sequence <= progress[d.partition].highest])
        new = []
        for delivery in deliveries:
            place = (delivery.partition, delivery.sequence)
            if place not in held:
                held[place] = delivery.entry_hash
                new.append(delivery)
            elif held[place] != delivery.entry_hash:
                await self._reject(connection, delivery.record, Reason.SEQUENCE_REUSED)
        if new:
            await connection.execute(sa.insert(t.inbox), [self._row(delivery) for delivery in new])
        return new

    async def _held(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> dict[tuple[int, int], str]:
        """The entry hashes of what has these places already."""
        found: dict[tuple[int, int], str] = {}
        place = t.inbox.c
        for partition in {delivery.partition for delivery in deliveries}:
            sequences = [d.sequence for d in deliveries if d.partition == partition]
            query = sa.select(place.sequence, place.entry_hash).where(
                place.epoch == self.checker.epoch, place.partition == partition, place.sequence.in_(sequences)
            )
            found |= {(partition, row.sequence): row.entry_hash for row in (await connection.execute(query)).all()}
        return found

    async def progress(self, connection: AsyncConnection, partition: int) -> Progress:
        query = (
            sa.select(t.positions)
            .where(t.positions.c.epoch == self.checker.epoch, t.positions.c.partition == partition)
            .with_for_update()
        )
        row = (await connection.execute(query)).mappings().first()
        return Progress(**row) if row is not None else Progress(self.checker.epoch, partition)

    async def _checked(self, record: Incoming) -> Delivery | Unplaced:
        checked = self.checker.check(record)
        if self.checker.needs_directory(checked):
            await self.refresh()
            checked = self.checker.check(record)
        return checked

    async def _reject(self, connection: AsyncConnection, record: Incoming, reason: Reason) -> None:
        value = record.value or b""
        row = {
            "epoch": self.checker.epoch,
            "partition": record.partition,
            "offset": record.offset,
            "reason": reason,
            "hash": message_hash(value),
            "value": value,
            "received_at": self.author.clock.now(),
        }
        if await insert_new(connection, t.rejected, row):
            log.error("record rejected", partition=record.partition, offset=record.offset, reason=reason)

    async def _follow(self, connection: AsyncConnection, delivery: Delivery, progress: Progress, apply_: Apply) -> None:
        """What a delivery that was just stored brings about."""
        if delivery.sequence > progress.highest + 1:
            await self._missing(connection, delivery, range(progress.highest + 1, delivery.sequence), progress)
        if delivery.reason in HOLES:
            await self._missing(connection, delivery, range(delivery.sequence, delivery.sequence + 1), progress)
        progress.highest = max(progress.highest, delivery.sequence)
        if delivery.sequence == progress.contiguous + 1 and delivery.reason not in HOLES:
            progress.contiguous = delivery.sequence
        if delivery.reason is not None:
            place = {"partition": delivery.partition, "sequence": delivery.sequence}
            log.error("message rejected", **place, reason=delivery.reason)
            return
        await apply_(connection, delivery)
        await self._check_sections(connection, delivery, progress)
        if isinstance(delivery.body, service.ResendDue):
            letter = await self.resender.again(connection, delivery.body)
            if letter is not None:
                await _queue(connection, letter, progress)
        if isinstance(delivery.body, service.CheckpointMade):
            await self._checkpoint(connection, delivery.body, progress)

    async def _apply(self, connection: AsyncConnection, delivery: Delivery) -> None:
        await apply(connection, self.checker.slug, delivery)

    async def _apply_alone(self, connection: AsyncConnection, delivery: Delivery) -> None:
        """A fault of this program in one record must not stop the inbox: the record is kept and marked."""
        try:
            async with connection.begin_nested():
                await apply(connection, self.checker.slug, delivery)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.error("INTERNAL_ERROR", partition=delivery.partition, sequence=delivery.sequence, exc_info=error)
            changed = {"state": "rejected", "reason": Reason.INTERNAL_ERROR}
            await connection.execute(sa.update(t.inbox).where(*self._at(delivery)).values(**changed))

    async def _check_sections(self, connection: AsyncConnection, delivery: Delivery, progress: Progress) -> None:
        """Each section is opened once by machine: a letter that cannot be read is known while it can be mended."""
        event = delivery.event
        if event is None or event.data.manifest is None or not _of_a_party(delivery):
            return
        for opened in open_letter(event, self.checker.slug, self.keys):
            if opened.fault is None:
                continue
            log.error("section rejected", message=event.id, item=opened.section.item, reason=opened.fault)
            body = care.DossierRejected(message=event.id, item=opened.section.item, reason=opened.fault.value)
            rejected = self.author.write(event.subject, body, to=(event.source,), automatic=True)
            await _queue(connection, rejected, progress)

    async def _missing(self, connection: AsyncConnection, delivery: Delivery, hole: range, progress: Progress) -> None:
        """What shows the hole may be about another slot, where somebody wrote into the wrong one; this is not."""
        subject = of_slot(delivery.partition, self.author.slots, self.checker.epoch)
        log.error("inbox gap", partition=delivery.partition, first=hole.start, last=hole.stop - 1)
        for start in range(hole.start, hole.stop, MISSING_IN_ONE):
            sequences = tuple(range(start, min(start + MISSING_IN_ONE, hole.stop)))
            body = service.ReceiptMissing(partition=delivery.partition, sequences=sequences)
            await _queue(connection, self.author.write(subject, body, automatic=True), progress)

    async def _checkpoint(self, connection: AsyncConnection, body: service.CheckpointMade, progress: Progress) -> None:
        progress.at = body.at
        self.author.clock.advance(body.at)
        if body.barrier is None:
            return
        await self._contiguous(connection, progress)
        await self.receipt(connection, progress)
        progress.barrier = body.barrier
        if (await connection.execute(UNSENT)).scalar() is None:
            progress.barrier_passed = body.barrier
        else:  # the publisher confirms it
            last = (await connection.execute(sa.select(sa.func.max(t.sent.c.position)))).scalar()
            progress.barrier_mark, progress.queued = last or 0, True

    async def _advance(self, connection: AsyncConnection, progress: Progress) -> None:
        await self._contiguous(connection, progress)
        await self.save(connection, progress)

    async def save(self, connection: AsyncConnection, progress: Progress) -> None:
        await upsert(connection, t.positions, {c.name: getattr(progress, c.name) for c in t.positions.columns})

    async def _contiguous(self, connection: AsyncConnection, progress: Progress) -> None:
        """Advance over what is stored, or known to be lost; stop before the first hole."""
        if progress.contiguous >= progress.highest:
            return
        stored = sa.select(t.inbox.c.sequence).where(
            t.inbox.c.epoch == progress.epoch,
            t.inbox.c.partition == progress.partition,
            t.inbox.c.sequence > progress.contiguous,
            sa.or_(t.inbox.c.reason.is_(None), t.inbox.c.reason.not_in(HOLES)),
        )
        lost = sa.select(t.lost.c.sequence).where(
            t.lost.c.epoch == progress.epoch,
            t.lost.c.partition == progress.partition,
            t.lost.c.sequence > progress.contiguous,
        )
        either = sa.union(stored, lost).subquery()
        query = sa.select(either.c.sequence).order_by(either.c.sequence).limit(10_000)
        for (sequence,) in (await connection.execute(query)).all():
            if sequence != progress.contiguous + 1:
                break
            progress.contiguous = sequence

    async def due(self) -> list[int]:
        """The partitions that may need a receipt: asked without keeping a writer waiting."""
        place, stored = t.positions.c, t.inbox.c
        uncovered = sa.exists().where(
            stored.epoch == place.epoch,
            stored.partition == place.partition,
            stored.sequence > place.receipted,
            stored.sequence <= place.contiguous,
            stored.receipt,
        )
        query = sa.select(place.partition).where(place.epoch == self.checker.epoch, uncovered)
        async with reading(self.engine) as connection:
            return sorted((await connection.execute(query)).scalars())

    async def receipt(self, connection: AsyncConnection, progress: Progress) -> bool:
        """Queue a receipt when something of another party is safely stored that no receipt covers yet."""
        query = (
            sa.select(t.inbox.c.subject, t.inbox.c.id)
            .where(
                t.inbox.c.epoch == progress.epoch,
                t.inbox.c.partition == progress.partition,
                t.inbox.c.sequence > progress.receipted,
                t.inbox.c.sequence <= progress.contiguous,
                t.inbox.c.receipt,
            )
            .order_by(t.inbox.c.sequence.desc())
            .limit(1)
        )
        last = (await connection.execute(query)).first()
        if last is None:
            return False
        body = service.ReceiptStored(partition=progress.partition, up_to=progress.contiguous)
        with telemetry.within(tracing.place(self.checker.slug, last.id)):
            await _queue(connection, self.author.write(last.subject, body, automatic=True), progress)
        progress.receipted = progress.contiguous
        return True

    def _row(self, delivery: Delivery) -> dict[str, Any]:
        event, told = delivery.event, delivery.entry.message
        manifest = event.data.manifest if event else None
        return {
            "epoch": self.checker.epoch,
            "partition": delivery.partition,
            "sequence": delivery.sequence,
            "id": event.id if event else told.id if told else "unknown",
            "name": event.name if event else told.type if told else "unknown",
            "subject": _subject(delivery),
            "source": event.source if event else told.source if told else GATE,
            "at": delivery.entry.at,
            "received_at": self.author.clock.now(),
            "entry_hash": delivery.entry_hash,
            "state": "accepted" if delivery.reason is None else "rejected",
            "reason": delivery.reason,
            "letter": manifest is not None,
            "receipt": _of_a_party(delivery),
            "handover": event.data.body.get("handover") if event else None,
            "value": delivery.value,
            "jws": delivery.jws,
            "seal": delivery.seal,
        }

    def _at(self, delivery: Delivery) -> Iterable[Any]:
        place = t.inbox.c
        return (
            place.epoch == self.checker.epoch,
            place.partition == delivery.partition,
            place.sequence == delivery.sequence,
        )


def _subject(delivery: Delivery) -> str:
    if delivery.event is not None:
        return delivery.event.subject
    return delivery.entry.case or (delivery.record.key or b"").decode("ascii", "replace")[:64]


def _of_a_party(delivery: Delivery) -> bool:
    """Another organisation said it: not the gate, nor oversight."""
    return delivery.event is not None and delivery.event.source not in (GATE, OVERSIGHT)


async def _queue(connection: AsyncConnection, message: Outgoing, progress: Progress) -> None:
    await queue(connection, message)
    progress.queued = True


async def queue(connection: AsyncConnection, *messages: Outgoing) -> None:
    """Store messages for publication, in this order."""
    for message in messages:
        await connection.execute(sa.insert(t.sent).values(**message.row()))
        event = message.event
        tracing.remember(event.source, event.id, telemetry.current())
        log.info("queued", message=event.id, name=event.name, case=event.subject)
