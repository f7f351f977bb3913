"""Attacks on the HTTP interface of an edge: a browser led astray, a client that lies or dawdles, a colleague who is too
curious, and every text that another program could take for a command.
"""

import base64
import contextlib
import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator
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

from services.organisation import access, api
from services.organisation import tables as t
from services.organisation.letters import Letters
from services.organisation.sending import MAX_REQUEST
from services.runtime import guard
from services.runtime.api_page import STYLE
from services.runtime.guard import HEADERS, MAX_HEADER_LINES, MAX_HEADERS, MAX_TARGET, PatientProtocol
from services.runtime.rates import KEPT, Rate
from services.runtime.tokens import NotLoopbackError, Role
from tests.attacks.served import Served, heard, served
from tests.organisation.offices import Office, Street, make_home
from tests.organisation.small_gate import SmallGate

VT, LINDE = "veilig-thuis-noord", "lokaal-team-linde"
ID = "3f8a1f0e-8f5a-4b53-9d3c-2a1b0c9d8e7f"
CASE = f"case:{ID}"
OPEN, SHARE = "/api/messages/cases.opened", "/api/messages/dossiers.shared"
LEAD = {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]}
OPENING = {"body": {"persons": [{"ref": "child-1", "role": "YOUTH", "birth_date": "2015-01-01"}], "lead": LEAD}}
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


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An edge that is asked more often in these tests than it would bear, and waits less long."""
    with pytest.MonkeyPatch.context() as patch, served_with(patch, tmp_path_factory.mktemp("edge")) as made:
        yield made


def served_with(patch: pytest.MonkeyPatch, folder: Path) -> Any:
    for name in ("PERSON_PER_SECOND", "PERSON_BURST"):
        patch.setattr(access, name, 1_000_000)
    for name in ("ADDRESS_PER_SECOND", "ADDRESS_BURST"):
        patch.setattr(api, name, 1_000_000)
    patch.setattr(guard, "BODY_SECONDS", 4.0)
    patch.setattr(PatientProtocol, "patience", 4.0)
    return served(VT, folder)


@pytest.fixture
def client(edge: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=edge.url, timeout=60, trust_env=False) as made:
        yield made


def bearer(edge: Served, ref: str = "vt-1") -> dict[str, str]:
    return {"Authorization": edge.office.token(ref)}


def told(answer: httpx2.Response, status: int) -> list[str]:
    """The problems of an answer, which has the form of every other."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status) and problem["title"] and problem["problems"]
    return list(problem["problems"])


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


# A client that lies or dawdles


def test_what_is_too_large_is_not_read(edge: Served, client: httpx2.Client) -> None:
    """By its announced length at once, by what comes when it announced none; headers and path alike."""
    announced = f"POST {OPEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {10**12}\r\n\r\n"
    assert edge.hear(announced.encode()).startswith(b"HTTP/1.1 413")
    chunks = (b"[" * 65536 for _ in range(MAX_REQUEST // 65536 + 2))
    headers = bearer(edge) | {"Content-Type": "application/json"}
    told(client.post(OPEN, content=chunks, headers=headers), 413)
    told(client.get("/health", headers={f"X-{n}": "x" for n in range(MAX_HEADER_LINES)}), 431)
    told(client.get("/health", headers={"X-Long": "x" * MAX_HEADERS}), 431)
    told(client.get("/health?" + "x" * MAX_TARGET), 414)
    told(client.get("/api/cases", headers={"Authorization": "Bearer " + "x" * 15_000}), 401)


def test_an_endless_head_is_cut_off(edge: Served) -> None:
    """What the server keeps of a head that never ends is bounded."""
    answer = edge.hear(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 3 * MAX_HEADERS)
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("said", [b"", b"GET /health HTT", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_who_does_not_finish_a_head_is_left(edge: Served, said: bytes) -> None:
    """The connection is closed, also when it says nothing at all."""
    assert edge.hear(said) == b""


def test_who_drips_after_a_good_answer_is_left(edge: Served) -> None:
    """A connection that is kept open has no more patience for its second request."""
    with edge.line() as line:
        line.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET /live HT")
        heard(line)


def test_who_does_not_finish_a_body_is_left(edge: Served) -> None:
    """With an answer that says why."""
    head = f"POST {OPEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
    head += f"Authorization: {edge.office.token('vt-1')}\r\n\r\n{{"
    answer = edge.hear(head.encode())
    assert answer.startswith(b"HTTP/1.1 408") and b"application/problem+json" in answer


def test_a_person_who_asks_too_often_waits_and_a_colleague_does_not() -> None:
    """A bucket each, filled at a steady rate; who is forgotten has a full one."""
    now = [0.0]
    rate = Rate(2, 3, lambda: now[0])
    assert [rate.take("vt-1") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rate.take("vt-2") == 0
    now[0] = 0.5
    assert (rate.take("vt-1"), rate.take("vt-1")) == (0, 0.5)
    for number in range(KEPT + 1):
        rate.take(f"somebody-{number}")
    assert len(rate._held) == KEPT


@pytest.fixture
async def vt(tmp_path: Path) -> AsyncIterator[Office]:
    """An edge in this process, with the limits it has in earnest."""
    home = make_home(tmp_path / "home")
    made = await Street(home, SmallGate(home), None, tmp_path).office(VT)
    yield made
    await made.edge.engine.dispose()


async def test_limits_stand_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Per person, and per address for who is nobody yet; told when to come back."""
    monkeypatch.setattr(access, "PERSON_BURST", 2)
    monkeypatch.setattr(access, "PERSON_PER_SECOND", 0.001)
    monkeypatch.setattr(api, "ADDRESS_BURST", 6)
    monkeypatch.setattr(api, "ADDRESS_PER_SECOND", 0.001)
    home = make_home(tmp_path / "home")
    office = await Street(home, SmallGate(home), None, tmp_path).office(VT)
    first = [await office.ask("GET", "/api/cases", "vt-1") for _ in range(3)]
    assert [answer.status_code for answer in first] == [200, 200, 429]
    assert int(first[2].headers["retry-after"]) > 0 and told(first[2], 429)
    assert (await office.ask("GET", "/api/cases", "vt-2")).status_code == 200
    nobody = [(await office._http.get("/api/cases")).status_code for _ in range(3)]
    assert nobody == [401, 401, 429]
    await office.edge.engine.dispose()


DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000


@pytest.mark.parametrize(
    "raw",
    [
        DEEP,
        b"[" * 10_000,
        b'{"body":{"lead":' + DEEP + b"}}",
        b'{"case":"' + CASE.encode() + b'","case":"x"}',
        b'{"body":{"persons":[],"persons":[]}}',
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        b'{"x":' + b"9" * 100_000 + b"}",
        b'{"x":1e999999}',
        b'{"case":"\\u0000"}',
        b'{"case":"\\ud800"}',
        b'{"\\udfff":1}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"\x1f\x8b\x08\x00",
        b"null",
        b"[]",
        b'"' + b"x" * 100_000,
        b"",
    ],
)
def test_json_of_more_than_one_meaning_or_none_is_turned_down(edge: Served, client: httpx2.Client, raw: bytes) -> None:
    """Deep, twice the same key, no number, too large a number, half a character: told so, and nothing is queued."""
    headers = bearer(edge) | {"Content-Type": "application/json"}
    found = told(client.post(OPEN, content=raw, headers=headers), 422 if raw else 415 if "x" in headers else 422)
    assert all(len(problem) <= 300 for problem in found)
    assert edge.run(edge.office.sent()) == []


def test_everything_that_is_wrong_is_said_at_once(edge: Served, client: httpx2.Client) -> None:
    """In the one form of problems, and without the words that were sent."""
    wrong = {"case": "my case", "to": ["NOBODY"], "dry_run": 1, "body": {"x": "my words"}, "manifest": {"purpose": "?"}}
    found = told(client.post(SHARE, json=wrong, headers=bearer(edge)), 422)
    for place in ("case", "to.0", "dry_run", "body.x", "manifest.purpose"):
        assert any(problem.startswith(f"{place}:") for problem in found), (place, found)
    found = told(client.get("/api/received?kind=x&since=y&until=z", headers=bearer(edge)), 422)
    assert len(found) == 3
    assert "my words" not in json.dumps(found)


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


# A colleague who is too curious


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
