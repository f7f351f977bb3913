"""A client in another language, written from docs/write-a-client.md alone; real broker, gate and edge."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.cli.schemas import EXAMPLE, FOLDER
from services.runtime.directory import load_pins
from tests.attacks.scene import LINDE, SLOTS, VT, WORKER, Scene, scene, until

HERE = Path(__file__).parent
TEXT = "Only for who it is meant: “zij slaapt slecht” – Élise"
ANSWER = "Thank you. We saw her on Tuesday; she draws again."


def node(command: str, settings: Path, *arguments: str) -> dict[str, Any]:
    """What a command of the client printed."""
    line = ["node", "client.mjs", command, str(settings), *arguments]
    done = subprocess.run(line, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def node_version() -> int:
    """The major version; 0 without Node. Below 20 it has no Ed25519 in Web Crypto."""
    if shutil.which("node") is None:
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60, check=True)
    return int(told.stdout.strip().lstrip("v").partition(".")[0])


@pytest.fixture(scope="module")
def installed(needs: Callable[[str, object], None]) -> None:
    """Its two libraries, by the lock and its hashes; from npm's own cache when it has them."""
    needs("Node 20 or later, with npm", shutil.which("npm") and node_version() >= 20)
    if (HERE / "node_modules" / ".package-lock.json").exists():
        return
    line = ["npm", "ci", "--prefer-offline", "--ignore-scripts"]
    done = subprocess.run(line, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    """So that it installs from whatever registry a machine is set to."""
    told = json.loads((HERE / "package-lock.json").read_text())["packages"]
    libraries = [each for name, each in told.items() if name]
    assert len(libraries) >= 2
    assert all("resolved" not in each and each["integrity"].startswith("sha512-") for each in libraries)


@pytest.mark.usefixtures("installed")
def test_another_language_comes_to_the_same_bytes() -> None:
    """The worked example of the documentation: hashes, signatures, partitions, digest, and a seal that opens."""
    found = node("vectors", FOLDER / EXAMPLE)
    assert len(found) == 9
    assert found == dict.fromkeys(found, True)


@pytest.fixture(scope="module")
def system(installed: None) -> Iterator[Scene]:
    with scene("gate", LINDE) as made:
        yield made


@pytest.fixture
def settings(system: Scene, tmp_path: Path) -> Path:
    """What its operator would write down for it."""
    kafka = system.settings.kafka(VT)
    assert kafka.password is not None
    told = {
        "slug": VT,
        "slots": SLOTS,
        "epoch": str(system.settings.cluster().epoch),
        "kafka": {
            "bootstrap": kafka.bootstrap,
            "security_protocol": kafka.security_protocol,
            "ca_file": str(kafka.ca_file) if kafka.ca_file else None,
            "password": kafka.password.get_secret_value(),
        },
        "keys": {
            "signing": system.client(VT).key.to_jwk(),
            "sealing": system.client(VT).sealing.to_jwk(),
        },
        "pins": dict(load_pins(system.home / "pins.yaml")),
        "professional": WORKER,
    }
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(told))
    return file


@pytest.mark.kafka
@pytest.mark.timeout(600)
def test_a_client_in_another_language_takes_part(system: Scene, settings: Path) -> None:
    """It opens a case, is refused without consent, records it and shares; the other side reads, and answers; it checks
    the gate's seal, opens the answer and says that it is stored.
    """
    shared = node("share", settings, LINDE, TEXT)
    said = [(each["name"], each["verdict"], [reason["code"] for reason in each["reasons"]]) for each in shared["said"]]
    assert said == [
        ("cases.opened", "DELIVERED", []),
        ("dossiers.shared", "REFUSED", ["CONSENT_INCOMPLETE"]),
        ("consents.recorded", "DELIVERED", []),
        ("dossiers.shared", "DELIVERED", []),
    ]
    assert shared["ignored"] == []
    letter = shared["said"][-1]["id"]
    until(lambda: any(row.get("id") == letter for row in inbox(system)), "the letter at the other side")
    content = system.ask(LINDE, "GET", f"/api/inbox/{letter}/content", "linde-1")
    assert [section["text"] for section in content["sections"]] == [TEXT]

    answered = answer(system, shared["subject"])
    until(lambda: status(system, answered)["status"] == "delivered", "the answer to be delivered")
    received = node("receive", settings, shared["subject"])
    assert [(each["id"], each["body"]) for each in received["letters"]] == [(answered, ANSWER)]
    assert "notices.stored" in received["notices"], "the other side says that it stored the letter"
    until(lambda: status(system, answered)["stored_at"], "the receipt of the client to reach the other side")


def inbox(system: Scene) -> list[dict[str, Any]]:
    return list(system.ask(LINDE, "GET", "/api/inbox", "linde-1"))


def status(system: Scene, message: str) -> dict[str, Any]:
    return dict(system.ask(LINDE, "GET", f"/api/messages/{message}", "linde-1"))


def answer(system: Scene, case: str) -> str:
    """The other side shares something too; the id of its letter."""
    section = {
        "category": "CONCERNS",
        "about": ["child-1"],
        "kind": "OBSERVATION",
        "as_of": "2026-03-02",
        "source": {"kind": "OWN_OBSERVATION"},
        "bases": [{"person": "child-1", "secrecy": "G8"}],
        "text": ANSWER,
    }
    order = {"case": case, "to": [VT], "body": {}, "manifest": {"purpose": "MONITORING", "sections": [section]}}
    (made,) = system.ask(LINDE, "POST", "/api/messages/dossiers.shared", "linde-1", json=order)["messages"]
    return str(made["id"])
