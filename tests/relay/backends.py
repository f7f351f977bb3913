"""Two logs for one suite of behaviour: in memory, and on a real broker."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from services.relay.batch import Limits
from services.relay.kafka import KafkaLog
from services.relay.log import SlotLog
from services.relay.memory import MemoryCluster, MemoryLog
from services.runtime.kafka import KafkaSettings

SLOTS = 4
_fresh = itertools.count()


class Written(NamedTuple):
    """A record as a reader sees it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Backend(Protocol):
    """What the suite needs of a log besides the port."""

    prefix: str
    """Makes the names of each test its own."""

    def log(self, name: str, slot: int) -> SlotLog: ...

    async def make(self, *topics: str) -> None: ...

    async def append(self, topic: str, slot: int, key: bytes, value: bytes) -> None: ...

    async def read(self, topic: str, slot: int) -> Sequence[Written]:
        """What a reader of committed records sees."""
        ...

    async def delete_before(self, topic: str, slot: int, offset: int) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.prefix = "t"
        self.cluster = MemoryCluster(SLOTS)

    def log(self, name: str, slot: int) -> SlotLog:
        return MemoryLog(self.cluster, name, slot)

    async def make(self, *topics: str) -> None:
        self.cluster.make(*topics)

    async def append(self, topic: str, slot: int, key: bytes, value: bytes) -> None:
        self.cluster.append(topic, slot, key, value)

    async def read(self, topic: str, slot: int) -> Sequence[Written]:
        return [Written(record.key, record.value, record.headers) for record in self.cluster.read(topic, slot)]

    async def delete_before(self, topic: str, slot: int, offset: int) -> None:
        self.cluster.delete_before(topic, slot, offset)


class OnKafka:
    """Writes and reads with another client library than the relay's."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.prefix = f"t{next(_fresh)}"
        self.settings = settings
        self.admin = AdminClient(settings.confluent())
        self.producer = Producer({**settings.confluent(), "enable.idempotence": True})

    def log(self, name: str, slot: int) -> SlotLog:
        return KafkaLog(self.settings, name, slot, Limits().record_bytes)

    async def make(self, *topics: str) -> None:
        new = [
            NewTopic(topic, SLOTS, 1, config={"cleanup.policy": "compact" if topic.endswith(".state") else "delete"})
            for topic in topics
        ]
        for made in self.admin.create_topics(new).values():
            await asyncio.to_thread(made.result, 20)

    async def append(self, topic: str, slot: int, key: bytes, value: bytes) -> None:
        self.producer.produce(topic, key=key, value=value, partition=slot)
        await asyncio.to_thread(self.producer.flush, 20)

    async def read(self, topic: str, slot: int) -> Sequence[Written]:
        return await asyncio.to_thread(committed, self.settings, topic, slot)

    async def delete_before(self, topic: str, slot: int, offset: int) -> None:
        for done in self.admin.delete_records([TopicPartition(topic, slot, offset)]).values():
            await asyncio.to_thread(done.result, 20)


def committed(settings: KafkaSettings, topic: str, slot: int) -> list[Written]:
    """All that a reader of committed records sees of one partition now."""
    consumer = Consumer(
        {
            **settings.confluent(),
            "group.id": "reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    found: list[Written] = []
    try:
        consumer.assign([TopicPartition(topic, slot, 0)])
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(Written(message.key(), message.value(), tuple(message.headers() or ())))
    finally:
        consumer.close()
    return found
