"""One description of a connection, two client libraries."""

import ssl
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr, ValidationError

from services.runtime.kafka import KafkaSettings, started
from services.runtime.settings import KafkaAddress, Settings


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
        ' "kafka": {"bootstrap": "127.0.0.1:1"}}'
    )
    found = Settings(home=tmp_path).kafka("gate")
    assert found.password is not None
    assert (found.bootstrap, found.password.get_secret_value()) == ("127.0.0.1:1", "hidden")


def test_a_user_with_a_certificate_logs_in_with_it(tmp_path: Path) -> None:
    """One under the home, at the address for certificates; one from elsewhere goes before it."""
    (tmp_path / "certificates").mkdir()
    for name in ("linde.crt", "linde.key"):
        (tmp_path / "certificates" / name).touch()
    (tmp_path / "cluster.json").write_text(
        '{"epoch": "6f7a2d0e-5a63-4a6e-9a57-6a1f5e8c7b11", "slots": 4, "clock": "simulated",'
        ' "kafka": {"bootstrap": "b:1", "certificates": "b:2", "ca_file": "/ca.crt"}}'
    )
    own = Settings(home=tmp_path).kafka("linde").confluent()
    assert (own["security.protocol"], own["bootstrap.servers"]) == ("SSL", "b:2")
    assert own["ssl.key.location"] == str(tmp_path / "certificates" / "linde.key")
    assert own["ssl.ca.location"] == "/ca.crt"
    assert "sasl.username" not in own

    told = Settings(home=tmp_path, kafka_certificate=Path("/c.crt"), kafka_key=Path("/c.key"), kafka_ca_file=Path("/a"))
    elsewhere = told.kafka("linde").confluent()
    assert (elsewhere["ssl.certificate.location"], elsewhere["ssl.ca.location"]) == ("/c.crt", "/a")
    with pytest.raises(ValidationError, match="goes with"):
        Settings(home=tmp_path, kafka_key=Path("/c.key"))


def test_there_is_no_connection_without_tls() -> None:
    """Neither a setting for it, nor a connection that shows nothing."""
    with pytest.raises(ValidationError):
        KafkaAddress.model_validate({"bootstrap": "b:1", "security_protocol": "SASL_PLAINTEXT"})
    with pytest.raises(ValidationError, match="either a password or a certificate"):
        KafkaSettings(bootstrap="b:1", username="gate")
    settings = KafkaSettings(bootstrap="b:1", username="gate", password=SecretStr("hidden"))
    assert settings.confluent()["security.protocol"] == settings.aiokafka()["security_protocol"] == "SASL_SSL"
    context = settings.ssl_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
