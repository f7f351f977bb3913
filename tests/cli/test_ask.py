"""`estafette ask` words what the ledger answers, and refuses in words."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from services.cli import ask as asking
from services.cli.__main__ import main

CASE = "case:00000000-0000-4000-8000-000000000001"
SPELL = {"holder": "team-a", "family": True, "since": "2026-03-02T09:00:00Z", "until": None, "by": "cases.opened"}
SPELL |= {"entry": "ab" * 32}
ANSWERS: dict[str, Any] = {
    "leads": {"case": CASE, "at": None, "then": SPELL, "spells": [SPELL | {"holder": None, "family": False}, SPELL]},
    "knew": {
        "case": CASE,
        "at": "2026-03-02T09:00:00Z",
        "lead": None,
        "organisations": [
            {
                "organisation": "team-a",
                "items": [
                    {"category": "STORY", "about": ["[red]child"], "source": "vt", "since": "2026-03-02T09:00:00Z"}
                    | {"opened_at": None}
                ],
            }
        ],
    },
    "received": {
        "counts": [],
        "letters": [],
        "handovers": [
            {"received_at": "2026-03-02T09:00:00Z", "source": "vt", "case": CASE, "kind": "REGIE", "state": "COMPLETED"}
            | {"outcome": "handovers.first_contact_held", "outcome_at": "2026-03-09T09:00:00Z", "leads": "team-a"}
            | {"case_closed_at": None}
        ],
    },
    "routes": {
        "first": None,
        "last": None,
        "on": "2016-02-29",
        "siblings": False,
        "table": {
            "trajectories": 580,
            "measures": 446,
            "help": 134,
            "finished": {"number": 101, "mean_days": 164.38},
            "to_measure": {"number": 19, "mean_days": 77.53},
            "not_to_measure": {"number": 82, "mean_days": 184.51},
            "open": {"number": 33, "mean_days": None},
            "percent_to_measure": 18.81,
        },
        "routes": [{"route": "D", "number": 19, "mean_days": 77.53}, {"route": "A", "number": 5, "mean_days": None}],
        "not_counted": [{"kind": "AFTERCARE", "number": 4}],
    },
    "contact": {
        **{"met": 2, "met_mean_days": 15.5, "met_longest_days": 22},
        **{"waiting": 0, "waiting_mean_days": None, "waiting_longest_days": None},
        "hops": [{"times": 1, "cases": 2}],
        "bounces": [{"times": 2, "cases": 1}],
        "cases": [
            {"case": CASE, "begins_with": "REPORT", "began_on": "2026-03-02", "first_contact_on": None, "days": 19}
            | {"hops": 0, "bounces": 7}
        ],
    },
    "waits": {
        "waits": [
            {"what": "PROPOSED", "waiting": "vt", "on": "team-a", "number": 3, "running": 1}
            | {"mean_days": 4.333, "longest_days": 7.04}
        ]
    },
    "alone": {
        **{"children": 4, "alone": 1, "percent": 25.0},
        "ages": [{"age": "FROM_12", "children": 4, "alone": 1, "percent": 25.0}],
    },
    "learn": {
        **{"quarter": "2026-Q1", "least": 10},
        "cells": [{"of": "WAIT", "what": ["PROPOSED", "RAAD"], "number": 12, "mean_days": 40}],
    },
    "refusals": {
        "refused": 3,
        "reasons": [{"number": 3, "name": "dossiers.shared", "in_words": "there is no basis", "code": "NO_BASIS"}],
    },
}
WORDS = {
    "leads": ("the family, with team-a leads", "nobody"),
    "knew": ("nobody led", "[red]child", "STORY"),
    "received": ("COMPLETED", "2026-03-09 09:00"),
    "routes": ("counted once", "164", "78", "18.8 %", "4 x AFTERCARE", "a measure all the same"),
    "contact": ("2 families met, 15.5 days", "0 families not met yet", "2026-03-02"),
    "waits": ("PROPOSED", "4.3", "7.0"),
    "alone": ("1 of 4 children", "25 %"),
    "learn": ("groups of 10 and more", "PROPOSED RAAD", "40"),
    "refusals": ("3 messages refused", "there is no basis"),
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, list[httpx2.Request]]]:
    """The command against a ledger that answers every question from ANSWERS."""
    asked: list[httpx2.Request] = []

    def told(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        name = request.url.path.rsplit("/", 1)[-1]
        if request.url.params.get("since") == "1999-01-01":
            return httpx2.Response(403, json={"code": "ROLE_NOT_ALLOWED", "detail": "this role may not ask this"})
        return httpx2.Response(200, json={"answer": ANSWERS[name], "uncounted": 5})

    client = httpx2.Client

    def through(**options: Any) -> httpx2.Client:
        return client(transport=httpx2.MockTransport(told), **options)

    monkeypatch.setattr(asking, "token_of", lambda *_: "token")
    monkeypatch.setattr(httpx2, "Client", through)

    def run(*arguments: str) -> tuple[Result, list[httpx2.Request]]:
        ask = ("ask", "--as", "team-a/fg", "--url", "http://ledger")
        return CliRunner().invoke(main, [*ask, *arguments]), asked

    return run


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_is_answered_in_words_or_as_it_came(run: Callable[..., Any], question: str) -> None:
    """With --json exactly what the ledger said."""
    about = {"leads": (CASE,), "knew": (CASE,), "learn": ("2026-Q1",)}.get(question, ())
    result, _ = run(question, *about)
    assert result.exit_code == 0, result.output
    for words in WORDS[question]:
        assert words in result.output
    as_json, _ = run(question, *about, "--json")
    assert json.loads(as_json.output) == {"answer": ANSWERS[question], "uncounted": 5}
    assert "not counted: 5 decisions" in result.output


def test_days_moments_and_kinds_are_passed_on(run: Callable[..., Any]) -> None:
    _, asked = run("--since", "2026-03-01", "--until", "2026-03-31", "received", "--from", "RAAD")
    assert dict(asked[-1].url.params) == {"since": "2026-03-01", "until": "2026-03-31", "kind": "RAAD"}
    _, asked = run("leads", CASE, "--at", "2026-03-02T09:00:00Z")
    assert asked[-1].url.params["at"] == "2026-03-02T09:00:00Z"
    _, asked = run("learn", "2026-Q1")
    assert dict(asked[-1].url.params) == {"quarter": "2026-Q1"}
    _, asked = run("waits", "--case", CASE)
    assert dict(asked[-1].url.params) == {"case": CASE}
    _, asked = run("contact", "--on", "2026-03-12")
    assert dict(asked[-1].url.params) == {"on": "2026-03-12"}
    _, asked = run("routes", "--on", "2016-02-29", "--no-siblings")
    assert dict(asked[-1].url.params) == {"on": "2016-02-29", "siblings": "false"}


def test_a_refusal_is_told_with_its_code(run: Callable[..., Any]) -> None:
    result, _ = run("--since", "1999-01-01", "received")
    assert result.exit_code == 1 and "ROLE_NOT_ALLOWED: this role may not ask this" in result.output
