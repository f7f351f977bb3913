"""Real edges, gate and oversight on a real broker: what expired unread comes again, and what cannot be used is told."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.directory import KeyUse
from schemas.manifest import Section
from services.organisation.sections import SALT_BYTES, Item, digest, seal_item
from services.runtime.jose import seal
from tests.attacks.scene import DESK, FAMILY, LINDE, SLOTS, VT, Scene, scene, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
WORDS = "what was said of the mother, number "


@pytest.fixture(scope="module")
def system() -> Iterator[Scene]:
    with scene("gate", "oversight", VT, LINDE, organisations=(VT, LINDE, DESK)) as made:
        yield made


def section(text: str) -> dict[str, Any]:
    return {
        "category": "CONCERNS", "about": ["mother"], "kind": "OBSERVATION", "as_of": "2026-03-01",
        "source": {"kind": "OWN_OBSERVATION"}, "bases": [{"person": "mother", "secrecy": "G10"}], "text": text,
    }  # fmt: skip


class Sender:
    """Veilig Thuis at its own edge."""

    def __init__(self, system: Scene) -> None:
        self.system = system
        self.case = self.say("cases.opened", {"body": FAMILY})["subject"]

    def say(self, name: str, order: dict[str, Any]) -> dict[str, Any]:
        (said,) = self.system.ask(VT, "POST", f"/api/messages/{name}", "vt-1", json=order)["messages"]
        until(lambda: self.status(said["id"])["status"] == "delivered", f"{name} to be delivered: {said['id']}")
        return dict(said)

    def letter(self, number: int) -> str:
        manifest = {"purpose": "HANDOVER", "sections": [section(f"{WORDS}{number}")]}
        order = {"case": self.case, "to": [LINDE], "body": {}, "manifest": manifest}
        return str(self.say("dossiers.shared", order)["id"])

    def status(self, message: str) -> dict[str, Any]:
        return dict(self.system.ask(VT, "GET", f"/api/messages/{message}", "vt-1"))

    def stored(self, message: str) -> bool:
        return self.status(message)["stored_at"] is not None

    def sent_again(self, message: str) -> str:
        """The id under which it was sent again, once that is stored."""
        again = str(until(lambda: self.status(message)["resent_as"], f"{message} to be sent again"))
        until(lambda: self.stored(again), f"{again} to be stored")
        return again


def expire(system: Scene, topic: str) -> None:
    """As retention does: everything in the topic is gone."""
    config = system.settings.kafka("admin").confluent()
    consumer = Consumer({**config, "group.id": "expiry"})
    parts = [TopicPartition(topic, part) for part in range(SLOTS)]
    for part in parts:
        part.offset = consumer.get_watermark_offsets(part, 30)[1]
    consumer.close()
    admin = AdminClient(config)
    for gone in admin.delete_records([part for part in parts if part.offset > 0]).values():
        gone.result(30)


def rows(system: Scene, query: str) -> list[Any]:
    connection = sqlite3.connect(f"file:{system.home}/db/{LINDE}.db?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_letters_that_expired_before_they_were_read_are_sent_again_and_the_inbox_is_whole(system: Scene) -> None:
    """The recipient was away for longer than content is kept. The next record shows the hole; the sender's edge seals
    its letters anew from its own database, the gate's own lost words are closed, and everything is confirmed.
    """
    sender = Sender(system)
    first = sender.letter(1)
    until(lambda: sender.stored(first), "the first letter to be stored")
    system.stop(LINDE)
    expired = [sender.letter(2), sender.letter(3)]
    expire(system, f"{LINDE}.inbox")
    system.start(LINDE)
    last = sender.letter(4)
    until(lambda: sender.stored(last), "the last letter to be stored")
    again = [sender.sent_again(message) for message in expired]
    for message, number in zip(again, (2, 3), strict=True):
        content = system.ask(LINDE, "GET", f"/api/inbox/{message}/content", "linde-1")
        assert [part["text"] for part in content["sections"]] == [f"{WORDS}{number}"]
    whole = "select count(*) from positions where contiguous < highest"
    until(lambda: rows(system, whole) == [(0,)], "every hole to be closed")
    inbox = system.ask(LINDE, "GET", "/api/inbox", "linde-1")
    assert [row["closed"] for row in inbox if row.get("missing")], "nothing was ever missing"
    assert all(row["closed"] for row in inbox if row.get("missing"))
    assert not any(task["kind"] in ("RESEND", "LOST") for task in system.ask(VT, "GET", "/api/worklist", "vt-1"))


def test_a_section_that_is_not_what_its_manifest_says_is_told_to_its_sender_until_it_is_shared_anew(
    system: Scene,
) -> None:
    """Sent past the sender's edge by a client that seals another category, another text, or to another."""
    sender, client = Sender(system), system.client(VT)
    to = system.public_key(LINDE, KeyUse.SEAL)
    listed, sealed = [], {}
    message = str(uuid.uuid4())
    wrongs = ("HEADER_MISMATCH", "DIGEST", "CANNOT_OPEN")
    for wrong in wrongs:
        salt, item = b"x" * SALT_BYTES, str(uuid.uuid4())
        told = {**section(""), "item": item, "digest": digest(salt, WORDS)}
        told.pop("text")
        listed.append(told)
        meant = Section.model_validate_json(json.dumps(told))
        other = meant.model_copy(update={"category": "STORY"}) if wrong == "HEADER_MISMATCH" else meant
        text = "something else" if wrong == "DIGEST" else WORDS
        whole = seal_item(Item(other, salt, text), message, VT, LINDE, sender.case, to)
        sealed[item] = seal(b"no section", to) if wrong == "CANNOT_OPEN" else whole
    manifest = {"purpose": "HANDOVER", "sections": listed}
    event = client.event("dossiers.shared", sender.case, {}, to=[LINDE], manifest=manifest, sealed=sealed)
    assert client.codes(client.send({**event, "id": message})) == []
    rejected = until(lambda: _rejected(system, message, len(wrongs)), "the sender to hear what is wrong")
    assert {row["item"]: row["reason"] for row in rejected} == dict(zip(sealed, wrongs, strict=True))
    unusable = [task for task in system.ask(LINDE, "GET", "/api/worklist", "linde-1") if task["kind"] == "UNUSABLE"]
    assert {task["item"] for task in unusable} == set(sealed)


def _rejected(system: Scene, message: str, count: int) -> list[dict[str, Any]] | None:
    tasks = system.ask(VT, "GET", "/api/worklist", "vt-1")
    found = [task for task in tasks if task["kind"] == "REJECTED" and task["message"] == message]
    return found if len(found) == count else None
