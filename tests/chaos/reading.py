"""Reading topics whole, with another client library than the services use."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from services.runtime.kafka import KafkaSettings


class Read(NamedTuple):
    """A committed record; `appended` is when the broker took it, in ms since 1970."""

    partition: int
    key: bytes
    value: bytes
    appended: int


def partition_records(kafka: KafkaSettings, topic: str, partition: int) -> Iterator[Read]:
    """All records committed in a partition up to its end now, in order."""
    consumer = Consumer(
        {
            **kafka.confluent(),
            "group.id": "independent-reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    deadline = time.monotonic() + 120
    try:
        consumer.assign([TopicPartition(topic, partition, 0)])
        while time.monotonic() < deadline:
            for message in consumer.consume(2000, 0.2):
                if message.error() is not None:
                    return
                yield Read(partition, message.key() or b"", message.value() or b"", message.timestamp()[1])
        raise TimeoutError(f"{topic}-{partition} was not read to its end")
    finally:
        consumer.close()
