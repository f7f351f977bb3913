"""The corrected Faust reader on real Kafka."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.runtime import faust_app as readers
from services.runtime.faust_app import App, Incoming, LeftOut, faust_app, read_topics
from services.runtime.kafka import KafkaSettings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(90)]

Fresh = Callable[..., tuple[str, ...]]


async def transactions(kafka: KafkaSettings, topic: str, count: int, first: int = 0) -> None:
    """`count` committed records in small transactions, with an aborted one after each."""
    producer = AIOKafkaProducer(**kafka.aiokafka(), transactional_id=f"{topic}-{first}")
    await producer.start()
    try:
        for start in range(first, first + count, 5):
            await producer.begin_transaction()
            for number in range(start, min(start + 5, first + count)):
                await producer.send_and_wait(
                    topic, b"%d" % number, partition=number % 2, headers=[("n", b"%d" % number)]
                )
            await producer.commit_transaction()
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"aborted", partition=start % 2)
            await producer.abort_transaction()
    finally:
        await producer.stop()


class Reader:
    """Keeps what it is given; from `break_at` on its handler fails."""

    def __init__(self, break_at: int | None = None) -> None:
        self.seen: list[Incoming] = []
        self.crashed: list[BaseException] = []
        self.break_at = break_at

    async def handle(self, records: Sequence[Incoming]) -> None:
        if self.break_at is not None and any(int(each.value or b"0") >= self.break_at for each in records):
            raise RuntimeError("broken on purpose")
        self.seen.extend(records)

    async def until(self, condition: Callable[[], bool], within: float = 200.0) -> None:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.05)


async def started(reader: Reader, group: str, topic: str, kafka: KafkaSettings) -> App:
    app = faust_app(group, kafka)
    read_topics(app, "reader", [topic], reader.handle, batch=10, crash=reader.crashed.append)
    await app.start()
    return app


async def committed(kafka: KafkaSettings, group: str, topic: str) -> dict[int, Any]:
    consumer = AIOKafkaConsumer(**kafka.aiokafka(), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        return {p: await consumer.committed(TopicPartition(topic, p)) for p in (0, 1)}
    finally:
        await consumer.stop()


async def test_committed_records_come_in_order_and_aborted_ones_never(kafka_broker: Any, fresh_topics: Fresh) -> None:
    """Every committed record once, in order within its partition, with its headers."""
    kafka = kafka_broker.settings()
    fresh_topics("faust.a", partitions=2)
    await transactions(kafka, "faust.a", 60)
    reader = Reader()
    app = await started(reader, "faust.a.group", "faust.a", kafka)
    try:
        await reader.until(lambda: len(reader.seen) >= 60)
        assert app.assigned("faust.a") == {0, 1}
    finally:
        await app.stop()
    values = [int(each.value or b"-1") for each in reader.seen]
    assert sorted(values) == list(range(60))
    assert [v for v in values if v % 2] == list(range(1, 60, 2))
    assert reader.seen[0].headers == (("n", reader.seen[0].value),)


async def test_the_position_never_passes_what_was_not_handled(kafka_broker: Any, fresh_topics: Fresh) -> None:
    """After a failure in the handler the next reader gets the failed records, and few that were done before."""
    kafka = kafka_broker.settings()
    fresh_topics("faust.b", partitions=2)
    await transactions(kafka, "faust.b", 40)
    first = Reader(break_at=40)
    app = await started(first, "faust.b.group", "faust.b", kafka)
    try:
        await first.until(lambda: len(first.seen) == 40)
        await transactions(kafka, "faust.b", 20, first=40)
        await first.until(lambda: bool(first.crashed))
        await asyncio.sleep(1.2)  # two commits later the position still stands before the failure
    finally:
        await app.stop()
    second = Reader()
    app = await started(second, "faust.b.group", "faust.b", kafka)
    try:
        await second.until(lambda: len({each.value for each in second.seen}) >= 20)
        await asyncio.sleep(1.2)
    finally:
        await app.stop()
    again = {int(each.value or b"-1") for each in second.seen}
    assert again == set(range(40, 60))
    ends = await committed(kafka, "faust.b.group", "faust.b")
    assert all(end is not None and end > 30 for end in ends.values())


@pytest.mark.parametrize(("reads", "why"), [(False, LeftOut), (True, RuntimeError)])
async def test_a_reader_that_its_group_leaves_out_says_so_after_a_while(
    reads: bool, why: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would wait for ever; one that reads is left alone until it ends."""
    monkeypatch.setattr(readers, "LEFT_OUT_SECONDS", 2)

    async def stops() -> None:
        await asyncio.sleep(4)

    app: Any = SimpleNamespace(reads=reads, crash_reason=None, wait_until_stopped=stops)
    assert type(await readers.ended(app)) is why
