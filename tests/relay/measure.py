"""How fast the bare engine is, on one broker in one run: python -m tests.relay.measure [BYTES [RECORDS]]

The decider writes two records and one counter for each it reads. Latency: from before sending to after reading what is
committed.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.kafka import LocalKafka
from services.relay import relay
from services.relay.types import Emit, Record, Tick, View
from services.runtime import log
from services.runtime.kafka import KafkaSettings
from services.runtime.settings import Settings
from tests.chaos.reading import partition_records

SLOTS = 4
KEYS = 97
INPUTS = frozenset({"one.outbox", "two.outbox"})


class Bare:
    """Nothing but counting."""

    name = "bare"

    def inputs(self) -> frozenset[str]:
        return INPUTS

    def prepare(self, record: Record) -> Any:
        return record

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        key = prepared.key
        name = f"count:{key.decode()}:n"
        count = b"%d" % (int(view.get(name) or 0) + 1)
        view.put(name, count)
        return [Emit("bare.inbox", key, prepared.value, (("n", count),)), Emit("bare.ledger", key, prepared.value)]

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        raise error

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        return []

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        return []

    async def refresh(self) -> None: ...


def engine(home: Path) -> None:
    log.configure("bare")
    settings = Settings(home=home)
    asyncio.run(relay.run(Bare(), settings.kafka("admin"), relay.Options.of(settings.cluster())))


def throughput(
    kafka: KafkaSettings, size: int, records: int, command: Sequence[str]
) -> tuple[float, "subprocess.Popen[bytes]"]:
    """Records a second while a backlog is worked off, by the broker's clock; and the process that did it."""
    producer = Producer({**kafka.confluent(), "enable.idempotence": True, "linger.ms": 20})
    for number in range(records):
        key = number % KEYS
        topic = "one.outbox" if key % 2 else "two.outbox"
        producer.produce(topic, key=b"k%d" % key, value=b"x" * size, partition=key % SLOTS)
        producer.poll(0)
    producer.flush(60)
    process = subprocess.Popen(command)
    times: list[int] = []
    while len(times) < records and process.poll() is None:
        time.sleep(3)
        times = [read.appended for slot in range(SLOTS) for read in partition_records(kafka, "bare.inbox", slot)]
    return records / (max(times) - min(times)) * 1000, process


async def latency(kafka: KafkaSettings, size: int, rate: float, records: int) -> list[float]:
    """Milliseconds of each record, sorted."""
    consumer = AIOKafkaConsumer(**kafka.aiokafka(), isolation_level="read_committed", enable_auto_commit=False)
    producer = AIOKafkaProducer(**kafka.aiokafka(), enable_idempotence=True)
    await asyncio.gather(consumer.start(), producer.start())
    partitions = [TopicPartition("bare.inbox", slot) for slot in range(SLOTS)]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    for partition in partitions:
        await consumer.position(partition)
    found: list[float] = []

    async def read() -> None:
        while len(found) < records:
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                now = time.time()
                found.extend((now - float(each.value[:20])) * 1000 for each in batch)

    reading = asyncio.create_task(read())
    start = time.time()
    for number in range(records):
        await asyncio.sleep(max(0.0, start + number / rate - time.time()))
        value = f"{time.time():020.6f}".encode().ljust(size, b" ")
        topic = "one.outbox" if number % 2 else "two.outbox"
        await producer.send(topic, value, b"k%d" % (number % KEYS), number % SLOTS)
    await asyncio.wait_for(reading, 60)
    await asyncio.gather(consumer.stop(), producer.stop())
    return sorted(found)


def main(size: int = 600, records: int = 100_000) -> None:
    with tempfile.TemporaryDirectory(prefix="estafette-measure-") as folder:
        local = LocalKafka(Path(folder) / "home", slots=SLOTS, clock="real", quick=False)
        local.start()
        try:
            kafka = local.settings.kafka("admin")
            admin = AdminClient(kafka.confluent())
            new = [NewTopic(topic, SLOTS, 1) for topic in (*INPUTS, "bare.inbox", "bare.ledger", "bare.state")]
            for made in admin.create_topics(new).values():
                made.result(20)
            command = [sys.executable, "-m", "tests.relay.measure", "engine", str(local.home)]
            per_second, process = throughput(kafka, size, records, command)
            lines = [f"{size} bytes: {per_second:,.0f} records/s"]
            for rate, count in ((20, 400), (200, 2000)):
                found = asyncio.run(latency(kafka, size, rate, count))
                p99 = found[int(len(found) * 0.99)]
                lines.append(f"at {rate}/s: p50 {statistics.median(found):.1f} ms, p99 {p99:.1f} ms")
            process.terminate()
            process.wait(20)
            sys.stdout.write("\n".join(lines) + "\n")
        finally:
            local.kill9()


if __name__ == "__main__":
    if sys.argv[1:2] == ["engine"]:
        engine(Path(sys.argv[2]))
    else:
        main(*(int(each) for each in sys.argv[1:]))
