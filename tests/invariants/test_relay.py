"""I4 where a process dies: the real gate in the real engine, on a log in memory, killed at any commit."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CaseOpened
from schemas.event import message_hash, parse_event
from schemas.service import VerdictGiven
from services.relay.batch import Limits
from services.relay.clock import WallClock
from services.relay.memory import MemoryCluster, MemoryLog
from services.relay.own import Birth
from services.relay.types import Emit
from services.relay.worker import Worker
from services.runtime.jose import sign_detached
from services.runtime.subjects import slot_of
from tests.gate.bench import SLOTS
from tests.gate.rules.families import uid
from tests.gate.rules.play import worker_of
from tests.invariants.talk import FAMILY, TEAM
from tests.invariants.world import World, sealed, signing_key

EPOCH = uid("epoch")


class Killed(Exception):
    """The process died here."""


class DyingLog(MemoryLog):
    """Dies before or after its n-th commit; what was committed stays, what was not is gone."""

    left: int = -1
    after: bool = False

    async def commit(self, writes: Sequence[Emit]) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        await super().commit(writes)
        if self.left == 0:
            raise Killed


@pytest.mark.asyncio
@settings(max_examples=15, deadline=None, database=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(2, 5), st.booleans()), min_size=1, max_size=4))
async def test_killed_at_any_commit_each_message_gets_one_verdict(deaths: list[tuple[int, bool]]) -> None:
    """And the sequences of the inbox have no hole and no number twice, whichever process wrote them."""
    world, cluster = World(), MemoryCluster(SLOTS)
    gate = world.bench.gate
    cluster.make(*gate.inputs(), "gate.state", f"{TEAM.slug}.inbox", "ledger", "case.facts", "clock", "quarantine")
    sent = [_put_out(cluster, world, number) for number in range(8)]
    for left, after in [*deaths, (-1, False)]:
        log = DyingLog(cluster, "gate", 0)
        log.left, log.after = left, after
        worker = Worker(gate, log, WallClock(timedelta(hours=9)), Birth(EPOCH, "real", SLOTS), 0, Limits(records=2))
        await _run(worker, until=lambda: len(_answered(cluster)) >= len(sent))
    assert _answered(cluster) == Counter(sent)
    assert _sequences(cluster) == list(range(1, len(_sequences(cluster)) + 1))


def _put_out(cluster: MemoryCluster, world: World, number: int) -> str:
    subject = next(s for s in (f"case:{uid(f'{number}-{n}')}" for n in range(999)) if _slot(s) == 0)
    event = world.bench.message(TEAM.slug, subject, CaseOpened(persons=FAMILY, lead=worker_of(TEAM.slug)))
    value = event.model_copy(update={"time": datetime.now(UTC)}).encode()
    jws = sign_detached(value, signing_key(TEAM.slug)).encode()
    cluster.append(f"{TEAM.slug}.outbox", 0, subject.encode(), value, (("jws", jws),))
    return message_hash(value)


def _slot(subject: str) -> int:
    return slot_of(subject, SLOTS)


async def _run(worker: Worker, until: Callable[[], bool]) -> None:
    """Until it dies, or everything was answered."""
    task = asyncio.create_task(worker.run())
    for _ in range(2000):
        if task.done() or until():
            break
        await asyncio.sleep(0.001)
    await worker.hold()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _answered(cluster: MemoryCluster) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in cluster.read(f"{TEAM.slug}.inbox", 0):
        event = parse_event(record.value or b"")
        if event.name == VerdictGiven.name:
            found[VerdictGiven.model_validate(event.data.body).message.hash] += 1
    return found


def _sequences(cluster: MemoryCluster) -> list[int]:
    found = []
    for record in cluster.read(f"{TEAM.slug}.inbox", 0):
        entry = sealed(dict(record.headers)["seal"].decode()).entry
        found += [place.sequence for place in entry.inbox if place.inbox == TEAM.slug]
    return found
