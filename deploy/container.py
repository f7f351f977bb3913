"""The first step in containers: give a new cluster its administrator, its broker's settings and its address.

`python -m deploy.container FOLDER` writes into ESTAFETTE_HOME (all services) and into FOLDER, the broker's alone. Does
nothing when that was done before.
"""

import os
import sys
from pathlib import Path

from deploy import certificates
from deploy.broker import (
    ADMIN,
    Listen,
    Ports,
    cluster_id,
    properties,
    scram_credential,
    write_certificates,
    write_cluster,
    write_secret,
)
from services.runtime.settings import KafkaAddress, Settings

PORTS = Ports(clients_port=9092, certificates_port=9095, internal_port=9094, controller_port=9093)
NAME = "kafka"  # of the broker's container
DATA = "/var/lib/kafka/data"


def bear(home: Path, broker: Path, slots: int, clock: str) -> bool:
    """True when a new cluster was made, False when there is one already. Its settings are written each time, and its
    certificates are renewed when they need it."""
    settings = Settings(home=home)
    listen = Listen(bind="0.0.0.0", advertised=NAME)  # noqa: S104  inside the network of the containers
    write_secret(broker / "server.properties", properties(PORTS, listen=listen, data=DATA))
    ca_file = write_certificates(home, broker, (NAME, *certificates.LOOPBACK))
    new = not settings.cluster_file.exists()
    if new:
        write_secret(home / "secrets" / ADMIN, os.urandom(24).hex())
        password = settings.secret(ADMIN).get_secret_value()
        write_secret(broker / "admin.scram", scram_credential(ADMIN, password))
        write_secret(broker / "cluster.id", cluster_id())
    address = KafkaAddress(
        bootstrap=f"{NAME}:{PORTS.clients_port}", certificates=f"{NAME}:{PORTS.certificates_port}", ca_file=ca_file
    )
    write_cluster(settings.cluster_file, address, slots, clock)
    return new


if __name__ == "__main__":
    slots, clock = os.environ.get("ESTAFETTE_SLOTS", "4"), os.environ.get("ESTAFETTE_CLOCK", "real")
    made = bear(Settings().home, Path(sys.argv[1]), int(slots), clock)
    sys.stderr.write("a new cluster\n" if made else "the cluster that was there\n")
