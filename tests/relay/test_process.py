"""What only whole processes can show: deaths, exit codes, signals, health."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from tests.relay.backends import SLOTS, OnKafka, committed

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(90)]
Started = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def backend(kafka_broker: Any) -> OnKafka:
    return OnKafka(kafka_broker.settings())


@pytest.fixture
async def name(backend: OnKafka) -> str:
    name = f"p{backend.prefix}"
    await backend.make(f"{name}.in", f"{name}.out", f"{name}.state")
    return name


@pytest.fixture
def start(kafka_broker: Any, name: str, tmp_path: Path) -> Iterator[Started]:
    """Starts a relay; whatever still lives at the end of the test is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def started(
        user: str = "admin", clock: str = "real", port: str = "0", topic: str = ""
    ) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.relay.process", str(kafka_broker.home), user, name, clock, port]
        with (tmp_path / f"{len(running)}.log").open("wb") as log:
            process = subprocess.Popen([*command, topic or f"{name}.in"], stderr=log)
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.wait()


def ended(process: "subprocess.Popen[bytes]") -> int:
    return process.wait(60)


def logged(folder: Path, number: int = 0) -> str:
    return (folder / f"{number}.log").read_text()


async def test_a_record_that_kills_the_process_is_handed_over_undecided(
    start: Started, backend: OnKafka, name: str
) -> None:
    """After three deaths at one position records are decided one by one; then two deaths point at the killer.
    Its neighbours are decided as ever."""
    for value in (b"a", b"exit", b"b", b"c"):
        await backend.append(f"{name}.in", 0, b"k", value)
    codes = []
    for _ in range(5):
        codes.append(await asyncio.to_thread(ended, start(port="slot:0")))
    assert codes == [9] * 5
    start(port="slot:0")
    while len(found := await _out(backend, name)) < 4:
        await asyncio.sleep(0.1)
    assert found == ["a 1", "KilledProcess 2", "b 3", "c 4"]


async def _out(backend: OnKafka, name: str) -> list[str]:
    bodies = [json.loads(value or b"") for _, value, _ in await backend.read(f"{name}.out", 0)]
    return [f"{body['value'] if 'value' in body else body['failed']} {body['n']}" for body in bodies if "n" in body]


async def test_sigterm_ends_a_relay_in_good_order(start: Started, backend: OnKafka, name: str) -> None:
    """All that was decided is committed, the next owner counts no death, and the exit code is 0."""
    port = _free_port()
    process = start(port=str(port))
    health = await _ready(port)
    assert sorted(health["slots"]) == ["0", "1", "2", "3"]
    await backend.append(f"{name}.in", 0, b"k", b"a")
    while await _out(backend, name) != ["a 1"]:
        await asyncio.sleep(0.1)
    process.terminate()
    assert await asyncio.to_thread(ended, process) == 0
    state = {key: value for key, value, _ in await asyncio.to_thread(committed, backend.settings, f"{name}.state", 0)}
    assert state[b"suspect::"] is None
    assert state[f"position::{name}.in".encode()] == b"1"


async def test_slots_are_shared_and_taken_over(start: Started, backend: OnKafka, name: str) -> None:
    """Two processes own them all together; when one is killed the other has them after a session."""
    ports = [_free_port(), _free_port()]
    first, _ = start(port=str(ports[0])), start(port=str(ports[1]))
    while sorted(map(len, await asyncio.gather(_slots(ports[0]), _slots(ports[1])))) != [2, 2]:
        await asyncio.sleep(0.1)
    first.kill()
    while len(await _slots(ports[1])) < SLOTS:
        await asyncio.sleep(0.2)
    await backend.append(f"{name}.in", 0, b"k", b"a")
    while await _out(backend, name) != ["a 1"]:
        await asyncio.sleep(0.1)


async def test_a_missing_right_is_said_and_not_waited_for(
    start: Started, kafka_broker: Any, backend: OnKafka, name: str, tmp_path: Path
) -> None:
    """Exit code 78, with the topic and the user in the log."""
    user = f"poor-{name}"
    kafka_broker.settings(user)
    rights = [
        (ResourceType.TOPIC, f"{name}.state", AclOperation.ALL),
        (ResourceType.GROUP, f"{name}.slots", AclOperation.READ),
        (ResourceType.TRANSACTIONAL_ID, f"{name}-", AclOperation.WRITE),
    ]
    allowed = [
        AclBinding(kind, what, _pattern(kind), f"User:{user}", "*", right, AclPermissionType.ALLOW)
        for kind, what, right in rights
    ]
    for made in backend.admin.create_acls(allowed).values():
        made.result(20)
    assert await asyncio.to_thread(ended, start(user)) == 78
    assert f"Kafka user {user} cannot read {name}.in: missing right READ" in logged(tmp_path)


def _pattern(kind: ResourceType) -> ResourcePatternType:
    return ResourcePatternType.PREFIXED if kind == ResourceType.TRANSACTIONAL_ID else ResourcePatternType.LITERAL


async def test_a_cluster_born_otherwise_ends_the_process_with_its_reason(
    start: Started, name: str, tmp_path: Path
) -> None:
    """Exit code 78: no restart can help."""
    port = _free_port()
    process = start(port=str(port))
    await _ready(port)
    process.terminate()
    await asyncio.to_thread(ended, process)
    assert await asyncio.to_thread(ended, start(clock="simulated", topic=f"{name}.in")) == 78
    assert "a birth cannot be changed" in logged(tmp_path, 1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _health(port: int) -> dict[str, Any]:
    async with httpx2.AsyncClient() as client:
        try:
            answer: dict[str, Any] = (await client.get(f"http://127.0.0.1:{port}/health")).json()
        except httpx2.TransportError:
            return {}
    return answer


async def _ready(port: int) -> dict[str, Any]:
    while not (health := await _health(port)).get("ready"):
        await asyncio.sleep(0.1)
    return health


async def _slots(port: int) -> list[str]:
    health = await _health(port)
    return list(health["slots"]) if health.get("ready") else []
