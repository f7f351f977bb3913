"""Reading topics whole, with another client library than the services use."""

import time
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from services.runtime.kafka import KafkaSettings


class Read(NamedTuple):
    """A committed record; `appended` is when the broker took it, in ms since 1970."""

    partition: int
    key: bytes
    value: bytes
    appended: int
    headers: tuple[tuple[str, bytes], ...] = ()

    def header(self, name: str) -> bytes:
        return dict(self.headers).get(name, b"")


def partition_records(kafka: KafkaSettings, topic: str, partition: int) -> Iterator[Read]:
    """All records committed in a partition up to its end now, in order."""
    consumer = _consumer(kafka)
    deadline = time.monotonic() + 120
    try:
        consumer.assign([TopicPartition(topic, partition, 0)])
        while time.monotonic() < deadline:
            for message in consumer.consume(2000, 0.2):
                if message.error() is not None:
                    return
                yield _read(message)
        raise TimeoutError(f"{topic}-{partition} was not read to its end")
    finally:
        consumer.close()


def all_records(kafka: KafkaSettings, topics: Collection[str], slots: int) -> dict[tuple[str, int], list[Read]]:
    """The same for every partition of many topics at once. They are not read at one moment: wait until it is quiet."""
    found: dict[tuple[str, int], list[Read]] = {(topic, slot): [] for topic in topics for slot in range(slots)}
    unread = set(found)
    consumer = _consumer(kafka)
    deadline = time.monotonic() + 120
    try:
        consumer.assign([TopicPartition(topic, slot, 0) for topic, slot in found])
        while unread:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not read to their ends: {sorted(unread)}")
            for message in consumer.consume(5000, 0.1):
                place = (message.topic(), message.partition())
                error = message.error()
                if error is None:
                    found[place].append(_read(message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    unread.discard(place)
        return found
    finally:
        consumer.close()


def _consumer(kafka: KafkaSettings) -> Consumer:
    return Consumer(
        {
            **kafka.confluent(),
            "group.id": "independent-reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )


def _read(message: Any) -> Read:
    headers = tuple((name, value or b"") for name, value in message.headers() or ())
    return Read(message.partition(), message.key() or b"", message.value() or b"", message.timestamp()[1], headers)
