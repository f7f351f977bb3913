"""The same driver for every contestant: confluent-kafka writes what was made beforehand and reads what came out,
committed records only."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from services.runtime.kafka import KafkaSettings
from tests.bench.letters import SLOTS, Message


class NothingComesOut(Exception):
    """A contestant does not do its work; the text names it and its log."""


class Contestant(NamedTuple):
    """A process that reads `outbox` and writes the same values to `inbox`."""

    name: str
    label: str
    command: Sequence[str]
    outbox: str
    inbox: str
    backlog: int
    """How many messages its throughput is measured with; a fast one needs more."""


class Seen(NamedTuple):
    """A value that came out: when the broker had it (s since 1970), and when the reader did."""

    value: bytes
    appended: float
    read: float


class Reader:
    """Reads a topic from its end at the moment of making."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._consumer = Consumer(
            {
                **kafka.confluent(),
                "group.id": "bench-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
            }
        )
        partitions = [TopicPartition(topic, slot) for slot in range(SLOTS)]
        for each in partitions:
            each.offset = self._consumer.get_watermark_offsets(each, timeout=20)[1]
        self._consumer.assign(partitions)

    def __iter__(self) -> Iterator[Seen | None]:
        """For ever; None when nothing came for a moment."""
        while True:
            message = self._consumer.poll(0.1)
            if message is None:
                yield None
            elif message.error() is not None:
                raise KafkaException(message.error())
            else:
                yield Seen(message.value() or b"", message.timestamp()[1] / 1000, time.time())

    def take(self, wanted: frozenset[bytes], within: float) -> dict[bytes, Seen]:
        """When each of these first came out. What has not come after `within` seconds is missing."""
        found: dict[bytes, Seen] = {}
        deadline = time.monotonic() + within
        for seen in self:
            if seen is not None and seen.value in wanted:
                found.setdefault(seen.value, seen)
            if len(found) == len(wanted) or time.monotonic() > deadline:
                return found
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._consumer.close()


class Writer:
    """Writes to one outbox."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        settings = {"enable.idempotence": True, "linger.ms": 0, "queue.buffering.max.messages": 1_000_000}
        self._producer = Producer({**kafka.confluent(), **settings})
        self._topic = topic

    def write(self, message: Message) -> None:
        self._producer.produce(
            self._topic, message.value, message.key, partition=message.partition, headers=message.headers
        )
        self._producer.poll(0)

    def flush(self) -> None:
        if self._producer.flush(60):
            raise NothingComesOut(f"{self._topic}: Kafka did not take everything")


class Busy(NamedTuple):
    """Throughput: messages a second by the broker's clock; processor time of the process a message, in ms; and how much
    of one core the process got meanwhile. Less than all of it: it waited, or the machine had other work."""

    per_second: float
    cpu_ms: float
    core: float


def throughput(
    kafka: KafkaSettings, contestant: Contestant, messages: Sequence[Message], pid: int, within: float = 300.0
) -> Busy:
    """A backlog is worked off. The first fifth does not count: it is written while the process begins."""
    reader, writer = Reader(kafka, contestant.inbox), Writer(kafka, contestant.outbox)
    began, used = time.time(), cpu_seconds(pid)
    for message in messages:
        writer.write(message)
    writer.flush()
    try:
        times = _appended(reader, {message.value for message in messages}, len(messages), within)
    finally:
        reader.close()
    if len(times) < len(messages):
        raise NothingComesOut(f"{contestant.name}: {len(times)} of {len(messages)}")
    used = cpu_seconds(pid) - used
    first = times[len(times) // 5]
    per_second = (len(times) - len(times) // 5) / (times[-1] - first)
    return Busy(per_second, used / len(times) * 1000, used / (times[-1] - began))


def _appended(reader: Reader, wanted: set[bytes], count: int, within: float) -> list[float]:
    """A value may be sent several times by who does not mind."""
    times: list[float] = []
    deadline = time.monotonic() + within
    for seen in reader:
        if seen is not None and seen.value in wanted:
            times.append(seen.appended)
        if len(times) == count or time.monotonic() > deadline:
            break
    return sorted(times)


class Latency(NamedTuple):
    """Milliseconds from before sending to after reading committed."""

    p50: float
    p99: float


def latency(kafka: KafkaSettings, contestant: Contestant, messages: Sequence[Message], rate: float) -> Latency:
    """At `rate` messages a second, one at a time."""
    reader, writer = Reader(kafka, contestant.inbox), Writer(kafka, contestant.outbox)
    sent: dict[bytes, float] = {}
    found: dict[bytes, Seen] = {}
    wanted = frozenset(message.value for message in messages)
    reading = threading.Thread(target=lambda: found.update(reader.take(wanted, len(messages) / rate + 60)))
    reading.start()
    time.sleep(0.5)
    start = time.time()
    for number, message in enumerate(messages):
        time.sleep(max(0.0, start + number / rate - time.time()))
        sent[message.value] = time.time()
        writer.write(message)
    writer.flush()
    reading.join()
    reader.close()
    if len(found) < len(messages):
        raise NothingComesOut(f"{contestant.name}: {len(found)} of {len(messages)} at {rate:.0f}/s")
    took = sorted((seen.read - sent[value]) * 1000 for value, seen in found.items())
    return Latency(took[len(took) // 2], took[int(len(took) * 0.99)])


@contextmanager
def running(contestant: Contestant, home: Path, log: Path) -> Iterator[int]:
    """The process, and its pid; ended in good order."""
    environment = {**os.environ, "ESTAFETTE_HOME": str(home)}
    with log.open("ab") as out:
        process = subprocess.Popen(contestant.command, env=environment, stdout=out, stderr=out)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def warm(kafka: KafkaSettings, contestant: Contestant, messages: Sequence[Message]) -> None:
    """Returns when these have come out: the process is up and has done its first work."""
    reader, writer = Reader(kafka, contestant.inbox), Writer(kafka, contestant.outbox)
    for message in messages:
        writer.write(message)
    writer.flush()
    found = reader.take(frozenset(message.value for message in messages), 300)
    reader.close()
    if len(found) < len(messages):
        raise NothingComesOut(f"{contestant.name}: {len(found)} of the first {len(messages)}")


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used (Linux; 0 elsewhere)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def module(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", name, *map(str, arguments)]
