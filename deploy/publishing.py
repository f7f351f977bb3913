"""Writes directory records to the topic and reads the topic back, as any party reads it."""

import asyncio
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.directory import TOPIC
from services.runtime.directory import Directory, DirectoryReader, Pins
from services.runtime.kafka import KafkaSettings


class NotPublishedError(Exception):
    """Kafka did not confirm every entry."""


def read(kafka: KafkaSettings, pins: Pins) -> Directory:
    """The directory as a reader with these pins holds it now."""

    async def run() -> Directory:
        reader = DirectoryReader(kafka, pins)
        await reader.start()
        await reader.stop()
        return reader.directory

    return asyncio.run(run())


def publish(kafka: KafkaSettings, values: Mapping[str, bytes], within: float = 30.0) -> int:
    """Write the records to the topic and wait until Kafka has them. Harmless to repeat. Raises NotPublishedError."""
    failed: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error.name())

    settings = {"acks": "all", "enable.idempotence": True, "message.timeout.ms": int(within * 1000)}
    producer = Producer(kafka.confluent() | settings | {"partitioner": "murmur2_random"})
    try:
        for slug, value in values.items():
            producer.produce(TOPIC, value, slug.encode(), on_delivery=delivered)
        waiting = producer.flush(within + 5)
    except KafkaException as refused:  # a user without any right to write is refused before the first record
        raise NotPublishedError(f"{len(values)} of {len(values)}: {refused.args[0].name()}") from None
    if failed or waiting:
        raise NotPublishedError(f"{len(failed) + waiting} of {len(values)}: {', '.join(sorted(set(failed)))}")
    return len(values)
