"""What a single broker needs before it runs: its settings, its administrator, its address for others."""

import base64
import hashlib
import json
import os
import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy import certificates
from deploy.keys import replace
from services.runtime.settings import Cluster, KafkaAddress
from topics.rights import RESERVED

TEMPLATE = Path(__file__).with_name("server.properties")
ADMIN = "admin"
NODE = 1
ITERATIONS = 8192  # of SCRAM; twice the least that Kafka takes
REAUTHENTICATION = timedelta(minutes=15)


class BrokerSettings(BaseSettings):
    """Certificates from elsewhere, for the broker: ESTAFETTE_BROKER_CERTIFICATE with _KEY (PEM, the chain included),
    _CA_FILE (whom clients are to trust for it), _USERS_CA_FILE (whom the broker trusts to name users) and _USER_NAMES
    (Kafka's ssl.principal.mapping.rules: which certificate is which user). What is not given is the project's own."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_BROKER_", frozen=True, extra="ignore")

    certificate: Path | None = None
    key: Path | None = None
    ca_file: Path | None = None
    users_ca_file: Path | None = None
    user_names: str | None = None

    def pair(self) -> certificates.Pair | None:
        """Raises ValueError when only one of the two is given."""
        if self.certificate is None and self.key is None:
            return None
        if self.certificate is None or self.key is None:
            raise ValueError("ESTAFETTE_BROKER_CERTIFICATE goes with ESTAFETTE_BROKER_KEY")
        return certificates.Pair(self.certificate, self.key)


class Ports(NamedTuple):
    clients_port: int
    certificates_port: int
    internal_port: int
    controller_port: int


class Listen(NamedTuple):
    """Where the listener for clients binds, and the name under which they find it."""

    bind: str = "127.0.0.1"
    advertised: str = "127.0.0.1"


LOOPBACK = Listen()


def properties(
    ports: Ports, *, listen: Listen = LOOPBACK, data: str = "data", reauth: timedelta = REAUTHENTICATION
) -> str:
    """server.properties: the same for every broker but for where it listens and keeps its data.

    `reauth`: within this time a user whose password was taken away loses the connections it has.
    """
    return TEMPLATE.read_text(encoding="utf-8").format(
        **ports._asdict(),
        bind=listen.bind,
        advertised=listen.advertised,
        node_names=f"RULE:^CN=(broker_[0-9]+),OU={certificates.BROKERS},O={certificates.MARK}$/$1/",
        user_names=BrokerSettings().user_names or own_user_names(),
        reauth_ms=int(reauth.total_seconds() * 1000),
        data=data,
    )


def own_user_names() -> str:
    """How the broker names who shows a certificate of the users' authority: as it would with a password, so that rights
    and quotas are the same. Never as a service or the administrator: these have a password only."""
    services = "|".join(sorted(RESERVED))
    return f"RULE:^CN=(?!(?:{services}),)([a-z][a-z0-9-]+),OU={certificates.USERS},O={certificates.MARK}$/$1/"


def write_certificates(home: Path, broker: Path, hosts: tuple[str, ...] = certificates.LOOPBACK) -> Path:
    """Put what the broker shows and whom it trusts beside its settings, made or renewed where needed; gives the file
    with whom clients are to trust. With certificates from elsewhere (`BrokerSettings`) those are used towards clients.
    """
    told = BrokerSettings()
    server = told.pair() or certificates.server_certificate(home, hosts)
    node = certificates.node_certificate(home, NODE)
    if told.users_ca_file is None:
        certificates.authority(certificates.users_authority(home))
    users = told.users_ca_file or certificates.users_authority(home).certificate
    write_secret(broker / "server.pem", server.pem().decode())
    write_secret(broker / "node.pem", node.pem().decode())
    write_secret(broker / "ca.crt", certificates.brokers_authority(home).certificate.read_text())
    write_secret(broker / "users-ca.crt", users.read_text())
    return (told.ca_file or certificates.brokers_authority(home).certificate).resolve()


def write_cluster(file: Path, address: KafkaAddress, slots: int, clock: str) -> None:
    """The birth of a cluster: `cluster.json` with a new epoch. A cluster that was born keeps all but its address."""
    if file.exists():
        content = json.loads(file.read_bytes()) | {"kafka": address}
    else:
        content = {"epoch": uuid4(), "slots": slots, "clock": clock, "kafka": address}
    text = Cluster.model_validate(content).model_dump_json(indent=1, exclude_none=True) + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        replace(file, text.encode())


def cluster_id() -> str:
    """A random id as Kafka writes them. Never with a dash in front, which would read as an option."""
    return "E" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]


def free_ports() -> Ports:
    """Free ports below the range from which systems pick the near end of outgoing connections."""
    found: list[int] = []
    while len(found) < len(Ports._fields):
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return Ports(*found)


def scram_credential(user: str, password: str) -> str:
    """A user for `format --add-scram`, as Kafka stores it: without the clear password (RFC 5802 §3)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    salt64, salted64 = (base64.b64encode(value).decode() for value in (salt, salted))
    return f'SCRAM-SHA-512=[name={user},iterations={ITERATIONS},salt="{salt64}",saltedpassword="{salted64}"]'


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner may read, in a folder that only its owner may enter."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
