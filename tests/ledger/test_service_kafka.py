"""The ledger service as its own process over a real broker: killed again and again, it has every entry once."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from deploy import born
from deploy.directory import Deployment, init, publish, records
from schemas.body import Channel, ChildSeen, Watcher, WatcherKind
from schemas.care import SightConfirmed
from schemas.service import Fact, FactKind
from services.cli.__main__ import main
from services.ledger import store
from services.runtime.jose import SigningKey
from services.runtime.settings import Settings
from services.runtime.sql import engine_of
from tests.ledger.telling import Teller
from topics.rights import Kind, rights

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
TOPICS = ("ledger", "ledger.reads", "oversight.outbox", "case.facts")
TEAMS = ("veilig-thuis-noord", "lokaal-team-linde", "lokaal-team-berk")
BARRIER = "000000000007"


@pytest.fixture
def home(kafka_broker: Any, fresh_topics: Callable[..., Any], tmp_path: Path) -> Iterator[Path]:
    """A home with the demo's keys; the Kafka user `ledger` has the rights of the catalogue and no others."""
    fresh_topics(*TOPICS)
    fresh_topics("directory", partitions=1, compact=("directory",))
    kafka_broker.settings("ledger")
    granted = list(grants("ledger"))
    admin = kafka_broker.admin()
    for done in admin.create_acls(granted).values():
        done.result(20)
    made = tmp_path / "home"
    (made / "secrets").mkdir(parents=True)
    shutil.copy(kafka_broker.home / "cluster.json", made)
    shutil.copy(kafka_broker.home / "secrets" / "ledger", made / "secrets")
    init(made, Deployment.load())
    publish(kafka_broker.settings(), records(made))
    yield made
    named = [
        AclBindingFilter(
            a.restype, a.name, a.resource_pattern_type, a.principal, a.host, a.operation, a.permission_type
        )
        for a in granted
    ]
    for gone in (*admin.delete_acls(named).values(), *admin.delete_topics([*TOPICS, "directory"]).values()):
        gone.result(20)


def grants(user: str) -> Iterator[AclBinding]:
    kinds = {Kind.TOPIC: ResourceType.TOPIC, Kind.GROUP: ResourceType.GROUP}
    for right in rights(()):
        if right.user == user:
            pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
            operation = AclOperation[right.operation]
            yield AclBinding(
                kinds[right.kind], right.name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW
            )


def matching(acl: AclBinding) -> AclBindingFilter:
    where = (acl.restype, acl.name, acl.resource_pattern_type)
    return AclBindingFilter(*where, acl.principal, acl.host, acl.operation, acl.permission_type)


class Process:
    """The service, started, killed and started again on the same port."""

    def __init__(self, home: Path, database_url: str | None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {**os.environ, "ESTAFETTE_HOME": str(home), "ESTAFETTE_PORT": str(self.port)}
        if database_url:
            self._environment["ESTAFETTE_DATABASE_URL"] = database_url
        self._log = home / "ledger.log"
        self._running: born.Born | None = None

    def start(self) -> None:
        self._running = born.start("ledger", "services.ledger", self._log, self._environment)

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self._running is not None
        self._running.send_signal(number)
        return self._running.wait(30)

    def close(self) -> None:
        if self._running is not None and self._running.poll() is None:
            self.kill()

    def health(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = httpx2.get(f"http://127.0.0.1:{self.port}/health", timeout=5).json()
            return answer
        except httpx2.HTTPError:
            return {}

    def until(self, reached: Callable[[dict[str, Any]], bool], within: float = 300) -> dict[str, Any]:
        end = time.monotonic() + within
        while not reached(state := self.health()):
            assert time.monotonic() < end, state
            assert self._running is None or self._running.poll() is None, "the service ended"
            time.sleep(0.2)
        return state


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def process(request: pytest.FixtureRequest, home: Path) -> Iterator[Process]:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    if url:
        asyncio.run(emptied(url))
    running = Process(home, url)
    yield running
    running.close()


async def emptied(url: str) -> None:
    engine = engine_of(url)
    async with engine.begin() as connection:
        await connection.run_sync(store.metadata.drop_all)
    await engine.dispose()


async def rows(url: str) -> dict[str, int]:
    engine = engine_of(url)
    async with engine.connect() as connection:
        found = {table.name: await store.count(connection, table) for table in store.metadata.sorted_tables}
        distinct = sa.select(sa.func.count(sa.distinct(store.entries.c.hash)))
        found["hashes"] = (await connection.execute(distinct)).scalar_one()
    await engine.dispose()
    return found


def a_ledger(kit: Any, home: Path, entries: int, counted: int) -> Teller:
    """A ledger of four slots, many cases, with refusals and checkpoints, and facts of its last decisions."""
    key = SigningKey.from_file(home / "keys" / "gate" / "signing.jwk")
    gate = kit.SmallGate(key=key, epoch=str(Settings(home=home).cluster().epoch))
    chosen = random.Random(7)
    for number in range(entries):
        case = number % 40
        actor, to = chosen.sample(TEAMS, 2)
        if number % 7 == 0:
            gate.refused(case % 4, kit.case(case), actor, to, kit.NO_CONSENT)
        else:
            gate.delivered(case % 4, kit.case(case), actor, to, (kit.section(),))
    teller = Teller(gate)
    for number in range(counted):
        seen = ChildSeen(child="child-1", alone=number % 3 == 0)
        watcher = Watcher(kind=WatcherKind.PROFESSIONAL, function="nurse")
        said = SightConfirmed(seen_at=gate.now, by=watcher, channel=Channel.SCHOOL, children=(seen,))
        actor, to = chosen.sample(TEAMS, 2)
        teller.say(kit.case(number % 40), actor, to, said)
    for slot in range(4):
        gate.checkpoint(slot, TEAMS, BARRIER)
    return teller


def write(
    kafka: Any, lines: list[tuple[int, bytes]], forged: list[tuple[int, bytes]], user: str, topic: str = "ledger"
) -> None:
    """In transactions of twenty; before every fifth, one with forged lines is aborted."""
    settings = {**kafka.confluent(), "transactional.id": f"test-{user}", "linger.ms": 0}
    producer = Producer(settings)
    producer.init_transactions(30)
    for start in range(0, len(lines), 20):
        if start % 100 == 0:
            _transaction(producer, topic, forged[:4], commit=False)
        _transaction(producer, topic, lines[start : start + 20], commit=True)


def _transaction(producer: Producer, topic: str, lines: list[tuple[int, bytes]], commit: bool) -> None:
    producer.begin_transaction()
    for slot, value in lines:
        producer.produce(topic, value, b"subject", partition=slot)
    producer.flush(20)
    if commit:
        producer.commit_transaction(20)
    else:
        producer.abort_transaction(20)


def marks(kafka: Any, at: Any) -> None:
    """The tick and oversight's echo of its barrier, in every partition."""
    producer = Producer(kafka.confluent())
    tick = Fact(kind=FactKind.TICK, at=at, id="tick-1", barrier=BARRIER).model_dump_json().encode()
    for slot in range(4):
        producer.produce("case.facts", tick, b"tick", partition=slot)
        producer.produce("oversight.outbox", json.dumps({"barrier": BARRIER}).encode(), b"barrier", partition=slot)
    assert producer.flush(20) == 0


def test_killed_again_and_again_it_has_every_entry_once(
    kit: Any, kafka_broker: Any, home: Path, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exact counts after kill -9, aborted transactions unseen; then audit, export, verification and looks.

    What is counted of the facts too: each once, though they are read again with every restart.
    """
    teller = a_ledger(kit, home, 1200, 300)
    gate = teller.gate
    forged = kit.SmallGate(key=gate.key, epoch=gate.epoch)
    for slot in range(4):
        forged.delivered(slot, kit.case(90 + slot), "raad-noord", "gi-noord")
    lines = [(slot, seal.encode()) for slot, seal in gate.lines]
    facts = [(record.partition, record.value or b"") for record in teller.told()]
    unsaid = [(slot, fact.replace(b'"entry":', b'"entry":9')) for slot, fact in facts[:4]]
    process.start()
    for part in range(2):
        write(kafka_broker.settings(), facts[part * 120 : (part + 1) * 120], unsaid, f"f{part}", "case.facts")
        write(kafka_broker.settings(), lines[part * 600 : (part + 1) * 600], forged_lines(forged), f"p{part}")
        process.until(lambda state, done=part: sum(map(int, state.get("entries", {}).values())) > done * 600)  # type: ignore[misc]
        process.kill()
        process.start()
    write(kafka_broker.settings(), lines[1200:], forged_lines(forged), "rest")
    write(kafka_broker.settings(), facts[200:], unsaid, "frest", "case.facts")  # forty of them once more
    marks(kafka_broker.settings(), gate.now)
    wanted = {str(n): s.seq for n, s in gate.slots.items()}
    state = process.until(lambda state: state.get("barrier") == BARRIER and state.get("entries") == wanted)
    assert state["faults"] == 0 and state["ready"] is True
    counted = asyncio.run(rows(database(home, process)))
    assert counted["entries"] == counted["hashes"] == len(lines)
    assert counted["inbox_sequences"] == sum(map(len, gate.held.values()))
    assert counted["entry_reasons"] == 172 and counted["entry_sections"] == 1028
    assert counted["events"] == counted["event_children"] == len(facts) == 300
    monkeypatch.setenv("ESTAFETTE_HOME", str(home))
    an_audit_is_answered(kit, gate, home, process)
    an_export_is_verified(gate, home)
    the_looks_are_whole(home, process)
    assert process.kill(signal.SIGTERM) == 0


def forged_lines(forged: Any) -> list[tuple[int, bytes]]:
    return [(slot, seal.encode()) for slot, seal in forged.lines]


def database(home: Path, process: Process) -> str:
    return process._environment.get("ESTAFETTE_DATABASE_URL") or f"sqlite+aiosqlite:///{home}/db/ledger.db"


def command(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def an_audit_is_answered(kit: Any, gate: Any, home: Path, process: Process) -> None:
    """In words for a reader, as JSON for a machine."""
    url = f"http://127.0.0.1:{process.port}"
    asking = ("audit", "--as", "lokaal-team-linde/linde-fg", "--url", url)
    read = command(home, *asking, "case", kit.case(1))
    assert read.exit_code == 0, read.output
    assert "Shared" in read.output and "the family's own story" in read.output and "Refused" in read.output
    answer = json.loads(command(home, *asking, "--json", "organisation", "lokaal-team-linde").output)
    own = [seal for seal in gate.export() if "lokaal-team-linde" in kit.concerned(seal, gate)]
    assert len(answer["entries"]) == len(own) > 500  # more than one page
    person = command(home, *asking, "person", kit.case(1), "child-1")
    assert person.exit_code == 0 and "child-1" in person.output
    elsewhere = command(home, "audit", "--as", "raad-noord/raad-fg", "--url", url, "case", kit.case(1))
    assert elsewhere.exit_code == 0 and "Nothing about" in elsewhere.output
    refused = command(home, "audit", "--as", "raad-noord/raad-1", "--url", url, "case", kit.case(1))
    assert refused.exit_code == 1 and "ROLE_NOT_ALLOWED" in refused.output


def an_export_is_verified(gate: Any, home: Path) -> None:
    """With the gate's directory entry and the seals of one team; and not when a line is missing."""
    exported = command(home, "ledger", "export")
    assert exported.output.splitlines() == gate.export()
    export, held = home / "export.txt", home / "held.txt"
    export.write_text(exported.output)
    held.write_text("\n".join(gate.held["lokaal-team-berk"]))
    key = str(home / "directory" / "gate.json")
    good = command(home, "ledger", "verify", str(export), "--gate-key", key, "--held", str(held))
    assert (
        good.exit_code == 0 and "AUTHENTIC AND UNBROKEN" in good.output and "complete up to checkpoint" in good.output
    )
    export.write_text("\n".join(gate.export()[:-4]))  # without the last slot's checkpoints
    bad = command(home, "ledger", "verify", str(export), "--gate-key", key, "--held", str(held))
    assert bad.exit_code == 1 and "HELD_MISSING" in bad.output
    export.write_text("\n".join(gate.export()[1:]))
    bad = command(home, "ledger", "verify", str(export), "--gate-key", key)
    assert bad.exit_code == 1 and "SLOT_GAP" in bad.output


def the_looks_are_whole(home: Path, process: Process) -> None:
    """Each question is there, also those of before the service was started anew, in one chain."""
    url = f"http://127.0.0.1:{process.port}"
    before = command(home, "ledger", "looks", "--json")
    assert before.exit_code == 0
    process.kill()
    process.start()
    process.until(lambda state: state.get("ready") is True)
    command(home, "audit", "--as", "gi-noord/gi-fg", "--url", url, "organisation", "gi-noord")
    after = command(home, "ledger", "looks", "--json")
    looks = [json.loads(line) for line in after.output.splitlines()]
    assert after.exit_code == 0 and [look["seq"] for look in looks] == list(range(1, len(looks) + 1))
    assert len(looks) == len(before.output.splitlines()) + 1
    assert (looks[-1]["organisation"], looks[-1]["ref"], looks[-1]["asked"]["question"]) == (
        "gi-noord",
        "gi-fg",
        "ORGANISATION",
    )
    assert sum(not look["allowed"] for look in looks) == 1
