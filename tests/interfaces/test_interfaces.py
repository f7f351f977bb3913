"""docs/asyncapi.json and docs/openapi.json are those of this version, and their official readers take them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from schemas.parties import OrganisationKind
from schemas.tables.messages import BODIES, GATE_MADE, ROWS
from services.cli.schemas import DOCS, interfaces
from services.organisation.description import KINDS_OF
from topics.catalogue import TOPICS
from topics.rights import Kind, rights

HERE = Path(__file__).parent
OPENAPI: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text())
ASYNCAPI: dict[str, Any] = json.loads((DOCS / "asyncapi.json").read_text())


def test_both_documents_are_those_of_this_version() -> None:
    """`estafette schemas` renews them."""
    for name, text in interfaces().items():
        assert (DOCS / name).read_text() == text, name


def test_the_interface_of_an_edge_is_openapi() -> None:
    assert OPENAPI["openapi"].startswith("3.1")
    validate(OPENAPI, cls=OpenAPIV31SpecValidator)


def test_the_interface_has_a_route_for_every_message_a_professional_may_say_and_says_at_which_edges() -> None:
    routes = {path.removeprefix("/api/messages/"): item.get("post") for path, item in OPENAPI["paths"].items()}
    for row in ROWS:
        if row.by_hand and row.senders - {OrganisationKind.SERVICE}:
            told = routes[row.name].get(KINDS_OF)
            assert told is None or set(told) == row.senders, row.name
    assert OPENAPI["paths"]["/api/messages/reports.registered"]["post"][KINDS_OF] == ["VEILIG_THUIS"]
    assert KINDS_OF not in OPENAPI["paths"]["/health"]["get"]


@pytest.fixture(scope="module")
def parsed(needs: Callable[[str, object], None]) -> dict[str, Any]:
    """What AsyncAPI's own parser makes of the document."""
    needs("Node with npm", shutil.which("node") and shutil.which("npm"))
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        run("npm", "ci", "--prefer-offline", "--ignore-scripts")
    return dict(json.loads(run("node", "check.mjs", str(DOCS / "asyncapi.json"))))


def run(*line: str) -> str:
    done = subprocess.run(line, cwd=HERE, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    told = json.loads((HERE / "package-lock.json").read_text())["packages"]
    libraries = [each for name, each in told.items() if name]
    assert libraries
    assert all("resolved" not in each and each["integrity"].startswith("sha512-") for each in libraries)


def test_the_topics_are_asyncapi(parsed: dict[str, Any]) -> None:
    """Not a warning either; and every reference leads to a schema."""
    assert parsed["problems"] == []
    assert parsed["channels"] == [row.name for row in TOPICS]
    fields = {message["name"]: message["fields"] for message in parsed["messages"] if message.get("name")}
    for name, body in BODIES.items():
        assert set(fields[f"nl.estafette.{name}.v1"]) == body.model_fields.keys(), name


def test_the_operations_are_the_rights_that_the_broker_gives(parsed: dict[str, Any]) -> None:
    """Of one organisation, and of each service."""
    slug = "veilig-thuis-noord"
    verbs = {"WRITE": "send", "READ": "receive"}
    given = {
        (right.user, verbs[right.operation], right.name.removeprefix(f"{slug}."))
        for right in rights([slug])
        if right.kind is Kind.TOPIC
    }
    told = [each.partition(".") for each in parsed["operations"]]
    everybody = {rest for user, _, rest in told if user == "everybody"}
    users = {user for user, _, _ in given}
    expected = {
        (slug if user == "organisation" else user, *rest.split(".", 1)) for user, _, rest in told if user != "everybody"
    } | {(user, *rest.split(".", 1)) for user in users for rest in everybody}
    assert given <= expected
    assert {each for each in expected if each[0] in users} == given


def test_a_delivery_bears_a_seal_and_what_is_sent_a_signature() -> None:
    traits = ASYNCAPI["components"]["messageTraits"]
    assert traits["signed"]["headers"]["required"] == ["jws"]
    assert traits["delivered"]["headers"]["required"] == ["seal"]
    inbox = ASYNCAPI["channels"]["inbox"]["messages"]
    assert {body.name for body in GATE_MADE} <= inbox.keys()
    assert "alerts.raised" not in ASYNCAPI["channels"]["outbox"]["messages"], "only oversight raises alerts"


def test_a_topic_without_a_description_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.cli import asyncapi as module

    unknown = TOPICS[-1].model_copy(update={"name": "new.topic"})
    monkeypatch.setattr(module, "TOPICS", (*TOPICS, unknown))
    with pytest.raises(KeyError, match=r"new\.topic"):
        module.asyncapi()
