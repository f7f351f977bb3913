"""The stories of the demonstration, told by the whole system; and what may stand nowhere afterwards."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition

from deploy.broker import ADMIN
from services.runtime.settings import Settings
from tests.system.conftest import SCENARIOS, Told, command, example_of_the_page

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

SEGMENT = re.compile(rb"[A-Za-z0-9_-]{16,}")
WORDS = 5
"""So many words in a row count as text of a section."""


def stories() -> list[dict[str, Any]]:
    """Those of `scenarios/`, and the example of the page that explains them."""
    return [yaml.safe_load(text) for text in (*(file.read_text() for file in SCENARIOS), example_of_the_page())]


def test_a_story_of_the_past_is_not_played_again(told: Told) -> None:
    """Time never goes back; it says what to do."""
    done = command(told.system, "play", str(SCENARIOS[0]))
    assert done.returncode == 2
    assert "time never goes back" in done.stderr and "--fresh" in done.stderr


@pytest.mark.parametrize("story", stories(), ids=lambda story: str(story["scenario"]))
def test_every_expectation_of_a_story_is_met(told: Told, story: dict[str, Any]) -> None:
    steps = [step for step in told.steps if step["scenario"] == story["scenario"]]
    assert [(step["title"], one) for step in steps for one in step["unmet"]] == []
    assert len(steps) == len(story["steps"]) and any(step["met"] for step in steps)


def test_the_last_line_counts_what_was_met(told: Told) -> None:
    assert told.counts["steps"] == len(told.steps) and told.counts["unmet"] == 0 and told.counts["met"] > 0


def test_the_ledger_of_the_stories_verifies_offline_and_a_missing_line_shows(told: Told, tmp_path: Path) -> None:
    export = tmp_path / "ledger.jws"
    export.write_text(command(told.system, "ledger", "export").stdout)
    key = str(told.system.home / "directory" / "gate.json")
    done = command(told.system, "ledger", "verify", str(export), "--gate-key", key)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = export.read_text().splitlines()
    export.write_text("\n".join([*lines[:20], *lines[21:]]))
    assert command(told.system, "ledger", "verify", str(export), "--gate-key", key).returncode == 1


def test_no_log_key_header_or_ledger_entry_holds_a_birth_date_or_text(told: Told) -> None:
    forbidden = birth_dates() | texts()
    places = dict(logs(told)) | dict(metadata(told))
    assert len(forbidden) > 20 and len(places) > 10
    found = {(place, word) for place, held in places.items() for word in forbidden if word in held}
    assert found == set()


def test_no_record_in_kafka_holds_the_text_of_a_section(told: Told) -> None:
    words = texts()
    values = [(topic, readable(value)) for topic, _, value, _ in records(told)]
    assert len(values) > 100
    assert {topic for topic, value in values for word in words if word in value} == set()


def birth_dates() -> set[bytes]:
    """Every birth date in the stories."""
    persons = [person for story in stories() for person in story["persons"].values()]
    return {str(person["birth_date"]).encode() for person in persons if "birth_date" in person}


def texts() -> set[bytes]:
    """Runs of words from every section's text, and every BSN in one."""
    found: set[bytes] = set()
    for text in section_texts(stories()):
        words = text.split()
        found |= {" ".join(words[i : i + WORDS]).encode() for i in range(0, max(1, len(words) - WORDS + 1), WORDS)}
        found |= {number.encode() for number in re.findall(r"\b\d{9}\b", text)}
    return found


def section_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from section_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from section_texts(inner)


def logs(told: Told) -> Iterator[tuple[str, bytes]]:
    """Every log, Kafka's too."""
    for file in (*(told.system.home / "log").glob("*.log"), told.system.home / "kafka" / "kafka.log"):
        yield str(file.name), file.read_bytes()


def metadata(told: Told) -> Iterator[tuple[str, bytes]]:
    """Keys and headers of every topic, and whole entries of the ledgers, decoded."""
    held: dict[str, list[bytes]] = {}
    for topic, key, value, headers in records(told):
        parts = [key, *(part for header in headers for part in header)]
        if topic in ("ledger", "ledger.reads"):
            parts.append(value)
        held.setdefault(f"topic {topic}", []).extend(map(readable, parts))
    for topic, found in held.items():
        yield topic, b"\n".join(found)


def readable(value: bytes) -> bytes:
    """The bytes, and what any base64url in them says."""
    return b"\n".join([value, *map(_decoded, SEGMENT.findall(value))])


def _decoded(segment: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except ValueError:
        return b""


def records(told: Told) -> Iterator[tuple[str, bytes, bytes, list[tuple[bytes, bytes]]]]:
    """Everything in Kafka as the administrator reads it: topic, key, value, headers; state topics apart."""
    settings = Settings(home=told.system.home).kafka(ADMIN).confluent()
    consumer = Consumer({**settings, "group.id": "scan", "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        topics = consumer.list_topics(timeout=20).topics
        for name, topic in topics.items():
            if not name.startswith("__") and not name.endswith(".state"):
                yield from _of_topic(consumer, name, len(topic.partitions))
    finally:
        consumer.close()


def _of_topic(consumer: Consumer, name: str, partitions: int) -> Iterator[tuple[str, bytes, bytes, list[Any]]]:
    consumer.assign([TopicPartition(name, number, 0) for number in range(partitions)])
    ended = 0
    while ended < partitions:
        message = consumer.poll(20)
        if message is None or message.error() is not None:
            ended += 1
            continue
        headers = [(key.encode(), value or b"") for key, value in message.headers() or []]
        yield name, message.key() or b"", message.value() or b"", headers
