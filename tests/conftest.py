"""What more than one folder of tests uses: a real Kafka and a real PostgreSQL, each made once a run and thrown away."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.kafka import ADMIN, LocalKafka, write_secret
from services.runtime.kafka import KafkaSettings

SLOTS = 4


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
