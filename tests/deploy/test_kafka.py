"""The local broker as a process: it survives, it is not started twice, it comes back where it was."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.broker import ADMIN, scram_credential
from deploy.jars import Jar, class_path, pinned
from deploy.kafka import LocalKafka


@pytest.fixture
def local() -> Iterator[LocalKafka]:
    with tempfile.TemporaryDirectory(prefix="estafette-") as folder:
        broker = LocalKafka(Path(folder) / "home")
        yield broker
        broker.kill9()


def topics(local: LocalKafka) -> set[str]:
    return set(AdminClient(local.settings.kafka(ADMIN).confluent()).list_topics(timeout=30).topics)


@pytest.mark.kafka
def test_a_broker_keeps_its_address_and_data_through_a_kill_and_a_restart(local: LocalKafka) -> None:
    """Clients find it where it was; a second start, also from elsewhere, leaves the first alone."""
    assert local.start() is True
    address, pid = local.bootstrap, local.pid
    admin = AdminClient(local.settings.kafka(ADMIN).confluent())
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(20)

    from_elsewhere = LocalKafka(local.home)
    assert from_elsewhere.start() is False
    assert from_elsewhere.pid == pid

    assert local.kill9() is True
    assert local.running() is False
    assert from_elsewhere.start() is True
    assert topics(local) == {"kept"}
    assert local.bootstrap == address
    assert local.pid != pid

    assert from_elsewhere.stop() is True
    assert from_elsewhere.stop() is False


@pytest.mark.kafka
def test_files_with_passwords_can_be_read_by_their_owner_only(local: LocalKafka) -> None:
    """The home is closed too, and no password stands on the broker's command line."""
    local.start()
    for file in (local.home / "secrets" / ADMIN, local.folder / "server.properties"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(local.home.stat().st_mode) == 0o700
    password = local.settings.secret(ADMIN).get_secret_value()
    assert password not in scram_credential(ADMIN, password)
    command = Path(f"/proc/{local.pid}/cmdline")
    if command.exists():
        assert password.encode() not in command.read_bytes()


def test_no_broker_runs_in_a_home_that_does_not_exist(tmp_path: Path) -> None:
    """Asking makes nothing."""
    broker = LocalKafka(tmp_path / "home")
    assert broker.running() is False
    assert broker.stop() is False
    assert not (tmp_path / "home").exists()


def test_the_lock_names_coordinates_and_digests_only() -> None:
    """No address of a registry: the same lock works behind any mirror."""
    jars = pinned()
    assert len(jars) == 46
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert all("/" not in "".join(jar) for jar in jars)


def test_a_jar_that_is_in_the_cache_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a group that exists nowhere would fail otherwise."""
    monkeypatch.setenv("ESTAFETTE_CACHE", str(tmp_path))
    jar = Jar("nowhere.invalid", "thing", "1", hashlib.sha256(b"content").hexdigest())
    path = jar.path(tmp_path / "jars")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"content")
    lock = tmp_path / "jars.lock"
    lock.write_text(f"# a comment\n{jar.group}:{jar.name}:{jar.version} {jar.sha256}\n")
    assert class_path(lock).split(os.pathsep) == [str(path)]
