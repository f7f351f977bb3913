"""Where a service finds its cluster and its passwords: environment variables and the files under ESTAFETTE_HOME."""

from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.kafka import KafkaSettings, SecurityProtocol


class KafkaAddress(BaseModel):
    """How to reach the cluster; who connects is said by the password file of that user."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str
    security_protocol: SecurityProtocol = "SASL_PLAINTEXT"
    ca_file: Path | None = None


class Cluster(BaseModel):
    """What is fixed at a cluster's birth (`cluster.json`). In another epoch positions do not carry over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: UUID
    slots: int = Field(ge=1, le=1000)
    clock: Literal["simulated", "real"]
    kafka: KafkaAddress


class Settings(BaseSettings):
    """Settings of one process, from the environment: ESTAFETTE_HOME, _ORGANISATION, _HOST, _PORT, _DATABASE_URL and
    _OIDC.
    """

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", frozen=True, extra="ignore")

    home: Path = Path(".estafette")
    organisation: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    database_url: str | None = None
    oidc: Path | None = None  # the providers that let people in; without it, the development issuer, on loopback only

    @property
    def cluster_file(self) -> Path:
        return self.home / "cluster.json"

    def cluster(self) -> Cluster:
        """The cluster this process belongs to. Raises FileNotFoundError when none was made here yet."""
        return Cluster.model_validate_json(self.cluster_file.read_bytes())

    def secret(self, user: str) -> SecretStr:
        """The Kafka password of a user. Raises FileNotFoundError when this machine does not hold it."""
        return SecretStr((self.home / "secrets" / user).read_text(encoding="utf-8").strip())

    def kafka(self, user: str) -> KafkaSettings:
        """Everything a Kafka client needs to connect as `user`."""
        address = self.cluster().kafka
        return KafkaSettings(
            bootstrap=address.bootstrap,
            username=user,
            password=self.secret(user),
            security_protocol=address.security_protocol,
            ca_file=address.ca_file,
        )
