"""One description of a Kafka connection, in the words of both client libraries."""

import asyncio
import ssl
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TypeVar

from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

SecurityProtocol = Literal["SASL_SSL", "SSL"]
MECHANISM = "SCRAM-SHA-512"


class KafkaSettings(BaseModel):
    """A user's connection, always over TLS: with a password (SASL_SSL), or with a certificate (SSL).

    `certificate` and `key` are PEM files; `ca_file` holds whom to trust for the broker's own certificate, whose host
    name is always compared. Without it the authorities of this machine are trusted. The password never shows in a repr.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str
    username: str
    password: SecretStr | None = None
    certificate: Path | None = None
    key: Path | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate goes with its key")
        if (self.password is None) == (self.certificate is None):
            raise ValueError("either a password or a certificate")
        return self

    @property
    def security_protocol(self) -> SecurityProtocol:
        return "SSL" if self.password is None else "SASL_SSL"

    def ssl_context(self) -> ssl.SSLContext:
        """Checks the broker's certificate and its host name; shows the own certificate if there is one."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.password is not None:
            settings["sasl_mechanism"] = MECHANISM
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password.get_secret_value()
        return settings

    def confluent(self) -> dict[str, Any]:
        """Configuration for any confluent-kafka client. A producer adds `"partitioner": "murmur2_random"`, or its keys
        land on other partitions than those of the other clients."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            "ssl.endpoint.identification.algorithm": "https",
            "log_level": 0,
        }
        if self.password is not None:
            settings["sasl.mechanism"] = MECHANISM
            settings["sasl.username"] = self.username
            settings["sasl.password"] = self.password.get_secret_value()
        files = {
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate,
            "ssl.key.location": self.key,
        }
        return settings | {name: str(file) for name, file in files.items() if file is not None}


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
