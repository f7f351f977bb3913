"""One description of a connection, two client libraries."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from services.runtime.kafka import KafkaSettings, started
from services.runtime.settings import Settings


class FakeClient:
    """Fails to connect `failures` times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tries = 0

    async def start(self) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise KafkaConnectionError("away")


async def test_a_client_is_started_again_while_the_broker_is_away() -> None:
    """aiokafka itself gives up at the first failure."""
    client = FakeClient(failures=1)
    assert await started(client) is client
    assert client.tries == 2


async def test_starting_gives_up_in_the_end() -> None:
    """A wrong password looks like an absent broker; it must not wait for ever."""
    with pytest.raises(KafkaConnectionError):
        await started(FakeClient(failures=99), within=0.0)


def test_a_password_is_in_no_repr() -> None:
    """Settings end up in error reports."""
    settings = KafkaSettings(bootstrap="b:1", username="gate", password=SecretStr("hidden"))
    assert "hidden" not in repr(settings)
    assert settings.aiokafka()["sasl_plain_password"] == settings.confluent()["sasl.password"] == "hidden"


def test_settings_find_the_cluster_and_the_users_password(tmp_path: Path) -> None:
    """cluster.json says where, secrets/<user> says who."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "gate").write_text("hidden\n")
    (tmp_path / "cluster.json").write_text(
        '{"epoch": "6f7a2d0e-5a63-4a6e-9a57-6a1f5e8c7b11", "slots": 4, "clock": "simulated",'
        ' "kafka": {"bootstrap": "127.0.0.1:1", "security_protocol": "SASL_PLAINTEXT"}}'
    )
    found = Settings(home=tmp_path).kafka("gate")
    assert (found.bootstrap, found.password.get_secret_value()) == ("127.0.0.1:1", "hidden")
