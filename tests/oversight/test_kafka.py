"""The oversight process on a real broker: whatever dies in between, every alert is written once and in its order."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from deploy import born
from deploy import plan as deploy_plan
from deploy.directory import Deployment, init, publish, records
from schemas.directory import TOPIC
from schemas.handovers import HandoverState
from schemas.service import Fact, FactKind
from services.oversight.app import FACTS, OUTBOX, Oversight
from services.oversight.rules.calendar import Calendar
from services.relay.clock import NO_TIME
from services.relay.state import RESERVED, BatchView, State
from services.relay.types import Record
from services.runtime.jose import SigningKey
from services.runtime.settings import Settings
from tests.oversight.story import LT, VT, Story, at, handover, plan, uuid

if TYPE_CHECKING:
    from tests.conftest import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
SLOTS, CASES = 4, 40
DAYS = ("2026-03-06", "2026-03-11", "2026-03-12", "2026-03-20", "2026-04-15")
Written = dict[int, list[tuple[bytes, bytes]]]


@pytest.fixture
def home(kafka_broker: "KafkaBroker", fresh_topics: Callable[..., Any], tmp_path: Path) -> Path:
    """A home as oversight has it: its own password and key, and only its own rights on the broker."""
    fresh_topics(FACTS, OUTBOX, "oversight.state", compact=("oversight.state",))
    fresh_topics(TOPIC, partitions=1, compact=(TOPIC,))
    init(tmp_path, Deployment.load())
    publish(kafka_broker.settings(), records(tmp_path))
    kafka_broker.settings("oversight")
    cluster = deploy_plan.Cluster.connect(Settings(home=kafka_broker.home), [])
    changes = deploy_plan.plan(cluster)
    own = tuple(acl for acl in changes.acls if acl.principal == "User:oversight")
    deploy_plan.apply(cluster, deploy_plan.Plan((), (), (), (), own, (), (), ()))
    (tmp_path / "secrets").mkdir()
    shutil.copy(kafka_broker.home / "cluster.json", tmp_path)
    shutil.copy(kafka_broker.home / "secrets" / "oversight", tmp_path / "secrets")
    return tmp_path


class Process:
    """`python -m services.oversight`, which may be killed and started again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: born.Born | None = None

    def start(self) -> None:
        env = {**os.environ, "ESTAFETTE_HOME": str(self._home)}
        self._running = born.start("oversight", "services.oversight", self._home / "oversight.log", env)

    def kill9(self) -> None:
        if self._running is not None:
            self._running.send_signal(signal.SIGKILL)
            self._running.wait()

    def log(self) -> str:
        return (self._home / "oversight.log").read_text()


@pytest.fixture
def process(home: Path) -> Iterator[Process]:
    running = Process(home)
    yield running
    running.kill9()


def course() -> list[tuple[int, Fact]]:
    """Facts by slot: cases are proposed, some are accepted, and time passes; each tick goes to every slot."""
    found = []
    for number in range(CASES):
        story = Story()
        fact = story.fact(
            "handovers.proposed", VT, at("2026-03-02"), handover(None, HandoverState.PROPOSED), sight=[plan()]
        )
        found.append((number % SLOTS, fact.model_copy(update={"subject": f"case:{uuid(number)}"})))
    for step, day in enumerate(DAYS):
        barrier = f"{step:012d}"
        found += [(slot, Fact(kind=FactKind.TICK, at=at(day), id=uuid(), barrier=barrier)) for slot in range(SLOTS)]
        story = Story()
        change = handover(HandoverState.PROPOSED, HandoverState.ACCEPTED)
        accepted = story.fact("handovers.accepted", LT, at(day), change)
        found.append((step % SLOTS, accepted.model_copy(update={"subject": f"case:{uuid(step)}"})))
    last = Fact(kind=FactKind.TICK, at=at("2026-05-20"), id=uuid(), barrier="000000000099")
    return found + [(slot, last) for slot in range(SLOTS)]


def expected(facts: list[tuple[int, Fact]], key: SigningKey) -> Written:
    """What one oversight that never died writes."""
    oversight, written = Oversight(key, Calendar()), Written()
    for slot in range(SLOTS):
        view = BatchView(State())
        written[slot] = []
        for at_slot, fact in facts:
            if at_slot == slot:
                record = Record(FACTS, slot, 0, None, fact.model_dump_json().encode(), ())
                emits = oversight.decide(oversight.prepare(record), view, NO_TIME, slot)
                written[slot] += [(emit.key, emit.value or b"") for emit in emits]
                view.keep()
    return written


class Outbox:
    """An independent reader of what was committed."""

    def __init__(self, broker: "KafkaBroker") -> None:
        settings = {"group.id": "reader", "isolation.level": "read_committed", "enable.auto.commit": False}
        self._consumer = Consumer({**broker.settings().confluent(), **settings, "auto.offset.reset": "earliest"})
        self._consumer.assign([TopicPartition(OUTBOX, slot, 0) for slot in range(SLOTS)])
        self.read: Written = {slot: [] for slot in range(SLOTS)}

    def until(self, enough: Callable[[Written], bool], within: float = 300.0) -> None:
        deadline = time.monotonic() + within
        while not enough(self.read):
            assert time.monotonic() < deadline, {slot: len(found) for slot, found in self.read.items()}
            for message in self._consumer.consume(500, timeout=0.5):
                assert message.error() is None
                self.read[message.partition() or 0].append((message.key() or b"", message.value() or b""))

    def linger(self) -> None:
        """Read on for two seconds: whatever comes too much comes now."""
        deadline = time.monotonic() + 2
        self.until(lambda _: time.monotonic() > deadline)

    def close(self) -> None:
        self._consumer.close()


def send(broker: "KafkaBroker", facts: list[tuple[int, Fact]]) -> None:
    producer = Producer(broker.settings().confluent())
    for slot, fact in facts:
        key = (fact.subject or "tick").encode()
        producer.produce(FACTS, fact.model_dump_json().encode(), key, slot)
    assert producer.flush(30) == 0


def test_nothing_is_lost_or_doubled_when_oversight_is_killed_again_and_again(
    kafka_broker: "KafkaBroker", home: Path, process: Process
) -> None:
    """What stands in the outbox in the end is byte for byte what an oversight writes that never died."""
    facts = course()
    want = expected(facts, SigningKey.from_file(home / "keys" / "oversight" / "signing.jwk"))
    outbox = Outbox(kafka_broker)
    process.start()
    third = len(facts) // 3
    send(kafka_broker, facts[:-third])
    outbox.until(lambda read: sum(map(len, read.values())) > 5)
    process.kill9()
    send(kafka_broker, facts[-third:])
    process.start()
    outbox.until(lambda read: sum(map(len, read.values())) > sum(map(len, want.values())) // 2)
    process.kill9()
    process.start()
    outbox.until(lambda read: all(len(read[slot]) >= len(want[slot]) for slot in want))
    outbox.linger()
    outbox.close()
    assert outbox.read == want
    assert all(found[-1][0] == b"barrier" for found in outbox.read.values())
    log = process.log()
    assert "FACT_NOT_JUDGED" not in log
    assert "parent-1" not in log


def kept(broker: "KafkaBroker") -> dict[tuple[int, str], bytes]:
    """The live state of every slot, but what the relay keeps itself."""
    settings = {"group.id": "reader", "isolation.level": "read_committed", "enable.auto.commit": False}
    consumer = Consumer({**broker.settings().confluent(), **settings, "enable.partition.eof": True})
    consumer.assign([TopicPartition("oversight.state", slot, 0) for slot in range(SLOTS)])
    found: dict[tuple[int, str], bytes] = {}
    ended: set[int] = set()
    while len(ended) < SLOTS:
        message = consumer.poll(30)
        assert message is not None
        if message.error() is not None:
            assert message.error().code() == KafkaError._PARTITION_EOF
            ended.add(message.partition() or 0)
            continue
        place = (message.partition() or 0, (message.key() or b"").decode())
        if message.value() is None:
            found.pop(place, None)
        else:
            found[place] = message.value() or b""
    consumer.close()
    return {place: value for place, value in found.items() if place[1].partition(":")[0] not in RESERVED}


def repair(home: Path) -> subprocess.CompletedProcess[str]:
    """`estafette oversight rebuild`, once the session of who was killed has ended."""
    command = [sys.executable, "-m", "services.cli", "--home", str(home), "oversight", "rebuild"]
    deadline = time.monotonic() + 120
    while True:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 0 or "is running" not in done.stderr or time.monotonic() > deadline:
            return done
        time.sleep(1)


def test_rebuilding_makes_the_same_state_says_nothing_twice_and_heals_a_gap(
    kafka_broker: "KafkaBroker", home: Path, process: Process
) -> None:
    """With nothing to mend: byte for byte the state that was there, and no word. With facts that expired unread the
    process stops and says what to do; after that it goes on.
    """
    facts, outbox = course(), Outbox(kafka_broker)
    process.start()
    send(kafka_broker, facts)
    outbox.until(lambda read: all(found and b'"000000000099"' in found[-1][1] for found in read.values()))
    process.kill9()
    before, said = kept(kafka_broker), sum(map(len, outbox.read.values()))
    done = repair(home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" 0 alarms told anew") == SLOTS
    assert kept(kafka_broker) == before
    late = [(slot, Fact(kind=FactKind.TICK, at=at("2026-05-21"), id=uuid())) for slot in range(SLOTS)]
    send(kafka_broker, late)
    admin, ends = kafka_broker.admin(), _ends(kafka_broker)
    cut = [TopicPartition(FACTS, slot, end) for slot, end in ends.items()]
    for gone in admin.delete_records(cut).values():
        gone.result(30)
    process.start()
    _until(lambda: "estafette oversight rebuild" in process.log())
    process.kill9()
    done = repair(home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("are gone") == SLOTS, done.stdout
    process.start()
    send(
        kafka_broker,
        [(s, Fact(kind=FactKind.TICK, at=at("2026-05-22"), id=uuid(), barrier="1" * 12)) for s in range(SLOTS)],
    )
    outbox.until(lambda read: all(b'"111111111111"' in found[-1][1] for found in read.values()))
    outbox.close()
    ids = [json.loads(value)["id"] for found in outbox.read.values() for key, value in found if key != b"barrier"]
    assert len(ids) == len(set(ids))
    assert sum(map(len, outbox.read.values())) >= said + SLOTS


def _ends(broker: "KafkaBroker") -> dict[int, int]:
    consumer = Consumer({**broker.settings().confluent(), "group.id": "reader"})
    found = {s: consumer.get_watermark_offsets(TopicPartition(FACTS, s), 20)[1] for s in range(SLOTS)}
    consumer.close()
    return found


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
