"""How long a gate takes over a slot with many open cases: python -m tests.bench.loading HOME NAME HOW.

The state is what the gate of this run wrote for a few cases, again and again under other ids. HOW `gate` takes the slot
as in production and ends when it can decide; `aiokafka` and `librdkafka` only read the same topic, with that client.
"""

import asyncio
import json
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Partition
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.base import UUID_PATTERN
from schemas.service import GATE
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.own import BIRTH, position_key
from services.relay.relay import Options, Relay
from services.runtime import log
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.jose import SigningKey
from services.runtime.kafka import KafkaSettings, started
from services.runtime.settings import Settings
from tests.bench.driver import module
from tests.bench.letters import SLOTS
from tests.chaos.reading import partition_records

SLOT = 0
COMMIT_EVERY = 10_000
_OF_A_CASE = re.compile(f"[a-z]+:({UUID_PATTERN})(/messages)?:.*")

State = Mapping[str, bytes]


class Load(NamedTuple):
    """`seconds`: from the first call to Kafka until the slot could decide. `memory`: the most the process ever had."""

    cases: int
    records: int
    bytes: int
    seconds: float
    memory: int
    aiokafka_seconds: float
    librdkafka_seconds: float


def measure(home: Path, kafka: KafkaSettings, cases: int) -> Load:
    """Fill a state topic of its own and take over its slot."""
    name = f"gate-{cases}"
    written, size = _fill(home, kafka, name, cases)
    reads = [_measured(home, name, client) for client in ("aiokafka", "librdkafka")]
    took = _measured(home, name, "gate")
    if took["records"] < written or any(read["records"] != written for read in reads):
        raise AssertionError(f"{written} records were written, {took} and {reads} were read")
    return Load(cases, written, size, took["seconds"], int(took["memory"]), reads[0]["seconds"], reads[1]["seconds"])


def _measured(home: Path, name: str, how: str) -> dict[str, float]:
    done = subprocess.run(
        module("tests.bench.loading", home, name, how), capture_output=True, text=True, timeout=900, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _fill(home: Path, kafka: KafkaSettings, name: str, cases: int) -> tuple[int, int]:
    """How many records and bytes the state of the slot has."""
    topic = f"{name}.state"
    admin = AdminClient(kafka.confluent())
    for made in admin.create_topics([NewTopic(topic, SLOTS, 1, config={"cleanup.policy": "compact"})]).values():
        made.result(30)
    producer = Producer({**kafka.confluent(), "transactional.id": f"{name}-fill", "linger.ms": 20})
    producer.init_transactions(30)
    producer.begin_transaction()
    records = size = 0
    for key, value in _state(home, kafka, cases):
        _produce(producer, topic, key, value)
        records, size = records + 1, size + len(key) + len(value)
        if records % COMMIT_EVERY == 0:
            producer.commit_transaction(60)
            producer.begin_transaction()
    producer.commit_transaction(60)
    return records, size


def _produce(producer: Producer, topic: str, key: str, value: bytes) -> None:
    while True:
        with suppress(BufferError):
            producer.produce(topic, value, key, partition=SLOT)
            return
        producer.poll(0.1)


def _state(home: Path, kafka: KafkaSettings, cases: int) -> Iterator[tuple[str, bytes]]:
    """The slot as it would be, read up to the end of every outbox."""
    live = _live(kafka)
    settings = Settings(home=home)
    yield BIRTH, Options.of(settings.cluster()).birth().to_bytes()
    for key, value in live.items():
        if key.startswith(("chain::", "sequence::", position_key(""))):
            yield key, value
    templates = _cases(live)
    for number in range(cases):
        old, records = templates[number % len(templates)]
        new = str(uuid4())
        for key, value in records:
            yield key.replace(old, new), value.replace(old.encode(), new.encode())


def _live(kafka: KafkaSettings) -> State:
    """The gate's state of the slot now."""
    found: dict[str, bytes] = {}
    for read in partition_records(kafka, f"{GATE}.state", SLOT):
        found[read.key.decode()] = read.value
    return {key: value for key, value in found.items() if value}


def _cases(live: State) -> Sequence[tuple[str, list[tuple[str, bytes]]]]:
    """The records of each case, of those cases that have the fewest: they were opened for this."""
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for key, value in live.items():
        if matched := _OF_A_CASE.fullmatch(key):
            found[matched[1]].append((key, value))
    fewest = min(map(len, found.values()))
    return [(case, records) for case, records in found.items() if len(records) == fewest]


async def _take_over(home: Path, name: str) -> dict[str, float]:
    """The slot as `python -m services.gate` would take it."""
    settings = Settings(home=home)
    cluster, kafka = settings.cluster(), settings.kafka("admin")
    reader = DirectoryReader(kafka, load_pins(home / "pins.yaml"))
    await reader.start()
    key = SigningKey.from_file(home / "keys" / GATE / "signing.jwk")
    gate = Gate(Identity(key, str(cluster.epoch), RULES), reader, cluster.slots)
    gate.name = name
    worker = Relay(gate, kafka, Options.of(cluster)).worker(SLOT)
    began = time.perf_counter()
    running = asyncio.create_task(worker.run())
    while worker.status.reason is not None and not running.done():
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - began
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await reader.stop()
    return {"seconds": seconds, "records": len(worker._state)}


async def _read_aiokafka(kafka: KafkaSettings, topic: str) -> dict[str, float]:
    """Nothing but reading, with the client and the settings of the relay."""
    began, records = time.perf_counter(), 0
    consumer = await started(
        AIOKafkaConsumer(
            **kafka.aiokafka(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
    )
    partition = Partition(topic, SLOT)
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    end = (await consumer.end_offsets([partition]))[partition]
    while await consumer.position(partition) < end:
        for batch in (await consumer.getmany(partition, timeout_ms=200)).values():
            records += len(batch)
    seconds = time.perf_counter() - began
    await consumer.stop()
    return {"seconds": seconds, "records": records}


def _read_librdkafka(kafka: KafkaSettings, topic: str) -> dict[str, float]:
    """Nothing but reading, with the client of the tests."""
    began, records = time.perf_counter(), 0
    consumer = Consumer(
        {
            **kafka.confluent(),
            "group.id": "bench-load",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, SLOT, 0)])
    ended = False
    while not ended:
        for message in consumer.consume(10_000, 0.2):
            ended = message.error() is not None
            records += not ended
    seconds = time.perf_counter() - began
    consumer.close()
    return {"seconds": seconds, "records": records}


def main(home: Path, name: str, how: str) -> None:
    log.configure("bench")
    settings = Settings(home=home).kafka("admin")
    found = {
        "gate": lambda: asyncio.run(_take_over(home, name)),
        "aiokafka": lambda: asyncio.run(_read_aiokafka(settings, f"{name}.state")),
        "librdkafka": lambda: _read_librdkafka(settings, f"{name}.state"),
    }[how]()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({**found, "memory": memory}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
