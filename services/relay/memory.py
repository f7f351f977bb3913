"""The log in memory, for tests of deciders and of the relay itself: one process, no Kafka, the same promises."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from services.relay.log import Fenced, PositionLost, Refused, Span
from services.relay.own import state_topic
from services.relay.types import Emit, Record


class MemoryPartition:
    """One partition: records from `start` on."""

    def __init__(self) -> None:
        self.start = 0
        self.records: list[Record] = []

    @property
    def end(self) -> int:
        return self.start + len(self.records)


class MemoryCluster:
    """Topics that spring up when they are made; `slots` partitions each."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.topics: dict[str, list[MemoryPartition]] = {}
        self.owners: defaultdict[str, int] = defaultdict(int)
        self.arrived = asyncio.Event()
        """Set by the next record that is written, and then replaced."""

    def make(self, *topics: str) -> None:
        for topic in topics:
            self.topics.setdefault(topic, [MemoryPartition() for _ in range(self.slots)])

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> int:
        """Write one record and return its offset."""
        where = self.topics[topic][partition]
        where.records.append(Record(topic, partition, where.end, key, value, headers))
        self.arrived.set()
        self.arrived = asyncio.Event()
        return where.end - 1

    def read(self, topic: str, partition: int) -> Sequence[Record]:
        return tuple(self.topics[topic][partition].records)

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """As retention does."""
        where = self.topics[topic][partition]
        where.records = [record for record in where.records if record.offset >= offset]
        where.start = offset


class MemoryLog:
    """See SlotLog."""

    def __init__(self, cluster: MemoryCluster, name: str, slot: int) -> None:
        self._cluster = cluster
        self._name = name
        self._slot = slot
        self._epoch = 0
        self._next: dict[str, int] = {}

    async def fence(self) -> None:
        self._cluster.owners[self._id] += 1
        self._epoch = self._cluster.owners[self._id]

    async def load(self) -> AsyncIterator[Sequence[tuple[str, bytes | None]]]:
        records = self._partition(state_topic(self._name)).records
        yield [((record.key or b"").decode(), record.value) for record in records]

    async def check(self, topics: Collection[str]) -> None:
        missing = [topic for topic in sorted(topics) if topic not in self._cluster.topics]
        if missing:
            raise Refused(f"cannot read {', '.join(missing)}: no such topic")

    async def spans(self, topics: Collection[str]) -> Mapping[str, Span]:
        return {topic: Span(self._partition(topic).start, self._partition(topic).end) for topic in topics}

    async def follow(self, positions: Mapping[str, int]) -> None:
        self._next = dict(positions)

    async def read(self, topics: Collection[str], wait: float) -> Mapping[str, Sequence[Record]]:
        found = self._read(topics)
        if not found and wait:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._cluster.arrived.wait()
            found = self._read(topics)
        return found

    async def position(self, topic: str) -> int:
        return self._next[topic]

    def behind(self) -> int:
        return sum(self._partition(topic).end - position for topic, position in self._next.items())

    async def commit(self, writes: Sequence[Emit]) -> None:
        if self._cluster.owners[self._id] != self._epoch:
            raise Fenced(f"{self._id} has another owner")
        for write in writes:
            self._cluster.make(write.topic)
            self._cluster.append(write.topic, self._slot, write.key, write.value, write.headers)

    async def close(self) -> None:
        """Nothing to give back."""

    @property
    def _id(self) -> str:
        return f"{self._name}-{self._slot}"

    def _partition(self, topic: str) -> MemoryPartition:
        return self._cluster.topics[topic][self._slot]

    def _read(self, topics: Collection[str]) -> dict[str, Sequence[Record]]:
        found: dict[str, Sequence[Record]] = {}
        for topic in topics:
            partition = self._partition(topic)
            if self._next[topic] < partition.start:
                raise PositionLost(topic)
            if records := partition.records[self._next[topic] - partition.start :]:
                found[topic] = records
                self._next[topic] = partition.end
        return found
