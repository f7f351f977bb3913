"""Where a service finds its cluster and its passwords: environment variables and the files under ESTAFETTE_HOME."""

from pathlib import Path
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.kafka import KafkaSettings


class KafkaAddress(BaseModel):
    """How to reach the cluster, over TLS: `bootstrap` for users with a password, `certificates` for users with a
    certificate. `ca_file` holds whom to trust for the broker's own certificate; None trusts those this machine trusts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str
    certificates: str | None = None
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

    ESTAFETTE_KAFKA_CERTIFICATE and _KAFKA_KEY (PEM files) log this process in with a certificate from elsewhere;
    ESTAFETTE_KAFKA_CA_FILE says whom to trust for the broker's.
    """

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", frozen=True, extra="ignore")

    home: Path = Path(".estafette")
    organisation: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    database_url: str | None = None
    oidc: Path | None = None  # the providers that let people in; without it, the development issuer, on loopback only
    kafka_certificate: Path | None = None
    kafka_key: Path | None = None
    kafka_ca_file: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.kafka_certificate is None) != (self.kafka_key is None):
            raise ValueError("ESTAFETTE_KAFKA_CERTIFICATE goes with ESTAFETTE_KAFKA_KEY")
        return self

    @property
    def cluster_file(self) -> Path:
        return self.home / "cluster.json"

    def cluster(self) -> Cluster:
        """The cluster this process belongs to. Raises FileNotFoundError when none was made here yet."""
        return Cluster.model_validate_json(self.cluster_file.read_bytes())

    def secret(self, user: str) -> SecretStr:
        """The Kafka password of a user. Raises FileNotFoundError when this machine does not hold it."""
        return SecretStr((self.home / "secrets" / user).read_text(encoding="utf-8").strip())

    def certificate(self, user: str) -> tuple[Path, Path] | None:
        """The certificate and key of a user: the configured ones, or those under `home`; None for a password."""
        if self.kafka_certificate is not None and self.kafka_key is not None:
            return self.kafka_certificate, self.kafka_key
        own = self.home.resolve() / "certificates"
        found = own / f"{user}.crt", own / f"{user}.key"
        return found if all(file.exists() for file in found) else None

    def kafka(self, user: str) -> KafkaSettings:
        """Everything a Kafka client needs to connect as `user`: with its certificate if it has one, else its password.

        Raises FileNotFoundError when this machine holds neither.
        """
        address = self.cluster().kafka
        ca_file = self.kafka_ca_file or address.ca_file
        own = self.certificate(user)
        if own is not None:
            certificate, key = own
            if address.certificates is None:
                raise ValueError(f"{self.cluster_file} names no address for users with a certificate")
            return KafkaSettings(
                bootstrap=address.certificates, username=user, certificate=certificate, key=key, ca_file=ca_file
            )
        return KafkaSettings(bootstrap=address.bootstrap, username=user, password=self.secret(user), ca_file=ca_file)
