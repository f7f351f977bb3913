"""The published schemas and the worked example are those of this version, and hold by themselves."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from schemas.entry import Entry
from schemas.event import message_hash, parse_event
from schemas.refusal import Refusal
from schemas.tables.messages import BODIES
from services.cli.__main__ import main
from services.cli.example import KEYS, SALT, example
from services.cli.schemas import EXAMPLE, FOLDER, documents, last_release
from services.runtime.jose import PublicKey, SealingKey, open_sealed, verify_compact, verify_detached

PUBLISHED = {str(file.relative_to(FOLDER)): file.read_text() for file in sorted(FOLDER.glob("**/*.json"))}
SCHEMAS = {name: json.loads(text) for name, text in PUBLISHED.items() if name != EXAMPLE}
EXAMPLE_HELD: dict[str, Any] = json.loads(PUBLISHED[EXAMPLE])


def test_the_published_schemas_are_those_of_this_version() -> None:
    """`estafette schemas` renews them; a change of a message is a change that other clients can read."""
    assert {name: text for name, text in PUBLISHED.items() if name != EXAMPLE} == documents()
    assert {f"bodies/{name}.json" for name in BODIES} <= PUBLISHED.keys()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_is_a_schema_by_the_official_meta_schema(name: str) -> None:
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(SCHEMAS[name])


def test_the_worked_example_follows_from_its_keys() -> None:
    """Byte for byte; only the JWE, which holds a random key, is kept."""
    assert example(EXAMPLE_HELD) == EXAMPLE_HELD
    assert "Élise" in EXAMPLE_HELD["section"]["text"], "bytes outside ASCII are part of the lesson"


def test_the_worked_example_is_what_the_gate_and_a_receiver_take() -> None:
    message, delivery, section = (EXAMPLE_HELD[part] for part in ("message", "delivery", "section"))
    keys = {key["kid"]: PublicKey.from_jwk(key) for key in (KEYS["sender"], KEYS["gate"])}
    assert verify_detached(message["value"].encode(), message["jws"], keys.get) == KEYS["sender"]["kid"]
    entry = Entry.model_validate_json(verify_compact(delivery["seal"], keys.get)[0])
    event = parse_event(message["value"].encode())
    assert entry.message is not None and entry.message.hash == message_hash(message["value"].encode())
    opened = open_sealed(event.data.sealed[entry.sections[0].item], [SealingKey.from_jwk(KEYS["recipient"])])
    assert opened.decode() == section["plaintext"]
    assert entry.sections[0].digest == message_hash(SALT + section["text"].encode())


def test_the_worked_example_fits_the_published_schemas() -> None:
    """What the gate takes in fits; one field more does not."""
    value = json.loads(EXAMPLE_HELD["message"]["value"])
    for name, instance in (
        ("envelope", value),
        ("manifest", value["data"]["manifest"]),
        ("bodies/dossiers.shared", value["data"]["body"]),
        ("section", json.loads(EXAMPLE_HELD["section"]["plaintext"])),
        ("entry", json.loads(EXAMPLE_HELD["delivery"]["entry"])),
    ):
        checked = jsonschema_rs.Draft202012Validator(SCHEMAS[f"{name}.json"], validate_formats=True)
        assert [error.message for error in checked.iter_errors(instance)] == [], name
        assert not checked.is_valid({**instance, "unknown": 1}), name


def test_the_page_for_writers_names_refusals_and_messages_that_exist() -> None:
    """And says of each schema where it stands."""
    page = (FOLDER.parent / "write-a-client.md").read_text()
    (table,) = re.findall(r"\| code \|.*?\n\n", page, re.DOTALL)
    assert set(re.findall(r"[A-Z]+_[A-Z_]+|UNSIGNED|STALE|MALFORMED", table)) <= set(Refusal)
    told = set(re.findall(r"`((?:receipts|notices|verdicts|dossiers|regie|checkpoints)\.[a-z_]+)`", page))
    assert told <= BODIES.keys() and len(told) > 8


def test_the_command_writes_them_anywhere_and_takes_away_what_is_no_more(tmp_path: Path) -> None:
    made = tmp_path / "schemas"
    (made / "bodies").mkdir(parents=True)
    (made / "bodies" / "cases.forgotten.json").write_text("{}")
    done = CliRunner().invoke(main, ["schemas", "--out", str(tmp_path), "--release", "1"])
    assert done.exit_code == 0, done.output
    assert {str(file.relative_to(made)) for file in made.glob("**/*.json")} == PUBLISHED.keys()
    assert {file.name for file in tmp_path.glob("*.json")} == {"asyncapi.json", "openapi.json"}
    name, kept = last_release(tmp_path / "released")
    assert (name, len(kept)) == ("1", len(SCHEMAS))
