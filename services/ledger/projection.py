"""Kafka to SQL: every ledger entry, every alert and what is counted of every fact, once, however often it is read.

The chain is checked while it is read. What does not hold is kept as a fault and reported as an alarm; it never stops
the reading, because the rest of the ledger is evidence as well.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, Protocol

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.entry import Entry, EntryKind, entry_hash
from services.ledger import store
from services.ledger.alerts import BARRIER_KEY, AlertChange, UnusableAlert, barrier_of, read_alert, write_alert
from services.ledger.chain import Before, End, Fault, FaultCode, Signed, chain_faults, out_of_time, read_signed
from services.ledger.events import CountedFact, event_rows, read_fact
from services.ledger.rows import rows_of
from services.runtime.directory import Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import BadSignature, PublicKey
from services.runtime.sql import insert_new, upsert

LEDGER: Final = "ledger"
ALERTS: Final = "oversight.outbox"
FACTS: Final = "case.facts"
GATE: Final = "gate"

log = structlog.get_logger(__name__)


class DirectorySource(Protocol):
    """Where keys come from; the directory reader is one."""

    @property
    def directory(self) -> Directory: ...

    async def refresh(self) -> None: ...


class Projection:
    """Writes records into the read model. One object a process; `handle` is called for one batch after another."""

    def __init__(self, engine: AsyncEngine, epoch: str, source: DirectorySource) -> None:
        self._engine = engine
        self._epoch = epoch
        self._source = source

    async def handle(self, records: Sequence[Incoming]) -> None:
        """Take in one batch in one transaction. Records that were taken in before change nothing."""
        read = [self._read(record) for record in records]
        if any(isinstance(each, Fault) and each.code is FaultCode.NOT_AUTHENTIC for each in read):
            await self._source.refresh()  # the directory may have grown a key since it was read
            read = [self._read(record) for record in records]
        async with self._engine.begin() as connection:
            batch = _Batch(connection, self._epoch)
            for record, what in zip(records, read, strict=True):
                await batch.take(record, what.entry if isinstance(what, Signed) else what)
                if isinstance(what, Signed) and self._source.directory.sealed_key(what.kid, what.entry.at) is None:
                    batch.faults.append((record, out_of_time(*what)))
            await batch.write()
        for record, fault in batch.faults:
            log.error("LEDGER_FAULT", code=fault.code, topic=record.topic, slot=record.partition, seq=fault.seq)

    def _read(self, record: Incoming) -> Signed | AlertChange | CountedFact | Fault | None:
        """What a record says once its signature was checked; None when it says nothing to keep."""
        directory = self._source.directory
        try:
            if record.topic == FACTS:
                return read_fact(record.partition, record.value or b"")
            if record.topic == LEDGER:
                return read_signed(record.value or b"", lambda kid: gate_key(directory, kid))
            return None if record.key == BARRIER_KEY else read_alert(record, directory, self._epoch)
        except (BadSignature, UnusableAlert) as bad:
            return Fault(FaultCode.NOT_AUTHENTIC, record.partition, None, str(bad))
        except ValidationError:
            what = "a fact" if record.topic == FACTS else "a ledger entry"
            return Fault(FaultCode.UNREADABLE, record.partition, None, f"is not {what}")


def gate_key(directory: Directory, kid: str) -> PublicKey | None:
    """A key of the gate, past ones included: what they signed stays checkable, and is held against its date."""
    return directory.past_key(kid) if directory.owner(kid) == GATE else None


class _Batch:
    """One transaction: what is read is checked against the tables and against the batch itself."""

    def __init__(self, connection: AsyncConnection, epoch: str) -> None:
        self._connection = connection
        self._epoch = epoch
        self._rows: dict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
        self._slots: dict[int, dict[str, Any]] = {}
        self._cases: dict[str, End | None] = {}
        self._inboxes: dict[tuple[int, str], int] = {}
        self._hashes: dict[tuple[int, int], str] = {}
        self._alerts: list[AlertChange] = []
        self.faults: list[tuple[Incoming, Fault]] = []

    async def take(self, record: Incoming, read: Entry | AlertChange | CountedFact | Fault | None) -> None:
        if isinstance(read, Entry):
            await self._entry(record, read, (record.value or b"").decode("ascii"))
        elif isinstance(read, AlertChange):
            self._alerts.append(read)
        elif isinstance(read, CountedFact):
            await self._fact(read)
        elif read is not None:
            self.faults.append((record, read))
        elif record.key == BARRIER_KEY:
            await self._mark(record)

    async def write(self) -> None:
        for table in store.metadata.sorted_tables:
            await insert_new(self._connection, table, self._rows.get(table, ()))
        for row in self._slots.values():
            await upsert(self._connection, store.slots, row)
        for change in self._alerts:
            await write_alert(self._connection, change)
        await insert_new(self._connection, store.faults, self._fault_rows())

    async def _entry(self, record: Incoming, entry: Entry, jws: str) -> None:
        hashed = entry_hash(jws)
        slot = await self._slot(entry.slot)
        if entry.epoch != self._epoch:
            self._fault(record, FaultCode.OTHER_EPOCH, entry, "belongs to another ledger")
        elif entry.slot != record.partition:
            self._fault(record, FaultCode.WRONG_SLOT, entry, f"stands in partition {record.partition}")
        elif (known := await self._known(entry)) is not None:
            if known != hashed:
                self._fault(record, FaultCode.FORK, entry, "another entry was read at this place before")
        else:
            before = Before(_end(slot), await self._case(entry), await self._last_sequences(entry))
            self.faults.extend((record, fault) for fault in chain_faults(entry, before))
            self._keep(entry, hashed, jws, slot)

    async def _fact(self, counted: CountedFact) -> None:
        for table, row in event_rows(self._epoch, counted):
            self._rows[table].append(row)
        if counted.fact.barrier is not None:
            slot = await self._slot(counted.slot)
            slot["facts_barrier"] = max(slot["facts_barrier"] or "", counted.fact.barrier)

    def _keep(self, entry: Entry, hashed: str, jws: str, slot: dict[str, Any]) -> None:
        for table, row in rows_of(entry, hashed, jws):
            self._rows[table].append(row)
        self._hashes[entry.slot, entry.slot_seq] = hashed
        if entry.slot_seq > (slot["slot_seq"] or 0):
            slot.update(slot_seq=entry.slot_seq, hash=hashed, at=entry.at)
        if entry.case and entry.case_seq is not None:
            self._cases[entry.case] = End(entry.case_seq, hashed, entry.at)
        for place in entry.inbox:
            self._inboxes[entry.slot, place.inbox] = place.sequence
        if entry.kind is EntryKind.CHECKPOINT:
            slot.update(checkpoint_seq=entry.slot_seq, checkpoint_at=entry.at)
            if not entry.recipients and entry.checkpoint and entry.checkpoint.barrier:
                slot["barrier"] = max(slot["barrier"] or "", entry.checkpoint.barrier)

    async def _slot(self, number: int) -> dict[str, Any]:
        """How far a slot was read, to be changed in place."""
        if number not in self._slots:
            wanted = sa.select(store.slots).where(store.slots.c.epoch == self._epoch, store.slots.c.slot == number)
            found = (await self._connection.execute(wanted)).mappings().first()
            empty: dict[str, Any] = dict.fromkeys(store.slots.c.keys()) | {"epoch": self._epoch, "slot": number}
            self._slots[number] = dict(found) if found else empty
        return self._slots[number]

    async def _known(self, entry: Entry) -> str | None:
        """The hash of the entry that was read at this place before."""
        place = (entry.slot, entry.slot_seq)
        if place in self._hashes:
            return self._hashes[place]
        if entry.slot_seq > (self._slots[entry.slot]["slot_seq"] or 0):
            return None
        e = store.entries.c
        wanted = sa.select(e.hash).where(e.epoch == self._epoch, e.slot == entry.slot, e.slot_seq == entry.slot_seq)
        return (await self._connection.execute(wanted)).scalar_one_or_none()

    async def _case(self, entry: Entry) -> End | None:
        if entry.case is None or entry.case_seq is None:
            return None
        if entry.case not in self._cases:
            e = store.entries.c
            wanted = (
                sa.select(e.case_seq, e.hash, e.at)
                .where(e.epoch == self._epoch, e.case == entry.case, e.case_seq.is_not(None))
                .order_by(e.case_seq.desc())
                .limit(1)
            )
            found = (await self._connection.execute(wanted)).first()
            self._cases[entry.case] = End(*found) if found else None
        return self._cases[entry.case]

    async def _last_sequences(self, entry: Entry) -> dict[str, int]:
        return {place.inbox: await self._last_sequence(entry.slot, place.inbox) for place in entry.inbox}

    async def _last_sequence(self, slot: int, inbox: str) -> int:
        if (slot, inbox) not in self._inboxes:
            i = store.inbox_sequences.c
            wanted = sa.select(sa.func.max(i.sequence)).where(i.epoch == self._epoch, i.slot == slot, i.inbox == inbox)
            self._inboxes[slot, inbox] = (await self._connection.execute(wanted)).scalar_one() or 0
        return self._inboxes[slot, inbox]

    async def _mark(self, record: Incoming) -> None:
        """Oversight has said all it had to say up to this step of a simulated clock."""
        barrier = barrier_of(record)
        if barrier is not None:
            slot = await self._slot(record.partition)
            slot["alerts_barrier"] = max(slot["alerts_barrier"] or "", barrier)

    def _fault(self, record: Incoming, code: FaultCode, entry: Entry, detail: str) -> None:
        self.faults.append((record, Fault(code, entry.slot, entry.slot_seq, detail)))

    def _fault_rows(self) -> list[dict[str, Any]]:
        numbers: dict[Incoming, int] = defaultdict(int)
        rows = []
        for record, fault in self.faults:
            rows.append(_fault_row(record, fault) | {"epoch": self._epoch, "number": numbers[record]})
            numbers[record] += 1
        return rows


def _fault_row(record: Incoming, fault: Fault) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "code": fault.code.value,
        "slot_seq": fault.seq,
        "detail": fault.detail[:200],
        "value": None
        if record.topic == FACTS
        else (record.value or b"").decode("ascii", "replace").replace("\x00", "?"),
    }


def _end(slot: dict[str, Any]) -> End | None:
    return End(slot["slot_seq"], slot["hash"], slot["at"]) if slot["slot_seq"] else None
