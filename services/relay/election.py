"""Which process owns which slot: a consumer group on the state topic alone, whose partitions are never read through it.

On one topic only, because over a changing list of topics two members can be given the same partition number of
different topics, and would fence each other for ever.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from services.relay.own import state_topic
from services.runtime.kafka import KafkaSettings, started

SESSION_MS = 6000
HEARTBEAT_MS = 1000


class SlotWorker(Protocol):
    """What owning a slot means."""

    async def run(self) -> None: ...

    async def hold(self) -> None: ...

    def release(self) -> None: ...

    async def farewell(self) -> None: ...


class Election(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Starts a worker for each slot won and ends it when the slot is lost. `fatal` gets what a worker dies of.

    While the group is being divided anew all workers are held; one whose slot stays goes on without loading its state
    again.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        name: str,
        make: Callable[[int], SlotWorker],
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._kafka = kafka
        self._name = name
        self._make = make
        self._fatal = fatal
        self._workers: dict[int, tuple[SlotWorker, asyncio.Task[None]]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self.joined = False

    def slots(self) -> frozenset[int]:
        return frozenset(self._workers)

    async def run(self, until: asyncio.Event) -> None:
        """Take part until `until` is set; then end all workers in good order and leave the group."""
        self._consumer = AIOKafkaConsumer(
            **self._kafka.aiokafka(),
            group_id=f"{self._name}.slots",
            enable_auto_commit=False,
            auto_offset_reset="latest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            partition_assignment_strategy=[RangePartitionAssignor],
        )
        await started(self._consumer)
        self._consumer.subscribe([state_topic(self._name)], listener=self)
        while not until.is_set():
            await self._consumer.getmany(timeout_ms=200)
        await self._end(self.slots())
        await self._consumer.stop()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await asyncio.gather(*(worker.hold() for worker, _ in self._workers.values()))

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        if self._consumer is not None:
            self._consumer.pause(*assigned)
        won = {partition.partition for partition in assigned}
        await self._end(self.slots() - won)
        for worker, _ in self._workers.values():
            worker.release()
        for slot in sorted(won - self.slots()):
            self._begin(slot)
        self.joined = True

    def _begin(self, slot: int) -> None:
        worker = self._make(slot)
        task = asyncio.create_task(worker.run(), name=f"{self._name}-{slot}")
        task.add_done_callback(self._done)
        self._workers[slot] = (worker, task)

    async def _end(self, slots: Collection[int]) -> None:
        leaving = [self._workers.pop(slot) for slot in slots]
        await asyncio.gather(*(worker.hold() for worker, _ in leaving))
        await asyncio.gather(*(worker.farewell() for worker, _ in leaving))
        for _, task in leaving:
            task.cancel()
        await asyncio.gather(*(task for _, task in leaving), return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fatal(error)
