"""The owner of one slot: takes it over, then reads, decides and commits until it is told to stop."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from services.relay import own
from services.relay.batch import Batch, Limits
from services.relay.clock import NO_TIME, BadTime, Clock, Due, as_record
from services.relay.inputs import Inputs
from services.relay.log import PositionLost, Refused, SlotLog
from services.relay.own import ALIVE, BIRTH, SUSPECT, TIME, Birth
from services.relay.state import Change, State
from services.relay.suspects import Suspects
from services.relay.types import Decider, Emit, KilledProcess, Record, Stop, Tick

POLL = 0.2
"""Longest wait for records, in seconds; also how late a grown set of inputs is noticed."""
HURRY = 0.01
"""The same while a tick waits for the last records before it."""
PROVE = 5.0
"""A slot that committed nothing for this long, in seconds, commits a word of its own: that it can is then known."""
BREATH = 0.005
"""How long deciding may keep the event loop from the other slots and from heartbeats, in seconds."""

logger = structlog.get_logger(__name__)


@dataclass
class SlotStatus:
    """What the health page tells of a slot. `reason` says why it is not ready; `waiting` what a ready one waits for.

    `committed`, `decided` and `ticked` are moments of time.monotonic(): the last transaction, record and tick.
    """

    reason: str | None = "starting"
    waiting: str | None = None
    last_commit: datetime | None = None
    last_tick: Tick | None = None
    records: int = 0
    lag: Callable[[], int] = lambda: 0
    committed: float = field(default_factory=time.monotonic)
    decided: float = field(default_factory=time.monotonic)
    ticked: float = field(default_factory=time.monotonic)


class Worker:
    """One slot. `hold` and `stop` wait for the running transaction; any error but Stop is for the caller to die of."""

    def __init__(self, decider: Decider, log: SlotLog, clock: Clock, birth: Birth, slot: int, limits: Limits) -> None:
        self._decider = decider
        self._log = log
        self._clock = clock
        self._birth = birth
        self._slot = slot
        self._limits = limits
        self._state = State()
        self._inputs = Inputs(log, clock.topic)
        self._suspects = Suspects(None, {}, 0)
        self._last: datetime | None = None
        self._due: Due | None = None
        self._gaps: list[tuple[str, int, int]] = []
        self._busy = asyncio.Lock()
        self._held = False
        self._opened = False
        self.status = SlotStatus(lag=self._inputs.behind)

    @property
    def state(self) -> State:
        """As committed; to be looked at only."""
        return self._state

    async def run(self) -> None:
        try:
            await self._open()
            while True:
                await self._read()
                async with self._busy:
                    await self._step()
                    await self._prove()
        except Stop as stop:
            self._opened = False
            self.status.reason = str(stop)
            logger.error("slot stopped", slot=self._slot, reason=str(stop))
        finally:
            await self._log.close()

    async def hold(self) -> None:
        """Begin nothing new; returns when the running transaction is through."""
        if not self._held:
            await self._busy.acquire()
            self._held = True

    def release(self) -> None:
        """Go on. The state in memory is still the truth, or the first commit fails: whoever took the slot has fenced
        us."""
        if self._held:
            self._held = False
            self._busy.release()

    async def farewell(self) -> None:
        """An orderly end: the next owner need not count a death. To be called when held, and to be followed by
        cancellation."""
        if self._opened:
            self._opened = False
            try:
                async with asyncio.timeout(5):
                    await self._write({SUSPECT: None})
            except Exception as error:  # the slot is given up anyway
                logger.warning("slot left without farewell", slot=self._slot, cause=type(error).__name__)

    async def _open(self) -> None:
        await self._log.fence()
        async for records in self._log.load():
            for key, value in records:
                self._state.set(key, value)
        self._last = own.last_time(self._state)
        changes: dict[str, Change] = {}
        stored = self._state.get(BIRTH)
        if stored is None and not len(self._state):
            changes[BIRTH] = self._birth.to_bytes()
        elif stored is None or Birth.from_bytes(stored) != self._birth:
            raise Refused(own.other_birth(stored, self._birth, own.state_topic(self._decider.name)))
        positions = {topic: own.position(self._state, topic) for topic in self._decider.inputs()}
        self._suspects = Suspects(self._state.get(SUSPECT), positions, 2 * self._limits.records)
        changes[SUSPECT] = self._suspects.stored()
        await self._write(changes)
        self._opened = True
        logger.info("slot taken", slot=self._slot, state=len(self._state), careful=sorted(self._suspects.topics()))

    async def _read(self) -> None:
        wanted = self._decider.inputs() | ({self._clock.topic} if self._clock.topic else frozenset[str]())
        if new := wanted - self._inputs.topics():
            await self._log.check(new)
            await self._follow(wanted | self._inputs.topics())
        try:
            await self._inputs.fill(self._patience())
        except PositionLost:
            await self._follow(self._inputs.topics())

    async def _follow(self, topics: Collection[str]) -> None:
        """Read on from the positions in the state, or from the log's start where that has passed them."""
        self._due = None
        self._gaps = []
        positions = {topic: own.position(self._state, topic) for topic in topics}
        for topic, span in (await self._log.spans(topics)).items():
            if positions[topic] > span.end:
                raise Refused(f"{topic}-{self._slot} ends at {span.end}, but was read up to {positions[topic]}")
            if positions[topic] < span.start:
                if topic != self._clock.topic:
                    self._gaps.append((topic, positions[topic], span.start))
                positions[topic] = span.start
        await self._inputs.follow(positions)

    def _patience(self) -> float:
        if self._now() is not None and (self._gaps or self._inputs.head()):
            return 0.0
        return HURRY if self._due else min(POLL, self._clock.wait())

    def _now(self) -> datetime | None:
        return self._clock.now(self._last, self._due)

    async def _step(self) -> None:
        """At most one transaction."""
        await self._ask_clock()
        now = self._now()
        if now is None:
            self.status.reason = None
            self.status.waiting = f"no record yet on topic {self._clock.topic}: time has not begun"
            return
        batch = Batch(self._decider, self._state, self._slot, now, self._limits)
        await self._decide(batch)
        if not batch and self._due and await self._inputs.reached():
            self._tick(batch, self._due)
        if batch:
            await self._commit(batch)
        self.status.reason = self.status.waiting = None

    async def _prove(self) -> None:
        if time.monotonic() - self.status.committed > PROVE:
            await self._write({ALIVE: datetime.now(UTC).isoformat().encode()})

    async def _ask_clock(self) -> None:
        """When a tick is due, draw the line: all that is there now comes before it."""
        if self._due is not None:
            return
        try:
            self._due = self._clock.due(self._inputs.time())
        except BadTime as bad:
            logger.error("clock record skipped", slot=self._slot, reason=str(bad))
            self._inputs.take_time()
            await self._write({own.position_key(bad.record.topic): b"%d" % (bad.record.offset + 1)})
        if self._due is not None:
            topics = self._inputs.topics() - {self._clock.topic}
            self._inputs.draw({topic: span.end for topic, span in (await self._log.spans(topics)).items()})

    async def _decide(self, batch: Batch) -> None:
        for gap in self._gaps:
            logger.error("log gap", slot=self._slot, topic=gap[0], lost_from=gap[1], lost_to=gap[2])
            batch.gap(*gap)
        self._gaps = []
        taken = size = 0
        breath = time.monotonic()
        while taken < self._limits.records and size < self._limits.bytes_in and not batch.full():
            record = self._inputs.head()
            if record is None:
                return
            if self._suspects.careful(record.topic, record.offset):
                return await self._decide_alone(record, batch)
            self._inputs.take(record)
            await batch.decide(record)
            taken += 1
            size += len(record.value or b"")
            if time.monotonic() - breath > BREATH:
                await asyncio.sleep(0)
                breath = time.monotonic()

    async def _decide_alone(self, record: Record, batch: Batch) -> None:
        """A record that may be the one the process dies of: it gets a transaction of its own, and a word before it."""
        if batch:
            return
        self._inputs.take(record)
        if self._suspects.killer(record.topic, record.offset):
            batch.fail(record, KilledProcess(f"{record!r} ended the process again and again"))
            batch.read(record.topic, record.offset + 1)
        else:
            await self._write({SUSPECT: self._suspects.announce(record.topic, record.offset)})
            await batch.decide(record)
        self._suspects.passed(record.topic, record.offset)

    def _tick(self, batch: Batch, due: Due) -> None:
        """All before the line is decided. A clock that was set back gives a tick at the slot's own time."""
        at = due.tick.at if self._last is None else max(due.tick.at, self._last)
        batch.now = at
        batch.tick(due.tick._replace(at=at), as_record(due, self._slot))
        if due.record is None:
            batch.keep(TIME, at.isoformat().encode())
        else:
            batch.read(due.record.topic, due.record.offset + 1)
            self._inputs.take_time()
        self._inputs.lift()
        self._due = None
        self.status.last_tick = due.tick._replace(at=at)
        self.status.ticked = time.monotonic()

    async def _commit(self, batch: Batch) -> None:
        if batch.now != NO_TIME:
            batch.keep(TIME, batch.now.isoformat().encode())
        for record, error in batch.failures:
            logger.error("record failed", slot=self._slot, record=repr(record), exc_info=error)
        await self._write(batch.changes(), batch.emits())
        self._last = batch.now
        self.status.last_commit = datetime.now(UTC)
        self.status.records += batch.records
        if batch.records:
            self.status.decided = time.monotonic()

    async def _write(self, changes: dict[str, Change], emits: Collection[Emit] = ()) -> None:
        """One transaction: the only place that writes. The state in memory follows what is committed."""
        topic = own.state_topic(self._decider.name)
        await self._log.commit([*emits, *(Emit(topic, key.encode(), value) for key, value in changes.items())])
        self.status.committed = time.monotonic()
        for key, value in changes.items():
            self._state.set(key, value)
