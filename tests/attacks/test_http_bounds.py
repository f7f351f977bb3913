"""Attacks on the HTTP interface of an edge by a client that lies or dawdles: too much, too often, too slowly, and JSON
of more than one meaning.
"""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.organisation import access, api
from services.organisation.sending import MAX_REQUEST
from services.runtime import guard
from services.runtime.guard import MAX_HEADER_LINES, MAX_HEADERS, MAX_TARGET
from services.runtime.rates import KEPT, Rate
from tests.attacks.served import CASE, LINDE, OPEN, OPENING, SHARE, VT, Served, bearer, heard, served, told
from tests.organisation.offices import Street, make_home
from tests.organisation.small_gate import SmallGate


def test_what_is_too_large_is_not_read(edge: Served, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its announced length at once, by what comes when it announced none; headers and path alike."""
    monkeypatch.setattr(guard, "BODY_SECONDS", 60.0)  # on a busy machine so many bytes take a while
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


# JSON of more than one meaning, or none

DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
WHOLE = json.dumps(OPENING).encode()
SECTION: dict[str, Any] = {"category": "CONCERNS", "kind": "FACT", "as_of": "2026-03-01", "about": ["child-1"]}
SECTION |= {"source": {"kind": "YOUTH"}, "text": "A TEXT"}
LETTER = {"case": CASE, "to": [LINDE], "body": {}, "manifest": {"purpose": "HANDOVER", "sections": [SECTION]}}
DOUBLED = WHOLE.replace(b'"role": "YOUTH"', b'"role": "PARENT", "role": "YOUTH"')
HALF = json.dumps(LETTER).encode()
ASKED = b'{"ground": "YOUTH_ACT", "requested_on": "2026-03-01", "person": "child-1", "person": null}'


@pytest.mark.parametrize(
    "raw",
    [
        DEEP,
        b"[" * 10_000,
        b'{"body":{"lead":' + DEEP + b"}}",
        DOUBLED,
        WHOLE[:-1] + b', "dry_run": true, "dry_run": false}',
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        b'{"x":' + b"9" * 100_000 + b"}",
        b'{"x":1e999999}',
        b'{"\\udfff":1}',
        b"\xff\xfe",
        b"\xef\xbb\xbf" + WHOLE,
        b"\x1f\x8b\x08\x00",
        b"null",
        b"[]",
        b'"' + b"x" * 100_000,
        b"",
    ],
)
def test_json_of_more_than_one_meaning_or_none_is_turned_down(edge: Served, client: httpx2.Client, raw: bytes) -> None:
    """Deep, twice the same key, no number, too large a number: told so, and nothing is queued."""
    headers = bearer(edge) | {"Content-Type": "application/json"}
    found = told(client.post(OPEN, content=raw, headers=headers), 422)
    assert all(len(problem) <= 300 for problem in found)
    assert edge.run(edge.office.sent()) == []


@pytest.mark.parametrize("odd", [b"\\u0000", b"\\ud800", b"\xed\xa0\x80"])
def test_a_text_with_half_a_character_is_turned_down(edge: Served, client: httpx2.Client, odd: bytes) -> None:
    """In a letter that is whole but for that: another reader, or a database, has no place for it."""
    headers = bearer(edge) | {"Content-Type": "application/json"}
    told(client.post(SHARE, content=HALF.replace(b"A TEXT", odd), headers=headers), 422)
    assert edge.run(edge.office.sent()) == []


def test_whom_to_erase_has_one_meaning(edge: Served, client: httpx2.Client) -> None:
    """Every route that takes a body reads it as strictly: one person's texts, or the whole dossier?"""
    headers = {**bearer(edge, "vt-fg"), "Content-Type": "application/json", "Second-Person": edge.office.token("vt-1")}
    path = f"/api/cases/{CASE}/erasures"
    assert "twice" in told(client.post(path, content=ASKED, headers=headers), 422)[0]
    told(client.post(path, content=ASKED.replace(b'"child-1", "person": ', b""), headers=headers), 404)


def test_everything_that_is_wrong_is_said_at_once(edge: Served, client: httpx2.Client) -> None:
    """In the one form of problems, and without the words that were sent."""
    wrong = {"case": "my case", "to": ["NOBODY"], "dry_run": 1, "body": {"x": "my words"}, "manifest": {"purpose": "?"}}
    found = told(client.post(SHARE, json=wrong, headers=bearer(edge)), 422)
    for place in ("case", "to.0", "dry_run", "body.x", "manifest.purpose"):
        assert any(problem.startswith(f"{place}:") for problem in found), (place, found)
    found = told(client.get("/api/received?kind=x&since=y&until=z", headers=bearer(edge)), 422)
    assert len(found) == 3
    assert "my words" not in json.dumps(found)


# Who does not read, and who comes with many


async def test_who_does_not_read_an_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an answer waits for has an end, and the work behind it with it."""
    monkeypatch.setattr(guard, "SEND_SECONDS", 0.01)

    async def answers(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def stuck(_: Any) -> None:
        await asyncio.Event().wait()

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    made = guard.Guard(answers, 1000, Rate(10, 10))
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    with pytest.raises(ConnectionAbortedError):
        async with asyncio.timeout(20):
            await made(scope, nothing, stuck)


def test_of_too_many_connections_the_last_are_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are open go on."""
    assert guard.SERVER["limit_concurrency"] < 1000, "more than the files that Linux lets a process open"
    monkeypatch.setitem(guard.SERVER, "limit_concurrency", 3)
    with served(VT, tmp_path) as made, contextlib.ExitStack() as lines:
        for _ in range(3):
            lines.enter_context(made.line())
        asked = b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        until_open = [made.hear(asked) for _ in range(2)]
        assert [answer[:12] for answer in until_open] == [b"HTTP/1.1 503"] * 2
        lines.close()
        assert any(made.hear(asked).startswith(b"HTTP/1.1 200") for _ in range(50))
