"""What a slot promises, asked of the same worker on the log in memory and on a real broker."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.relay.batch import Limits
from services.relay.clock import Clock, NoClock, TopicClock, WallClock
from services.relay.log import Fenced, Refused
from services.relay.own import Birth
from services.relay.worker import Worker
from tests.relay.backends import SLOTS, Backend, InMemory, OnKafka
from tests.relay.deciders import Counting

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(30)]
SLOT = 2
EPOCH = "6b0c5c1e-6f3a-4e0f-9a3e-2f7f2f6f1c11"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "memory":
        return InMemory()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return OnKafka(request.getfixturevalue("kafka_broker").settings())


class Slot:
    """One slot under test, its decider, and its topics."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        name = backend.prefix
        self.first, self.second, self.clock = f"{name}.first", f"{name}.second", "clock"
        self.decider = Counting(name, self.first)
        self.limits = Limits()

    async def make(self) -> "Slot":
        await self.backend.make(self.first, self.second, self.decider.out, f"{self.decider.name}.state")
        with contextlib.suppress(Exception):  # one for all tests
            await self.backend.make(self.clock)
        return self

    def worker(self, clock: Clock | None = None, birth: str = "real") -> Worker:
        log = self.backend.log(self.decider.name, SLOT)
        return Worker(self.decider, log, clock or NoClock(), Birth(EPOCH, birth, SLOTS), SLOT, self.limits)

    @contextlib.asynccontextmanager
    async def running(self, clock: Clock | None = None) -> AsyncIterator[Worker]:
        worker = self.worker(clock)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
            if task.done():
                task.result()
        finally:
            await worker.hold()
            await worker.farewell()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def send(self, *values: str, topic: str | None = None, key: str = "k") -> None:
        for value in values:
            await self.backend.append(topic or self.first, SLOT, key.encode(), value.encode())

    async def out(self, count: int) -> list[dict[str, Any]]:
        """The first `count` records written, as soon as they are there."""
        while len(found := await self.backend.read(self.decider.out, SLOT)) < count:
            await asyncio.sleep(0.02)
        assert len(found) == count, found[count:]
        return [json.loads(written.value or b"") for written in found]


@pytest.fixture
async def slot(backend: Backend) -> Slot:
    return await Slot(backend).make()


def told(records: list[dict[str, Any]]) -> list[str]:
    """In short: value and count, or what failed."""
    return [
        f"{record.get('value') or record.get('failed') or record.get('barrier')} {record.get('n', '')}".strip()
        for record in records
    ]


async def eventually(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


async def test_state_and_positions_survive_a_change_of_owner(slot: Slot) -> None:
    """The next owner counts on from where the first stopped, and decides nothing twice."""
    await slot.send("a", "b")
    async with slot.running():
        assert told(await slot.out(2)) == ["a 1", "b 2"]
    await slot.send("c")
    async with slot.running():
        assert told(await slot.out(3)) == ["a 1", "b 2", "c 3"]


async def test_key_and_headers_arrive_as_they_were_emitted(slot: Slot) -> None:
    """In the partition whose number is the slot's."""
    await slot.send("a", key="some key")
    async with slot.running():
        await slot.out(1)
    (written,) = await slot.backend.read(slot.decider.out, SLOT)
    assert written.key == b"some key"
    assert written.headers == (("length", b"%d" % len(written.value or b"")), ("empty", b""))


async def test_an_older_owner_can_write_nothing_any_more(slot: Slot) -> None:
    """It does not even notice before it has something to write; then it is told."""
    old = slot.worker()
    task = asyncio.create_task(old.run())
    await eventually(lambda: old.status.reason is None)
    await old.hold()
    await slot.send("a")
    async with slot.running():
        await slot.out(1)
        old.release()
        with pytest.raises(Fenced):
            await task
    assert told(await slot.out(1)) == ["a 1"]


async def test_an_exception_drops_one_record_only(slot: Slot) -> None:
    """`failed` decides in its place, on the state without its changes; the next follows as if nothing happened."""
    await slot.send("a", "raise", "unreadable", "wrong type", "b")
    async with slot.running():
        assert told(await slot.out(5)) == ["a 1", "RuntimeError 2", "ValueError 3", "TypeError 4", "b 5"]


async def test_what_is_too_large_is_refused_before_the_transaction(slot: Slot) -> None:
    """A record for an output, or a value of the state."""
    await slot.send("large", "large state", "b")
    async with slot.running():
        assert told(await slot.out(3)) == ["TooLarge 1", "TooLarge 2", "b 3"]


async def test_a_record_may_be_decided_again_after_a_refresh(slot: Slot) -> None:
    """Once; a second Refresh is a failure."""
    await slot.send("refresh", "refresh for ever")
    async with slot.running():
        assert told(await slot.out(2)) == ["refresh 1", "Refresh 2"]
    assert slot.decider.refreshed == 2


async def test_stop_leaves_the_slot_as_it_was(slot: Slot) -> None:
    """It is up and not ready, with the decider's words; nothing of the batch is written."""
    await slot.send("a", "stop")
    async with slot.running() as worker:
        await eventually(lambda: worker.status.reason == "told to stop")
    assert await slot.backend.read(slot.decider.out, SLOT) == []


async def test_an_exception_in_failed_is_for_the_caller_to_die_of(slot: Slot) -> None:
    """There is nobody left to decide."""
    slot.decider.prepare = lambda record: 1 / 0  # type: ignore[method-assign]
    await slot.send("stop in failed")
    with pytest.raises(ArithmeticError):
        await slot.worker().run()


async def test_an_input_added_live_is_read_from_its_start(slot: Slot) -> None:
    """Without losing or repeating anything of the others."""
    await slot.send("a")
    await slot.send("x", topic=slot.second)
    async with slot.running():
        await slot.out(1)
        slot.decider.topics = frozenset({slot.first, slot.second})
        await slot.out(2)
        await slot.send("b")
        assert sorted(told(await slot.out(3))) == ["a 1", "b 3", "x 2"]


async def test_a_gap_is_told_and_passed(slot: Slot) -> None:
    """Records that retention took before they were read: the decider hears which, and the slot goes on."""
    await slot.send("a")
    async with slot.running():
        await slot.out(1)
    await slot.send("lost", "lost", "b")
    await slot.backend.delete_before(slot.first, SLOT, 3)
    async with slot.running():
        _, gap, after = await slot.out(3)
    assert (gap["from"], gap["to"]) == (1, 3)
    assert after["value"] == "b"


async def test_a_log_shorter_than_what_was_read_of_it_is_refused(slot: Slot) -> None:
    """The topic was made anew: its positions mean nothing."""
    await slot.send("a", "b")
    async with slot.running():
        await slot.out(2)
    state = f"{slot.decider.name}.state"
    await slot.backend.append(state, SLOT, f"position::{slot.first}".encode(), b"99")
    with pytest.raises(Refused, match="was read up to 99"):
        await slot.worker().run()


async def test_an_input_that_cannot_be_read_is_refused_by_name(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading on without it would be silence for ever."""
    monkeypatch.setattr("services.relay.kafka.APPEARS_SECONDS", 0.0)
    slot.decider.topics = frozenset({slot.first, "not.there"})
    with pytest.raises(Refused, match=r"not\.there"):
        await slot.worker().run()


async def test_a_cluster_born_otherwise_is_refused(slot: Slot) -> None:
    """Simulated stays simulated, real stays real."""
    async with slot.running() as worker:
        await eventually(lambda: worker.status.reason is None)
    with pytest.raises(Refused, match="simulated"):
        await slot.worker(birth="simulated").run()


async def test_a_real_clock_ticks_after_what_was_there_before_it(slot: Slot) -> None:
    """Records sent before the tick was due come before it, and no decision is earlier than the one before it."""
    slot.limits = Limits(records=2)
    await slot.send(*"abcde")
    async with slot.running(WallClock(timedelta(seconds=30))):
        records = await slot.out(6)
    assert told(records) == ["a 1", "b 2", "c 3", "d 4", "e 5", "None"]
    assert [record["at"] for record in records] == sorted(record["at"] for record in records)


async def test_simulated_time_comes_from_the_clock_topic_only(slot: Slot) -> None:
    """Nothing is decided before the first record; then one tick for each, in order, after what was sent before it."""
    clock = f"{slot.decider.name}.clock"
    await slot.backend.make(clock)
    topic_clock = TopicClock()
    topic_clock.topic = clock
    await slot.send("a")
    async with slot.running(topic_clock) as worker:
        await eventually(lambda: (worker.status.waiting or "").endswith("time has not begun"))
        for hours, barrier in ((0, "one"), (0, "two"), (48, "three")):
            await slot.send(at(hours, barrier), topic=clock)
        await slot.out(4)
        await slot.send("b")
        await slot.send("no time", at(47, "back"), at(49, "raise"), topic=clock)
        records = await slot.out(7)
    assert told(records) == ["a 1", "one", "two", "three", "b 2", "back", "RuntimeError 3"]
    hours_after_noon = [(datetime.fromisoformat(record["at"]) - NOON) / timedelta(hours=1) for record in records]
    assert hours_after_noon == [0, 0, 0, 48, 48, 48, 49]


def at(hours: float, barrier: str) -> str:
    return json.dumps({"at": (NOON + timedelta(hours=hours)).isoformat(), "barrier": barrier})
