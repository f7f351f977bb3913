"""One description of a Kafka connection, in the words of both client libraries."""

import asyncio
import ssl
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel, ConfigDict, SecretStr

SecurityProtocol = Literal["SASL_PLAINTEXT", "SASL_SSL"]
MECHANISM = "SCRAM-SHA-512"


class KafkaSettings(BaseModel):
    """A user's connection. The password never shows in a repr."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str
    username: str
    password: SecretStr
    security_protocol: SecurityProtocol = "SASL_PLAINTEXT"
    ca_file: Path | None = None

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password.get_secret_value(),
        }
        if self.security_protocol == "SASL_SSL":
            settings["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        return settings

    def confluent(self) -> dict[str, Any]:
        """Configuration for any confluent-kafka client. A producer adds `"partitioner": "murmur2_random"`, or its keys
        land on other partitions than those of the other clients."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": MECHANISM,
            "sasl.username": self.username,
            "sasl.password": self.password.get_secret_value(),
            "log_level": 0,
        }
        if self.ca_file is not None:
            settings["ssl.ca.location"] = str(self.ca_file)
        return settings


class Startable(Protocol):
    async def start(self) -> None: ...


Client = TypeVar("Client", bound=Startable)


async def started(client: Client, within: float = 120.0) -> Client:
    """Start an aiokafka client, trying again while the broker is away, for at most `within` seconds.

    aiokafka gives up at the first failed connection. It reports a wrong password as a failed connection too, hence the
    limit; then KafkaConnectionError is raised.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    pause = 0.1
    while True:
        try:
            await client.start()
        except KafkaConnectionError:
            if loop.time() + pause > deadline:
                raise
        else:
            return client
        await asyncio.sleep(pause)
        pause = min(2.0, pause * 2)
