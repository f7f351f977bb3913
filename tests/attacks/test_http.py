"""Attacks on the HTTP interface of an edge: a browser led astray, a colleague who is too curious, and every text that
another program could take for a command.
"""

import base64
import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from structlog.testing import capture_logs

from services.organisation import tables as t
from services.organisation.letters import Letters
from services.organisation.sending import MAX_REQUEST
from services.runtime.api_page import STYLE
from services.runtime.guard import HEADERS, MAX_TARGET
from services.runtime.tokens import NotLoopbackError, Role
from tests.attacks.served import CASE, ID, LEAD, LINDE, OPEN, OPENING, VT, Served, bearer, told
from tests.organisation.offices import Office, Street, make_home
from tests.organisation.small_gate import SmallGate

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'; drop table items; --",
    '" or 1=1 --',
    "${jndi:ldap://x}",
    "{{7*7}}",
    "%s%n\\x00",
    "\u202e\u0301a\ufeff",
)


# A browser led astray


def test_every_answer_makes_a_browser_do_nothing(edge: Served, client: httpx2.Client) -> None:
    """Good answers, every kind of error, and the pages for people: nothing cached, sniffed, framed or referred."""
    asked = [
        client.get("/api/cases", headers=bearer(edge)),
        client.get("/api/cases"),
        client.get("/api/cases", headers=bearer(edge, "vt-beheer")),
        client.get("/nothing"),
        client.post("/health", json={}),
        client.post(OPEN, json={}, headers=bearer(edge)),
        client.post(OPEN, content=b"x" * (MAX_REQUEST + 1), headers=bearer(edge)),
        client.get("/api/inbox?after=" + "x" * MAX_TARGET),
        client.get("/health"),
        client.get("/openapi.json"),
        client.get("/docs"),
    ]
    assert {answer.status_code for answer in asked} >= {200, 401, 403, 404, 405, 422, 413, 414, 503}
    for answer in asked:
        for name, value in HEADERS.items():
            if name == "content-security-policy" and answer.url.path == "/docs":
                assert value in answer.headers[name].replace("; style-src", ";; style-src").split(";;")[0]
            else:
                assert answer.headers[name] == value, (answer.url, name)
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers and "set-cookie" not in answer.headers


def test_a_cookie_is_never_taken(edge: Served, client: httpx2.Client) -> None:
    """Whatever it is called: so no page of another site can use what a browser holds."""
    token = bearer(edge)["Authorization"].removeprefix("Bearer ")
    for name in ("Authorization", "access_token", "token", "session", "bearer"):
        for value in (token, f"Bearer {token}"):
            cookie = {"Cookie": f'{name}="{value}"'}
            assert "bearer token" in told(client.get("/api/cases", headers=cookie), 401)[0]
            told(client.post(OPEN, json=OPENING, headers=cookie), 401)
    assert "unknown" in told(client.get(f"/api/cases?access_token={token}"), 422)[0]


def test_no_other_site_is_let_in(edge: Served, client: httpx2.Client) -> None:
    """A browser that asks whether it may is told nothing; a form that needs no asking is not read."""
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/api/cases", OPEN, "/health"):
        answer = client.options(path, headers={**origin, "Access-Control-Request-Headers": "authorization"})
        assert answer.status_code == 405
        answer = client.get(path, headers={**bearer(edge), **origin})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = bearer(edge) | {"Content-Type": kind}
        told(client.post(OPEN, content=json.dumps(OPENING), headers=headers), 415)
    assert edge.run(edge.office.sent()) == []


def test_the_page_for_people_needs_nothing_from_elsewhere(client: httpx2.Client) -> None:
    """No script, no address of another host, and its own style is the only one that its policy allows."""
    answer = client.get("/docs")
    page = answer.text
    assert "<script" not in page and not re.search(r"\s(on\w+|style)=", page)
    assert not re.search(r"(src|href)=\"(?!#|/openapi\.json)", page)
    allowed = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert f"<style>{STYLE}</style>" in page
    assert f"style-src 'sha256-{allowed}'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    described = client.get("/openapi.json").json()
    for path in described["paths"]:
        assert path in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


# A colleague who is too curious


async def test_an_error_of_ours_tells_nothing(vt: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer does not say what it was working on; the log says that something failed."""

    async def broken(*_: Any) -> None:
        raise ValueError("the words of a child")

    monkeypatch.setattr(Letters, "open", broken)
    with capture_logs() as logs:
        answer = await vt.ask("GET", f"/api/inbox/{ID}/content", "vt-1")
    assert [each["event"] for each in logs] == ["REQUEST_FAILED"]
    assert told(answer, 500) == ["this went wrong here; the operator can see it"]
    assert "the words of a child" not in answer.text


def routes(office: Office) -> list[tuple[str, str]]:
    """Every route there is but those by which machines see whether the edge lives."""
    paths = office.edge.api.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods if path.startswith("/api/")]


P, C, F, A = Role.PROFESSIONAL, Role.COORDINATOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR
MAY: tuple[tuple[str, str, set[Role]], ...] = (
    ("POST", "/api/messages/alerts.acknowledged", {P, C}),
    ("POST", "/api/messages/", {P}),
    ("GET", "/api/messages/{message}", {P, C, F}),
    ("GET", "/api/inbox/{message}/content", {P}),
    ("GET", "/api/inbox", {P, F}),
    ("GET", "/api/received", {P, F}),
    ("GET", "/api/sent", {P, F}),
    ("GET", "/api/cases", {P, F}),
    ("GET", "/api/alerts", {P, C, F}),
    ("GET", "/api/worklist", {P, C}),
    ("GET", "/api/directory", {P, C, F, A}),  # no word about any case
    ("POST", "/api/cases/{case}/erasures", {F}),
    ("POST", "/api/cases/{case}/holds", {F}),
    ("DELETE", "/api/holds/{hold}", {F}),
    ("GET", "/api/erasures", {F}),
    ("GET", "/api/retention", {F}),
)
"""Who is answered, by the first row whose path a route begins with. A route without a row fails the test."""
PERSONS = {P: "vt-1", C: "vt-2", F: "vt-fg", A: "vt-beheer"}


@pytest.mark.parametrize("role", PERSONS)
async def test_each_role_is_answered_what_it_may_see_and_nothing_else(vt: Office, role: Role) -> None:
    """Every route. An administrator sees no case at all (D#145), a coordinator no case file, a privacy officer no
    section.
    """
    token = vt.token(PERSONS[role], role=role.value)
    asked = routes(vt)
    assert len(asked) > 40
    for method, path in asked:
        may = next(who for m, begin, who in MAY if m == method and path.startswith(begin))
        answer = await vt.ask(method, filled(path), "vt-1", {} if method == "POST" else None, Authorization=token)
        assert answer.status_code != 401
        assert (answer.status_code != 403) == (role in may), (method, path, answer.status_code)
    assert await vt.sent() == []


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", ID, path.replace("{case}", CASE))


async def test_nobody_without_a_token_of_this_organisation_is_answered(vt: Office) -> None:
    """On every route: no token, nonsense, one of another organisation, and one of this organisation for another."""
    linde = vt.token("linde-1", organisation=LINDE)
    for method, template in routes(vt):
        path = filled(template)
        for header in (None, "Bearer x.y.z", "Basic dnQtMTp2dC0x", linde):
            headers = {"Authorization": header} if header else {}
            answer = await vt._http.request(method, path, headers=headers, json={} if method == "POST" else None)
            told(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_an_edge_with_development_tokens_does_not_listen_to_the_world(tmp_path: Path) -> None:
    """It does not start, and says what to do instead."""
    home = make_home(tmp_path / "home")

    async def start() -> None:
        await Street(home, SmallGate(home), None, tmp_path).office(VT, host="0.0.0.0")

    with pytest.raises(NotLoopbackError, match="OpenID Connect"):
        start().send(None)


# Texts that another program could take for a command


async def test_markup_and_sql_come_back_as_the_text_they_are(tmp_path: Path) -> None:
    """From the letter of one organisation to the page of another, through both databases."""
    home, text = make_home(tmp_path / "home"), "\n".join(HOSTILE)
    street = Street(home, SmallGate(home), None, tmp_path)
    vt, linde = await street.office(VT), await street.office(LINDE)
    section = {"category": "CONCERNS", "kind": "FACT", "as_of": "2026-03-01", "source": {"kind": "YOUTH"}, "text": text}
    (queued,) = await vt.send(
        "dossiers.shared",
        "vt-1",
        case=CASE,
        to=[LINDE],
        body={},
        manifest={"purpose": "HANDOVER", "sections": [section]},
    )
    made = await vt.decided(queued["id"])
    await linde.take(made[LINDE])
    answer = await linde.ask("GET", f"/api/inbox/{queued['id']}/content", "linde-1")
    assert answer.headers["content-type"] == "application/json"
    assert [section["text"] for section in answer.json()["sections"]] == [text]
    async with vt.edge.engine.connect() as connection:
        assert (await connection.execute(sa.select(t.items.c.text))).scalars().all() == [text]
    for each in street.open:
        await each.edge.engine.dispose()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_commands_in_every_coded_place_are_turned_down_as_text(
    edge: Served, client: httpx2.Client, hostile: str
) -> None:
    """Path, query, headers and the coded fields of a body: never run, never shown back."""
    headers = bearer(edge)
    for name in ("case", "status", "kind", "since", "state", "after"):
        for path in ("/api/sent", "/api/received", "/api/inbox", "/api/alerts"):
            answer = client.get(path, params={name: hostile}, headers=headers)
            assert answer.status_code in (200, 422) and hostile not in answer.text
    for path in ("cases", "messages", "inbox"):
        answer = client.get(httpx2.URL(f"{edge.url}/api").copy_with(path=f"/api/{path}/{hostile}"), headers=headers)
        assert answer.status_code in (404, 422) and hostile not in answer.text
    body = {"body": {"persons": [{"ref": hostile, "role": hostile}], "lead": {**LEAD, "function": hostile}}}
    found = told(client.post(OPEN, json=body, headers=headers), 422)
    assert hostile not in json.dumps(found)


# Chance


ALIKE = ("cases.opened", "consents.recorded", "handovers.proposed", "dossiers.shared", "alerts.acknowledged")
"""Of the routes that send, which differ by their body only."""
NOT_CHECKED: list[Any] = [positive_data_acceptance]  # a body has more rules than its schema can tell


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_the_edge_answers_as_it_says_it_does(edge: Served, mode: GenerationMode) -> None:
    """Every kind of route of the running edge, with what its description allows and with what it does not: no answer is
    a fault, or one that the description does not tell of, or takes what it should not.
    """
    plain = httpx2.get(f"{edge.url}/openapi.json", timeout=60).json()
    for methods in plain["paths"].values():
        for each in methods.values():
            each.pop("security", None)  # tokens have tests of their own
    described = schemathesis.openapi.from_dict(plain)
    headers = bearer(edge)
    operations: Any = described.get_all_operations()
    for found in operations:
        operation = found.ok()
        alike = operation.method == "post" and "/messages/" in operation.path and not operation.path.endswith(ALIKE)
        if alike or operation.path == "/health":  # which rightly says that this edge is not ready
            continue

        @settings(
            max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def probe(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(base_url=edge.url, headers=headers, excluded_checks=NOT_CHECKED, timeout=60)

        with contextlib.suppress(Unsatisfiable):  # a route that takes nothing can be sent nothing wrong
            probe()


def test_a_question_nobody_knows_is_not_answered(edge: Served, client: httpx2.Client) -> None:
    """A misspelled limit would show more than was asked for."""
    assert "query" in told(client.get(f"/api/sent?cases={CASE}", headers=bearer(edge)), 422)[0]
    assert "twice" in told(client.get(f"/api/sent?case={CASE}&case={CASE}", headers=bearer(edge)), 422)[0]
