"""What a single broker needs before it runs: its settings, its administrator, its address for others."""

import base64
import hashlib
import os
import secrets
import socket
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from services.runtime.kafka import SecurityProtocol
from services.runtime.settings import Cluster, KafkaAddress

TEMPLATE = Path(__file__).with_name("server.properties")
ADMIN = "admin"
ITERATIONS = 8192  # of SCRAM; twice the least that Kafka takes


class Tls(NamedTuple):
    """What a listener needs to speak TLS: lines for server.properties, and the CA that clients trust."""

    properties: str
    ca_file: Path


class Ports(NamedTuple):
    clients_port: int
    internal_port: int
    controller_port: int


class Listen(NamedTuple):
    """Where the listener for clients binds, and the name under which they find it."""

    bind: str = "127.0.0.1"
    advertised: str = "127.0.0.1"


LOOPBACK = Listen()


def properties(
    admin_password: str, ports: Ports, *, listen: Listen = LOOPBACK, tls: Tls | None = None, data: str = "data"
) -> str:
    """server.properties, with the administrator's password in it: keep it where only its owner reads it."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    return TEMPLATE.read_text(encoding="utf-8").format(
        **ports._asdict(),
        bind=listen.bind,
        advertised=listen.advertised,
        protocol=_protocol(tls),
        node_login=f'{scram} username="{ADMIN}" password="{admin_password}";',
        tls=tls.properties if tls else "",
        data=data,
    )


def write_cluster(file: Path, bootstrap: str, slots: int, clock: str, tls: Tls | None = None) -> None:
    """The birth of a cluster: `cluster.json` with a new epoch."""
    address = KafkaAddress(bootstrap=bootstrap, security_protocol=_protocol(tls), ca_file=tls.ca_file if tls else None)
    cluster = Cluster.model_validate({"epoch": uuid4(), "slots": slots, "clock": clock, "kafka": address})
    file.write_text(cluster.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")


def cluster_id() -> str:
    """A random id as Kafka writes them. Never with a dash in front, which would read as an option."""
    return "E" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]


def _protocol(tls: Tls | None) -> SecurityProtocol:
    return "SASL_SSL" if tls else "SASL_PLAINTEXT"


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
