"""What more than one folder of tests uses: a real Kafka and a real PostgreSQL, each made once a run and thrown away."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import fastapi.dependencies.models
import pytest
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.broker import ADMIN, free_ports, write_secret
from deploy.kafka import LocalKafka
from services.runtime.kafka import KafkaSettings

SLOTS = 4
LACKS = "needs "
FIRST, LAST = "tests/system/test_stories.py", "tests/chaos/"
"""What takes longest goes first, lest the other worker waits for it at the end; storms come when the rest is done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (FIRST not in str(item.path), LAST in str(item.path)))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """FastAPI remembers every function that it served, and with it the application: hundreds of them here."""
    yield
    for each in vars(fastapi.dependencies.models).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


class Broker(LocalKafka):
    """A real broker in a temporary home. `start`, `stop`, `kill9` and `restart` as in production."""

    def user(self, name: str = ADMIN) -> KafkaSettings:
        """The connection of a user; one that does not exist yet is made, without any right."""
        if not (self.home / "secrets" / name).exists():
            write_secret(self.home / "secrets" / name, secrets.token_urlsafe(24))
            self._make(name)
        return self.settings.kafka(name)

    def _make(self, name: str) -> None:
        password = self.settings.secret(name).get_secret_value().encode()
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        admin = self.admin()
        wanted = UserScramCredentialUpsertion(name, credential, password)
        for future in admin.alter_user_scram_credentials([wanted]).values():
            future.result(20)

    def admin(self) -> AdminClient:
        """Keep the client until its futures are done: a collected one ends them."""
        return AdminClient(self.settings.kafka(ADMIN).confluent())


class KafkaBroker:
    """What tests get: the broker under its short names."""

    def __init__(self, local: Broker) -> None:
        self.local = local
        self.home = local.home

    @property
    def bootstrap(self) -> str:
        return self.local.bootstrap

    def settings(self, user: str = ADMIN) -> KafkaSettings:
        return self.local.user(user)

    def admin(self) -> AdminClient:
        return self.local.admin()


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    with tempfile.TemporaryDirectory(prefix="estafette-") as folder:
        local = Broker(Path(folder) / "home", slots=SLOTS)
        local.start()
        try:
            yield KafkaBroker(local)
        finally:
            local.stop()


@pytest.fixture
def fresh_topics(kafka_broker: KafkaBroker) -> Callable[..., tuple[str, ...]]:
    """`fresh_topics("a.outbox", "gate.state", partitions=4, compact=("gate.state",))`: these topics, empty."""

    def make(*names: str, partitions: int = SLOTS, compact: tuple[str, ...] = ()) -> tuple[str, ...]:
        admin = kafka_broker.admin()
        there = [name for name in names if name in admin.list_topics(timeout=20).topics]
        if there:
            for gone in admin.delete_topics(there).values():
                gone.result(20)
        wanted = [
            NewTopic(name, partitions, 1, config={"cleanup.policy": "compact" if name in compact else "delete"})
            for name in names
        ]
        for made in admin.create_topics(wanted).values():
            made.result(20)
        return names

    return make


@pytest.fixture(scope="session")
def needs() -> Callable[[str, object], None]:
    """`needs("Chromium", shutil.which("chromium"))`: without it the test is not run and says so; with CI it fails."""

    def check(what: str, found: object) -> None:
        if found:
            return
        if os.environ.get("CI"):
            pytest.fail(f"{LACKS}{what}")
        pytest.skip(f"{LACKS}{what}")

    return check


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """From the reports, which come from every process that ran tests."""
    why = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(why):
        if reason.startswith(f"Skipped: {LACKS}"):
            terminalreporter.write_line(f"not run: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def postgres_server(needs: Callable[[str, object], None]) -> Iterator[Callable[[], str]]:
    """A throw-away PostgreSQL; each call makes an empty database and gives its address for SQLAlchemy with asyncpg."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    needs("PostgreSQL (initdb)", found)
    binaries = Path(str(found)).resolve().parent
    root = os.geteuid() == 0
    port = free_ports().clients_port
    with tempfile.TemporaryDirectory(prefix="estafette-pg-") as folder:
        as_user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
        if root:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")

        def run(program: str, *arguments: str) -> None:
            command = [str(binaries / program), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, check=True, **as_user)

        run("initdb", "-A", "trust", "-U", "app", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        numbers = count(1)

        def database() -> str:
            name = f"test{next(numbers)}"
            login = ["-h", "127.0.0.1", "-p", str(port), "-U", "app"]
            subprocess.run([str(binaries / "createdb"), *login, name], timeout=60, check=True)
            return f"postgresql+asyncpg://app@127.0.0.1:{port}/{name}"

        try:
            yield database
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture
def postgres(postgres_server: Callable[[], str]) -> str:
    """The address of an empty PostgreSQL database that only this test has."""
    return postgres_server()
