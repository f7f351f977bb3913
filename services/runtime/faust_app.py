"""Faust as this system uses it: raw bytes, committed records only, and a position that never passes unfinished work.

Stock Faust 0.15 reads the records of aborted transactions, and it commits a position by counting offsets one by one. A
topic that is written in transactions has a hole in its offsets after every transaction, so stock Faust stops committing
and reads nearly everything again after a restart. Here the consumer reads with isolation level read_committed, and the
committed position is the lowest offset that was delivered and is not acknowledged yet. An acknowledgement is given by
`read_topics` alone, after its handler has returned: what was in work when the process died is read again, so a handler
stores idempotently.

Nothing is retried in a process that failed: the error ends it with status 1, and whoever supervises it starts it anew.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import faust
import structlog
import uvloop
from faust.transport.drivers import aiokafka as driver
from mode.supervisors import CrashingSupervisor

from services.runtime.kafka import MECHANISM, KafkaSettings

CRASHED: Final = 1
"""Exit status of a process that its crash boundary ended."""
SESSION_SECONDS: Final = 6.0
"""A reader that died loses its partitions after this time."""
COMMIT_SECONDS: Final = 0.5
LEFT_OUT_SECONDS: Final = 60
"""A reader that had no partition for so long ends its process. Ours: ten sessions of a reader."""
STOP_SECONDS: Final = 10.0
"""How long a service may take to end in good order."""

_faust_log = logging.getLogger("faust.edge")
for _chatty in ("faust", "mode"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

log = structlog.get_logger(__name__)


class Incoming(NamedTuple):
    """One record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


Handler = Callable[[Sequence[Incoming]], Awaitable[None]]
"""Takes records of one or more partitions, in order within each. When it returns they are done for ever."""


class _Unfinished(set[Any]):
    """The delivered, unacknowledged messages, and their offsets by partition.

    Faust's compiled conductor calls `add` itself, so this takes the place of Faust's own set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.offsets: dict[Any, set[int]] = defaultdict(set)

    def add(self, message: Any) -> None:
        super().add(message)
        self.offsets[message.tp].add(message.offset)

    def discard(self, message: Any) -> None:
        super().discard(message)
        self.offsets[message.tp].discard(message.offset)

    def forget(self, partition: Any) -> None:
        """The partition is another reader's now; its messages will be delivered there."""
        self.offsets.pop(partition, None)
        for message in [each for each in self if each.tp == partition]:
            super().discard(message)


class _CommittedThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    logger = _faust_log

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(driver.Consumer):  # type: ignore[misc]
    """Commits, per partition, the lowest unacknowledged offset, or one past the highest acknowledged."""

    logger = _faust_log

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unacked_messages = _Unfinished()
        self._highest: dict[Any, int] = {}

    def _new_consumer_thread(self) -> Any:
        return _CommittedThread(self, loop=self.loop, thread_loop=uvloop.new_event_loop(), beacon=self.beacon)

    def ack(self, message: Any) -> bool:
        if message.acked:
            return False
        message.acked = True
        if message not in self._unacked_messages:  # its partition was taken away meanwhile
            return False
        self._unacked_messages.discard(message)
        self._highest[message.tp] = max(self._highest.get(message.tp, -1), message.offset)
        self._n_acked += 1
        return True

    def _filter_tps_with_pending_acks(self, topics: Collection[Any] | None = None) -> Iterator[Any]:
        return (tp for tp in list(self._highest) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: Any) -> int | None:
        highest = self._highest.get(tp)
        if highest is None:
            return None
        return min(self._unacked_messages.offsets[tp], default=highest + 1)

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Holes in the offsets mean nothing here."""

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._unacked_messages.forget(tp)
            self._highest.pop(tp, None)


class _Transport(driver.Transport):  # type: ignore[misc]
    logger = _faust_log
    Consumer = _Consumer


class LeftOut(Exception):
    """The group gave this reader nothing to read for long."""


class App(faust.App):  # type: ignore[misc]
    """A Faust app with the corrected consumer."""

    logger = _faust_log

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """None: Faust's own are for tables, and this project has no table of Faust's."""

    def assigned(self, topic: str) -> frozenset[int]:
        """The partitions of a topic that this process reads at this moment."""
        return frozenset(tp.partition for tp in self._held() if tp.topic == topic)

    @property
    def reads(self) -> bool:
        """Whether it has any partition at this moment."""
        return bool(self._held())

    def _held(self) -> frozenset[Any]:
        consumer = self._consumer
        if consumer is None:
            return frozenset()
        try:
            return frozenset(consumer.assignment())
        except Exception:  # the consumer's thread has not begun, or has ended: Faust has several errors for it
            return frozenset()


def faust_app(group: str, kafka: KafkaSettings) -> App:
    """A Faust app in the running event loop. `group` is its consumer group; the user's rights begin with its own name
    and a dot, e.g. `veilig-thuis-noord.edge`."""
    return App(
        group,
        loop=asyncio.get_running_loop(),
        broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka),
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=1.0,
        broker_commit_interval=COMMIT_SECONDS,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        stream_buffer_maxsize=200,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        store="memory://",
        agent_supervisor=CrashingSupervisor,
    )


def _credentials(kafka: KafkaSettings) -> Any:
    """Faust's own words for how a user logs in: both ways are over TLS."""
    context = kafka.ssl_context()
    if kafka.password is None:
        return faust.SSLCredentials(context)
    secret = kafka.password.get_secret_value()
    return faust.SASLCredentials(username=kafka.username, password=secret, mechanism=MECHANISM, ssl_context=context)


def exit_process(error: BaseException) -> None:
    """The crash boundary: say what ended the process and end it, without touching anything it holds."""
    log.critical("process ends", exc_info=error)
    os._exit(CRASHED)


def read_topics(
    app: App,
    name: str,
    topics: Sequence[str],
    handle: Handler,
    *,
    batch: int = 100,
    crash: Callable[[BaseException], None] = exit_process,
) -> None:
    """Read these topics as raw bytes with one agent. Records that wait are given to `handle` together, `batch` at most;
    they are acknowledged when it has returned, and an exception of it goes to `crash`. Call once an app, before its
    start: a Faust app without a topic does not run."""
    waiting: asyncio.Queue[Any] = asyncio.Queue(batch)
    channel = app.topic(
        *topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
    )

    async def take(stream: Any) -> None:
        async for event in stream.noack().events():
            await waiting.put(event)

    async def work() -> None:
        try:
            while True:
                events = [await waiting.get()]
                while len(events) < batch and not waiting.empty():
                    events.append(waiting.get_nowait())
                await handle([_incoming(event) for event in events])
                for event in events:
                    event.ack()
        except Exception as error:
            crash(error)

    app.agent(channel, name=name, concurrency=1)(take)
    app.task(work)


def _incoming(event: Any) -> Incoming:
    message = event.message
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    return Incoming(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        tuple((name, value or b"") for name, value in headers),
    )


async def run(app: App, *, crash: Callable[[BaseException], None] = exit_process) -> None:
    """Run the app until SIGTERM or SIGINT, then end it in good order; a crash of any part of it goes to `crash`."""
    stop = stop_signal()
    try:
        await app.start()
        stopped, by_itself = asyncio.create_task(stop.wait()), asyncio.create_task(ended(app))
        _, left = await asyncio.wait({stopped, by_itself}, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        if not stop.is_set():
            crash(by_itself.result())
    except Exception as error:
        crash(error)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()


async def ended(app: App) -> BaseException:
    """Waits until a started app can read no more, and says why. A reader that joins its group just as the broker dies
    may wait for ever; started anew, it is let in.
    """
    stopped, seconds = asyncio.create_task(app.wait_until_stopped()), 0
    try:
        while seconds < LEFT_OUT_SECONDS:
            if (await asyncio.wait({stopped}, timeout=1))[0]:
                return app.crash_reason or RuntimeError("the Faust app ended by itself")
            seconds = 0 if app.reads else seconds + 1
        return LeftOut(f"nothing to read for {LEFT_OUT_SECONDS} seconds")
    finally:
        stopped.cancel()


def stop_signal() -> asyncio.Event:
    """Set on SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
