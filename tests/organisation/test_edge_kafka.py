"""Edges as processes of their own on real Kafka, with a gate in miniature between them."""

import asyncio
import json
import os
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy import born, plan
from deploy.broker import free_ports
from deploy.directory import Deployment, init, publish, records
from schemas import service
from schemas.event import parse_event
from services.runtime.faust_app import Incoming
from services.runtime.settings import Settings
from services.runtime.subjects import slot_of
from services.runtime.tokens import Issuer
from tests.organisation.small_gate import SmallGate, with_header

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
MODULES = {VT: "services.veilig_thuis", LINDE: "services.local_team"}
OPENED = {
    "persons": [{"ref": "child-1", "role": "YOUTH", "birth_date": "2015-01-01"}],
    "lead": {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]},
}
CONTENTS = {
    "purpose": "HANDOVER",
    "sections": [
        {
            "category": "CONCERNS",
            "about": ["child-1"],
            "kind": "FACT",
            "as_of": "2026-03-01",
            "source": {"kind": "OWN_OBSERVATION"},
            "text": "what only the recipient may read",
        }
    ],
}


class Process:
    """One edge, started as its supervisor would."""

    def __init__(self, home: Path, slug: str, database: Path) -> None:
        self.slug, self.home, self.database = slug, home, database
        self.port = free_ports().clients_port
        self.log = database.with_suffix(".log")
        self._deployment = Deployment.load()
        self.process: born.Born | None = None

    def start(self) -> None:
        told = {
            "ESTAFETTE_HOME": str(self.home),
            "ESTAFETTE_ORGANISATION": self.slug,
            "ESTAFETTE_PORT": str(self.port),
            "ESTAFETTE_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
        }
        self.process = born.start(self.slug, MODULES[self.slug], self.log, {**os.environ, **told})

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    async def ask(self, method: str, path: str, ref: str, json: Any = None) -> Any:
        organisation = next(o for o in self._deployment.organisations if o.slug == self.slug)
        token = Issuer.from_home(self.home).issue(organisation.caller(ref))
        async with httpx2.AsyncClient(timeout=30) as http:
            url = f"http://127.0.0.1:{self.port}{path}"
            answer = await http.request(method, url, json=json, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def ready(self) -> None:
        async with httpx2.AsyncClient() as http:
            await until(lambda: self._healthy(http))

    async def answers(self) -> bool:
        async with httpx2.AsyncClient() as http:
            try:
                return (await http.get(f"http://127.0.0.1:{self.port}/health")).status_code == 503
            except httpx2.TransportError:
                return False

    async def _healthy(self, http: httpx2.AsyncClient) -> bool:
        try:
            return (await http.get(f"http://127.0.0.1:{self.port}/health")).status_code == 200
        except httpx2.TransportError:
            return False

    def rows(self, query: str) -> list[Any]:
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


async def until(condition: Callable[[], Any], within: float = 300.0) -> Any:
    """The first true answer of a condition that may be awaited."""
    async with asyncio.timeout(within):
        while True:
            found = condition()
            found = await found if asyncio.iscoroutine(found) else found
            if found:
                return found
            await asyncio.sleep(0.2)


class Post:
    """The gate's side of Kafka: reads outboxes, writes inboxes."""

    def __init__(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self._producer, self._consumer = producer, consumer
        self.read: list[Any] = []

    async def outbox(self, name: str, count: int = 1) -> list[Any]:
        """The first `count` records of that message, by distinct id, in the order they were read."""

        async def enough() -> list[Any] | None:
            for batch in (await self._consumer.getmany(timeout_ms=200)).values():
                self.read += batch
            found = {e.id: (e, r) for e, r in ((parse_event(r.value), r) for r in self.read) if e.name == name}
            return list(found.values()) if len(found) >= count else None

        return list(await until(enough))

    async def all_out(self, name: str, ids: set[str]) -> list[Any]:
        """As `outbox`, once these messages are among them."""

        async def there() -> list[Any] | None:
            found = await self.outbox(name)
            return found if ids <= {event.id for event, _ in found} else None

        return list(await until(there))

    async def deliver(self, *incoming: Incoming) -> None:
        for each in incoming:
            await self._producer.send_and_wait(
                each.topic, each.value, each.key, each.partition, headers=list(each.headers)
            )


@pytest.fixture(scope="module")
def chain(kafka_broker: Any) -> Iterator[Path]:
    """Topics, users, keys and a published directory on the shared broker."""
    home = kafka_broker.home
    deployment = Deployment.load()
    cluster = plan.Cluster.connect(Settings(home=home), [o.slug for o in deployment.organisations])
    plan.apply(cluster, plan.plan(cluster))
    init(home, deployment)
    publish(Settings(home=home).kafka("operator"), records(home))
    yield home


@pytest.fixture
async def post(chain: Path) -> AsyncIterator[Post]:
    kafka = Settings(home=chain).kafka("gate").aiokafka()
    producer = AIOKafkaProducer(**kafka, enable_idempotence=True)
    consumer = AIOKafkaConsumer(f"{VT}.outbox", f"{LINDE}.outbox", **kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    yield Post(producer, consumer)
    await consumer.stop()
    await producer.stop()


@pytest.fixture
def start(chain: Path, tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    made: list[Process] = []

    def make(slug: str) -> Process:
        process = Process(chain, slug, tmp_path / f"{slug}.db")
        process.start()
        made.append(process)
        return process

    yield make
    for process in made:
        if process.process is not None and process.process.poll() is None:
            process.kill()


gates: dict[Path, SmallGate] = {}


@pytest.fixture
def gate(chain: Path) -> SmallGate:
    """One for the whole module: sequences go on where they were."""
    return gates.setdefault(chain, SmallGate(chain))


async def test_a_message_goes_out_is_decided_and_comes_in(
    start: Callable[[str], Process], post: Post, gate: SmallGate
) -> None:
    """From order to verdict to the other's inbox, receipt and opening, with forged records between; and a good end."""
    vt, linde = start(VT), start(LINDE)
    await asyncio.gather(vt.ready(), linde.ready())
    (opened,) = (await vt.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": OPENED}))["messages"]
    event, record = (await post.outbox("cases.opened"))[-1]
    assert (event.id, record.key.decode(), record.partition) == (
        opened["id"], opened["subject"], slot_of(opened["subject"], 4),
    )  # fmt: skip
    await post.deliver(*gate.accept(record.value, dict(record.headers)["jws"].decode()).values())
    await until(lambda: _status(vt, opened["id"], "delivered"))
    order = {"case": opened["subject"], "to": [LINDE], "body": {}, "manifest": CONTENTS}
    (letter,) = (await vt.ask("POST", "/api/messages/dossiers.shared", "vt-1", order))["messages"]
    _, record = (await post.outbox("dossiers.shared"))[-1]
    made = gate.accept(record.value, dict(record.headers)["jws"].decode())
    await post.deliver(with_header(made[LINDE], seal=b"forged"), made[LINDE], made[VT])
    _, receipt = (await post.outbox("receipts.stored"))[-1]
    assert json.loads(receipt.value)["subject"] == opened["subject"]
    content = await linde.ask("GET", f"/api/inbox/{letter['id']}/content", "linde-1")
    assert content["sections"][0]["text"] == CONTENTS["sections"][0]["text"]  # type: ignore[index]
    told, _ = (await post.outbox("dossiers.opened"))[-1]
    assert told.data.body["message"] == letter["id"]
    assert linde.rows("select reason from rejected") == [("SEAL_FORGED",)]
    assert (vt.stop(), linde.stop()) == (0, 0)
    for process in (vt, linde):
        assert "what only the recipient" not in process.log.read_text()


async def _status(process: Process, message: str, wanted: str) -> bool:
    return bool((await process.ask("GET", f"/api/messages/{message}", "vt-1"))["status"] == wanted)


async def test_killed_again_and_again_an_edge_stores_everything_once(
    start: Callable[[str], Process], post: Post, gate: SmallGate
) -> None:
    """kill -9 while 400 deliveries come in: every sequence is there once, without a hole, and applied once."""
    linde = start(LINDE)
    await linde.ready()
    before = {p: gate.sequences.get((LINDE, p), 0) for p in range(4)}
    body = service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")
    cases = [f"case:{uuid.uuid4()}" for _ in range(400)]

    async def feed() -> None:
        for case in cases:
            await post.deliver(gate.notice(LINDE, case, body))

    feeding = asyncio.create_task(feed())
    for _ in range(3):
        await asyncio.sleep(1.5)
        linde.kill()
        linde.start()
        await linde.ready()
    await feeding
    total = sum(gate.sequences.get((LINDE, p), 0) - before[p] for p in range(4))
    assert total == 400
    count = "select count(*) from inbox where name = 'regie.moved'"
    await until(lambda: linde.rows(count)[0][0] >= 400)
    held = linde.rows("select partition, count(*), min(sequence), max(sequence) from inbox group by partition")
    assert all(count == last - first + 1 for _, count, first, last in held)
    assert linde.rows("select count(*) from cases")[0][0] == 400
    assert linde.rows("select count(*) from rejected")[0][0] == 0


async def test_an_edge_whose_database_fails_ends_and_what_it_read_is_read_again(
    start: Callable[[str], Process], post: Post, gate: SmallGate
) -> None:
    """Status 1 for its supervisor; after the repair the record is stored."""
    linde = start(LINDE)
    await linde.ready()
    _alter(linde.database, "alter table inbox rename to broken")
    case = f"case:{uuid.uuid4()}"
    await post.deliver(gate.notice(LINDE, case, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")))
    assert linde.process is not None
    process = linde.process
    await until(lambda: process.poll() is not None)
    assert process.poll() == 1
    _alter(linde.database, "alter table broken rename to inbox")
    linde.start()
    await until(lambda: linde.rows(f"select regie from cases where subject = '{case}'"))


def _alter(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database, timeout=20)
    connection.execute(statement)
    connection.commit()
    connection.close()


async def test_orders_are_taken_while_kafka_is_away(
    start: Callable[[str], Process], post: Post, gate: SmallGate, kafka_broker: Any
) -> None:
    """What is ordered meanwhile is queued, survives a kill, and goes out in order when Kafka is back."""
    vt = start(VT)
    await vt.ready()
    kafka_broker.local.stop()
    asked = []
    try:
        for number in range(6):
            answer = await vt.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": OPENED})
            asked += [message["id"] for message in answer["messages"]]
            if number == 2:
                await asyncio.sleep(20)
                assert vt.process is not None
                assert vt.process.poll() is None, "the edge ended while Kafka was away"
        vt.kill()
        vt.start()  # without Kafka: from what it kept, orders are taken in
        await until(vt.answers)
        order = {"case": f"case:{uuid.uuid4()}", "to": [LINDE], "body": {}, "manifest": CONTENTS}
        (letter,) = (await vt.ask("POST", "/api/messages/dossiers.shared", "vt-1", order))["messages"]
    finally:
        kafka_broker.local.start()
    await vt.ready()
    await post.all_out("dossiers.shared", {letter["id"]})
    found = await post.all_out("cases.opened", set(asked))
    ours = [(event.id, record.partition, record.offset) for event, record in found if event.id in asked]
    for partition in range(4):
        offsets = [offset for id_, p, offset in sorted(ours, key=lambda o: asked.index(o[0])) if p == partition]
        assert offsets == sorted(offsets)
