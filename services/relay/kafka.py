"""The log of a slot on real Kafka, with aiokafka: one transactional producer, one consumer without a group.

After any error the producer is thrown away with the process: one that is used again can commit a transaction of which
a part was lost, without a word.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalOperation, OffsetOutOfRangeError, ProducerFenced, TopicAuthorizationFailedError

from services.relay.log import Fenced, PositionLost, Refused, Span
from services.relay.own import state_topic
from services.relay.types import Emit, Record
from services.runtime.kafka import KafkaSettings, started

TRANSACTION_SECONDS = 20
"""After this the broker ends a transaction that its owner left open, and readers go on."""
BATCH_BYTES = 256 * 1024
"""Records for one topic go to the broker in batches of this size; a larger record goes alone."""
LOAD_BYTES = 4 * 1024 * 1024
"""State is loaded in answers of this size: the next one is asked for when the last is decoded."""
APPEARS_SECONDS = 10.0
"""How long a topic or a right that was granted just now may take to appear."""
_REASONS = {3: "no such topic", 29: "missing right READ, or no such topic"}


class KafkaLog:
    """See SlotLog. `name` is the decider's: transactional id `<name>-<slot>`, state topic `<name>.state`."""

    def __init__(self, kafka: KafkaSettings, name: str, slot: int, record_bytes: int) -> None:
        self._kafka = kafka
        self._name = name
        self._slot = slot
        self._record_bytes = record_bytes
        self._producer: AIOKafkaProducer | None = None
        self._loader: AIOKafkaConsumer | None = None
        self._consumer: AIOKafkaConsumer | None = None

    async def fence(self) -> None:
        """What reads afterwards connects meanwhile."""
        self._producer = AIOKafkaProducer(
            **self._kafka.aiokafka(),
            transactional_id=f"{self._name}-{self._slot}",
            transaction_timeout_ms=TRANSACTION_SECONDS * 1000,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=self._record_bytes,
        )
        self._loader = self._reader("earliest", max_partition_fetch_bytes=LOAD_BYTES)
        self._consumer = self._reader("none")
        await asyncio.gather(*map(started, (self._producer, self._loader, self._consumer)))

    async def load(self) -> AsyncIterator[Sequence[tuple[str, bytes | None]]]:
        """With "earliest": a consumer that may start at the end races its own reset against the seek and loads
        nothing."""
        state = TopicPartition(state_topic(self._name), self._slot)
        reader = self._loader
        if reader is None:
            raise Refused("a state is loaded once, after fencing")
        reader.assign([state])
        await reader.seek_to_beginning(state)
        end = (await reader.end_offsets([state]))[state]
        while await reader.position(state) < end:
            for records in (await reader.getmany(state, timeout_ms=200)).values():
                yield [(record.key.decode(), record.value) for record in records]
        self._loader = None
        await reader.stop()

    async def check(self, topics: Collection[str]) -> None:
        deadline = asyncio.get_running_loop().time() + APPEARS_SECONDS
        admin = await started(AIOKafkaAdminClient(**self._kafka.aiokafka()))
        try:
            while unreadable := self._unreadable(await admin.describe_topics(sorted(topics))):
                if asyncio.get_running_loop().time() > deadline:
                    raise Refused(f"Kafka user {self._kafka.username} cannot read {'; '.join(unreadable)}")
                await asyncio.sleep(0.5)
        finally:
            await admin.close()

    def _unreadable(self, described: Sequence[Mapping[str, Any]]) -> list[str]:
        found = []
        for topic in described:
            code, partitions = topic["error_code"], topic["partitions"]
            if code:
                found.append(f"{topic['topic']}: {_REASONS.get(code, f'error {code}')}")
            elif len(partitions) <= self._slot:
                found.append(f"{topic['topic']}: has {len(partitions)} partitions, none for slot {self._slot}")
        return found

    async def spans(self, topics: Collection[str]) -> Mapping[str, Span]:
        consumer = await self._inputs()
        partitions = [TopicPartition(topic, self._slot) for topic in topics]
        if not partitions:
            return {}
        starts, ends = await asyncio.gather(consumer.beginning_offsets(partitions), consumer.end_offsets(partitions))
        return {each.topic: Span(starts[each], ends[each]) for each in partitions}

    async def follow(self, positions: Mapping[str, int]) -> None:
        consumer = await self._inputs()
        consumer.assign([TopicPartition(topic, self._slot) for topic in positions])
        for topic, position in positions.items():
            consumer.seek(TopicPartition(topic, self._slot), position)

    async def read(self, topics: Collection[str], wait: float) -> Mapping[str, Sequence[Record]]:
        consumer = await self._inputs()
        partitions = [TopicPartition(topic, self._slot) for topic in topics]
        try:
            read = await consumer.getmany(*partitions, timeout_ms=int(wait * 1000))
        except OffsetOutOfRangeError as error:
            raise PositionLost(str(error)) from None
        except TopicAuthorizationFailedError as error:
            raise Refused(f"Kafka user {self._kafka.username} misses right READ: {error}") from None
        return {partition.topic: [_record(each) for each in records] for partition, records in read.items()}

    async def position(self, topic: str) -> int:
        return int(await (await self._inputs()).position(TopicPartition(topic, self._slot)))

    def behind(self) -> int:
        """Without asking the broker: a scrape must not wait for it."""
        consumer = self._consumer
        if consumer is None:
            return 0
        return sum(_behind(consumer, partition) for partition in consumer.assignment())

    async def commit(self, writes: Sequence[Emit]) -> None:
        """Every send is awaited before the commit: aiokafka would commit although one failed."""
        producer = self._producer
        if producer is None:
            raise Fenced("fence comes first")
        try:
            async with asyncio.timeout(3 * TRANSACTION_SECONDS):
                await producer.begin_transaction()
                sending = [self._send(producer, topic, emits) for topic, emits in _by_topic(writes).items()]
                _raise_cause(await asyncio.gather(*sending, return_exceptions=True))
                await producer.commit_transaction()
        except ProducerFenced as error:
            raise Fenced(f"{self._name}-{self._slot} has another owner") from error

    async def _send(self, producer: AIOKafkaProducer, topic: str, emits: Sequence[Emit]) -> None:
        """In batches made here: sending record by record costs the client far more than the records themselves."""
        sent: list[asyncio.Future[Any]] = []
        full, batch = [], producer.create_batch()
        for _, key, value, headers in emits:
            record = {"timestamp": None, "key": key, "value": value, "headers": list(headers)}
            if batch.append(**record) is None:  # full; a new one takes a record of any size
                full.append(batch)
                batch = producer.create_batch()
                batch.append(**record)
        try:
            for each in (*full, batch):
                sent.append(await producer.send_batch(each, topic, partition=self._slot))
        except IllegalOperation as error:
            _raise_cause([*await asyncio.gather(*sent, return_exceptions=True), error])
        await asyncio.gather(*sent)

    async def close(self) -> None:
        for client in (self._loader, self._consumer, self._producer):
            if client is not None:
                await client.stop()

    async def _inputs(self) -> AIOKafkaConsumer:
        """With "none": positions come from the state, and one that is lost must be seen."""
        if self._consumer is None:
            self._consumer = await started(self._reader("none"))
        return self._consumer

    def _reader(self, reset: str, **more: Any) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self._kafka.aiokafka(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset=reset,
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
            **more,
        )


def _raise_cause(outcomes: Iterable[object]) -> None:
    """Raise what went wrong first, if anything did: once a transaction has failed, the client refuses whatever follows
    as an illegal operation, which says nothing of why.
    """
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if errors:
        raise next((error for error in errors if not isinstance(error, IllegalOperation)), errors[0])


def _by_topic(writes: Sequence[Emit]) -> dict[str, list[Emit]]:
    """In each topic the order stays."""
    found: dict[str, list[Emit]] = {}
    for write in writes:
        found.setdefault(write.topic, []).append(write)
    return found


def _behind(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    """Transactions leave marks that count as one record each until they were passed."""
    state = consumer._subscription.subscription.assignment.state_value(partition)  # `position` itself would wait
    end = consumer.last_stable_offset(partition)
    return max(0, end - state.position) if end is not None and state.has_valid_position else 0


def _record(read: Any) -> Record:
    """From aiokafka's ConsumerRecord."""
    headers = tuple((name, value or b"") for name, value in read.headers)
    return Record(read.topic, read.partition, read.offset, read.key, read.value, headers)
