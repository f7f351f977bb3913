"""The HTTP interface of an edge: who may ask what, and what is turned down before anything is queued."""

import json
from typing import Any

import httpx2
import pytest

from schemas.event import MAX_PLAINTEXT
from services.organisation.known import KnownDirectory
from services.organisation.sending import MAX_REQUEST, sendable
from services.veilig_thuis.profile import PROFILE

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
CASE = "case:3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
SECRET = "the words of a child"
PERSONS = [{"ref": "child-1", "role": "YOUTH", "birth_date": "2015-01-01"}]
LEAD = {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]}


def section(**more: Any) -> dict[str, Any]:
    told = {"category": "CONCERNS", "kind": "FACT", "as_of": "2026-03-01", "source": {"kind": "YOUTH"}, "text": SECRET}
    return {**told, **more}


def problems(answer: httpx2.Response, status: int = 422) -> list[str]:
    assert answer.status_code == status, answer.text
    return list(answer.json()["problems"])


async def test_every_problem_is_named_at_once_and_nothing_is_quoted(street: Any) -> None:
    """Unknown fields, wrong types and missing parts in one answer, without what was sent."""
    office = await street.office(VT)
    wrong = {
        "to": [LINDE],
        "dry_run": "yes",
        "surprise": SECRET,
        "body": {"handover": SECRET, "reason": SECRET},
        "manifest": {"purpose": "HANDOVER", "sections": [section(category=SECRET), {"forward": SECRET}]},
    }
    answer = await office.ask("POST", "/api/messages/handovers.proposed", "vt-1", wrong)
    found = problems(answer)
    for start in ("case:", "dry_run:", "surprise:", "body.handover:", "body.reason:", "body.phase:", "manifest."):
        assert any(problem.startswith(start) for problem in found), (start, found)
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"{", "JSON"),
        (b'{"case":1,"case":2}', "twice"),
        (b'{"x":NaN}', "NaN"),
        (b"\xff", "UTF-8"),
        (b"[]", "object"),
    ],
)
async def test_only_json_of_one_meaning_is_taken(street: Any, raw: bytes, word: str) -> None:
    """Broken, ambiguous or undecodable JSON is turned down."""
    office = await street.office(VT)
    found = problems(await office.ask("POST", "/api/messages/cases.opened", "vt-1", raw))
    assert word in found[0]


async def test_what_cannot_be_sent_at_all_is_turned_down(street: Any) -> None:
    """An unknown recipient, an item nobody holds here and a letter too large; nothing is queued."""
    office = await street.office(VT)
    order = {"case": CASE, "to": ["nobody-here"], "body": {}}
    contents = {"purpose": "HANDOVER", "sections": [{"forward": CASE.removeprefix("case:")}]}
    answer = await office.ask("POST", "/api/messages/dossiers.shared", "vt-1", {**order, "manifest": contents})
    assert [problem.split(":")[0] for problem in problems(answer)] == ["to", "manifest.sections.0.forward"]
    half = section(text="x" * (MAX_PLAINTEXT // 2 + 1))
    large = {"case": CASE, "to": [LINDE], "body": {}, "manifest": {"purpose": "HANDOVER", "sections": [half, half]}}
    answer = await office.ask("POST", "/api/messages/dossiers.shared", "vt-1", large)
    assert str(MAX_PLAINTEXT) in problems(answer, 413)[0]
    answer = await office.ask("POST", "/api/messages/dossiers.shared", "vt-1", b"x" * (MAX_REQUEST + 1))
    problems(answer, 413)
    assert await office.sent() == []


async def test_the_rules_are_left_to_the_gate(street: Any) -> None:
    """A letter without any basis is queued: whether it may be said is the gate's judgement."""
    office = await street.office(VT)
    contents = {"purpose": "HANDOVER", "sections": [section(about=["child-1"])]}
    (queued,) = await office.send("dossiers.shared", "vt-1", case=CASE, to=[LINDE], body={}, manifest=contents)
    assert queued["status"] == "queued"


async def test_who_asks_must_be_known_and_of_this_organisation(street: Any) -> None:
    """No token, a broken one, or one of another organisation: 401, in one form."""
    vt, linde = await street.office(VT), await street.office(LINDE)
    for header in (None, "Bearer nonsense", linde.token("linde-1")):
        headers = {"Authorization": header} if header else {}
        answer = await vt._http.get("/api/worklist", headers=headers)
        assert len(problems(answer, 401)) == 1
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_roles_limit_what_is_seen(street: Any) -> None:
    """An administrator sees no case, a privacy officer no content, and neither sends."""
    office = await street.office(VT)
    opening = {"body": {"persons": PERSONS, "lead": LEAD}}
    for ref, path, status in (
        ("vt-beheer", "/api/cases", 403),
        ("vt-fg", "/api/cases", 200),
        ("vt-fg", f"/api/inbox/{CASE.removeprefix('case:')}/content", 403),
        ("vt-fg", "/api/worklist", 403),
        ("vt-1", "/api/worklist", 200),
    ):
        assert (await office.ask("GET", path, ref)).status_code == status, (ref, path)
    for ref in ("vt-beheer", "vt-fg"):
        problems(await office.ask("POST", "/api/messages/cases.opened", ref, opening), 403)


async def test_a_second_person_is_somebody_else(street: Any) -> None:
    """Named by a token of their own; the same person, or no token, is turned down."""
    office = await street.office(VT)
    order = {"case": CASE, "body": {"message": CASE.removeprefix("case:"), "outcome": "JUSTIFIED"}}
    path = "/api/messages/reviews.recorded"
    problems(await office.ask("POST", path, "vt-1", order, Second_Person=office.token("vt-1")))
    problems(await office.ask("POST", path, "vt-1", order, Second_Person="vt-2"), 401)
    answer = await office.ask("POST", path, "vt-1", order, Second_Person=office.token("vt-2"))
    assert answer.status_code == 202
    (row,) = await office.sent()
    data = json.loads(row.value)["data"]
    assert (data["by"]["ref"], data["second"]["ref"]) == ("vt-1", "vt-2")


async def test_there_is_a_route_for_every_message_this_kind_may_say_and_no_other(street: Any) -> None:
    """Each with the schema of its own body; a message of another kind of organisation has no route."""
    office = await street.office(VT)
    description = (await office._http.get("/openapi.json")).json()
    paths = {path.removeprefix("/api/messages/") for path in description["paths"] if "messages" in path}
    assert paths == {row.name for row in sendable(PROFILE.kind)} | {"{message}"}
    schemas = description["components"]["schemas"]
    for row in sendable(PROFILE.kind):
        route = description["paths"][f"/api/messages/{row.name}"]["post"]
        order = schemas[route["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        assert order["additionalProperties"] is False
        assert order["properties"]["body"]["$ref"].rpartition("/")[2] == row.body.__name__
        assert schemas[row.body.__name__]["additionalProperties"] is False
    unresolved = {ref for ref in _refs(description) if ref.rpartition("/")[2] not in schemas}
    assert unresolved == set()
    problems(await office.ask("POST", "/api/messages/measures.started", "vt-1", {}), 405)


def _refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_refs(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_refs(inner) for inner in value))
    return set()


async def test_nothing_is_sent_before_the_directory_is_read(street: Any) -> None:
    """503 while starting; /health says what is missing and is not ready."""
    office = await street.office(VT)
    known = office.edge.known
    office.edge.known = KnownDirectory(office.edge.kafka, {}, office.edge.engine)
    problems(await office.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": {}}), 503)
    health = await office._http.get("/health")
    assert (health.status_code, health.json()["reason"]) == (503, "directory not read")
    office.edge.known = known
    health = await office._http.get("/health")
    assert (health.status_code, health.json()["reason"]) == (503, "inbox not assigned")


async def test_unknown_things_are_not_found(street: Any) -> None:
    """A case or message nobody here knows: 404."""
    office = await street.office(VT)
    for path in (f"/api/cases/{CASE}", f"/api/messages/{CASE[5:]}", f"/api/inbox/{CASE[5:]}/content", "/api/nothing"):
        problems(await office.ask("GET", path, "vt-1"), 404)
    problems(await office.ask("GET", "/api/inbox?after=x", "vt-1"))
