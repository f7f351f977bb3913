"""The directory over a real broker: published by the operator, read and followed by the others."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from click.testing import CliRunner
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.directory import Deployment, NotPublishedError, init, publish, records
from deploy.keys import organisation_keys
from deploy.publishing import read
from schemas.directory import TOPIC
from services.cli.directory import directory as directory_command
from services.runtime.directory import Conflict, ConflictReason, DirectoryReader, load_pins

if TYPE_CHECKING:
    from tests.conftest import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
LINDE = "lokaal-team-linde"


@pytest.fixture
def broker(kafka_broker: "KafkaBroker", fresh_topics: Callable[..., tuple[str, ...]]) -> "KafkaBroker":
    """A broker with an empty directory that the operator may write and read and the gate may read, and nobody else."""
    fresh_topics(TOPIC, partitions=1, compact=(TOPIC,))
    rights = {"operator": (AclOperation.WRITE, AclOperation.READ), "gate": (AclOperation.READ,), "stranger": ()}
    admin = kafka_broker.admin()
    for user, operations in rights.items():
        kafka_broker.settings(user)
        wanted = [_acl(user, operation) for operation in operations]
        for granted in admin.create_acls(wanted).values() if wanted else ():
            granted.result(20)
    return kafka_broker


def _acl(user: str, operation: AclOperation) -> AclBinding:
    literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    return AclBinding(ResourceType.TOPIC, TOPIC, literal, f"User:{user}", "*", operation, allow)


def reader(broker: "KafkaBroker", home: Path, report: Callable[[Conflict], None] | None = None) -> DirectoryReader:
    return DirectoryReader(broker.settings("gate"), load_pins(home / "pins.yaml"), report)


async def test_a_reader_knows_everyone_before_it_is_used(broker: "KafkaBroker", tmp_path: Path) -> None:
    """`start` returns when the topic was read to its end, also when entries stand there twice."""
    init(tmp_path, Deployment.load())
    values = records(tmp_path)
    assert publish(broker.settings("operator"), values) == publish(broker.settings("operator"), values) == len(values)
    gate = reader(broker, tmp_path)
    await gate.start()
    try:
        assert set(gate.directory.organisations) == set(values)
        assert gate.directory.revision == 2 * len(values)
        assert gate.directory.conflicts == ()
        own = organisation_keys(tmp_path, LINDE).signing.kid
        assert gate.directory.key(own, NOW) is not None
    finally:
        await gate.stop()


async def test_an_empty_directory_is_read_to_its_end_too(broker: "KafkaBroker", tmp_path: Path) -> None:
    """A start before the first publication does not hang; `refresh` then sees what came."""
    init(tmp_path, Deployment.load())
    gate = reader(broker, tmp_path)
    await gate.start()
    try:
        assert gate.directory.revision == 0
        publish(broker.settings("operator"), records(tmp_path))
        await gate.refresh()
        assert gate.directory.find(LINDE) is not None
    finally:
        await gate.stop()


async def test_a_reader_follows_and_ignores_a_swapped_entry(broker: "KafkaBroker", tmp_path: Path) -> None:
    """A later entry of another identity is reported and changes nothing; a later one of the right identity counts."""
    init(tmp_path / "true", Deployment.load())
    init(tmp_path / "false", Deployment.load())
    publish(broker.settings("operator"), records(tmp_path / "true"))
    reported: list[Conflict] = []
    gate = reader(broker, tmp_path / "true", reported.append)
    await gate.start()
    try:
        before = gate.directory.find(LINDE)
        publish(broker.settings("operator"), {LINDE: records(tmp_path / "false")[LINDE]})
        await gate.refresh()
        assert [(conflict.slug, conflict.reason) for conflict in reported] == [(LINDE, ConflictReason.IDENTITY)]
        assert gate.directory.find(LINDE) == before
        publish(broker.settings("operator"), {LINDE: records(tmp_path / "true")[LINDE]})
        await gate.refresh()
        assert gate.directory.conflicts == ()
    finally:
        await gate.stop()


async def test_a_stopped_reader_says_so(broker: "KafkaBroker", tmp_path: Path) -> None:
    """`followed` returns after `stop`, so that a service can wait for it."""
    init(tmp_path, Deployment.load())
    gate = reader(broker, tmp_path)
    await gate.start()
    await gate.stop()
    await asyncio.wait_for(gate.followed(), 5)


async def test_a_reader_without_the_right_to_read_does_not_start(broker: "KafkaBroker", tmp_path: Path) -> None:
    """It ends within its limit instead of waiting for ever for a topic it may not see."""
    init(tmp_path, Deployment.load())
    stranger = DirectoryReader(broker.settings("stranger"), load_pins(tmp_path / "pins.yaml"))
    with pytest.raises((TopicAuthorizationFailedError, TimeoutError)):
        await stranger.start(within=2)


def test_only_the_operator_publishes(broker: "KafkaBroker", tmp_path: Path) -> None:
    """The gate's user may read only, and is told that nothing arrived."""
    init(tmp_path, Deployment.load())
    with pytest.raises(NotPublishedError, match="AUTHORIZATION_FAILED"):
        publish(broker.settings("gate"), records(tmp_path), within=5)


def test_the_command_line_publishes_and_shows(
    broker: "KafkaBroker", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`plan` tells, `apply` publishes, `show` prints who counts and ends with 1 when a record was ignored; applying
    again puts that right."""
    monkeypatch.setenv("ESTAFETTE_HOME", str(broker.home))
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner().invoke
    assert run(directory_command, ["init"]).exit_code == 0
    at = ["--at", "2026-03-02T09:00:00Z"]
    planned = run(directory_command, ["plan", *at])
    assert planned.exit_code == 0 and f"{LINDE}: joins as LOCAL_TEAM" in planned.output
    published = run(directory_command, ["apply", *at])
    assert published.exit_code == 0 and "published; the directory is at revision 10" in published.output
    again = run(directory_command, ["apply", *at])
    assert "0 to publish, 10 unchanged" in again.output and "published;" not in again.output
    shown = run(directory_command, ["show", "--keys", *at])
    assert shown.exit_code == 0 and LINDE in shown.output and "revision 10" in shown.output
    init(tmp_path, Deployment.load())
    publish(broker.settings("operator"), {LINDE: records(tmp_path)[LINDE]})
    warned = run(directory_command, ["show", *at])
    assert warned.exit_code == 1 and f"ignored: {LINDE} at offset 10: IDENTITY" in warned.output
    mended = run(directory_command, ["apply", *at])
    assert f"{LINDE}: is published again" in mended.output
    assert run(directory_command, ["show", *at]).exit_code == 0


def test_nothing_is_published_while_there_is_a_problem(
    broker: "KafkaBroker", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing: one entry that was altered stops the rest as well, and is named with what to do."""
    monkeypatch.setenv("ESTAFETTE_HOME", str(tmp_path))
    shutil.copy(broker.home / "cluster.json", tmp_path)
    broker.settings("operator")
    (tmp_path / "secrets").mkdir()
    shutil.copy(broker.home / "secrets" / "operator", tmp_path / "secrets")
    init(tmp_path, Deployment.load())
    altered = tmp_path / "directory" / "entries" / f"{LINDE}.json"
    altered.write_text(altered.read_text().replace("Linde", "Lindes"))
    run, at = CliRunner().invoke, ["--at", "2026-03-02T09:00:00Z"]
    told = run(directory_command, ["apply", *at])
    assert told.exit_code == 1 and "nothing was published" in told.output and "estafette directory join" in told.output
    assert read(broker.settings("gate"), load_pins(tmp_path / "pins.yaml")).revision == 0
    assert run(directory_command, ["plan", *at]).exit_code == 1
