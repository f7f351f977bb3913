"""The letter to a person who asks who saw what: it shows what may be shown, and says that something is held back."""

from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from services.cli import audit as command
from services.cli.__main__ import main
from services.cli.letter import held, letter, needs_second

CASE, MESSAGE, ITEM, OTHER = "case:6f0c", "m-1", "i-1", "i-2"
ROW = {"message": MESSAGE, "item": OTHER, "article": "WMO_5_3_2", "review_on": "2026-06-01"}


def section(item: str = ITEM, category: str = "STORY", about: tuple[str, ...] = ("youth",)) -> dict[str, Any]:
    bases = [{"person": ref, "secrecy_in_words": f"consent of {ref}"} for ref in about]
    return {"item": item, "category": category, "category_in_words": category.lower(), "about": about, "bases": bases}


def share(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    line = {
        "at": "2026-03-02T09:00:00Z", "actor": "team-a", "recipients": ["gi-x"], "verdict": "DELIVERED",
        "message": MESSAGE, "purpose_in_words": "to help together", "sections": sections, "opened": [],
    }  # fmt: skip
    return {**line, **more}


def answer(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"by": "team-a", "entries": list(lines), **more}


def text(*lines: dict[str, Any], back: tuple[dict[str, str], ...] = (), **more: Any) -> str:
    return "\n".join(letter(answer(*lines, **more), "youth", held(back)))


def test_it_says_when_who_gave_what_to_whom_and_why_it_was_allowed() -> None:
    """And nothing that is about somebody else."""
    told = text(share(section(), section(OTHER, "HEALTH", ("mother",))))
    assert "On 02-03-2026 10:00 team-a gave to gi-x, to help together:" in told
    assert "story. Allowed by: consent of youth" in told
    assert "health" not in told and "mother" not in told


def test_what_is_held_back_is_named_by_article_and_day_and_by_nothing_else() -> None:
    told = text(share(section(), section(OTHER, "SAFETY")), back=(ROW,))
    assert "story" in told and "safety" not in told
    assert "1 held back (WMO 5 3 2); looked at again on 2026-06-01 at the latest." in told
    assert "Nothing was shared that can be shown to you now." in text(share(section(OTHER, "SAFETY")), back=(ROW,))


def test_the_same_item_of_another_message_is_not_held_back() -> None:
    """The decision was about that share."""
    assert "safety" in text(share(section(OTHER, "SAFETY"), message="m-2"), back=(ROW,))


def test_who_reported_is_never_in_it() -> None:
    told = text(share(section(), section(OTHER, "REPORTER")))
    assert "reporter" not in told and "held back" not in told


@pytest.mark.parametrize(
    ("said", "alone"),
    [
        ({}, False),
        ({"caution": {"unsafe": ["father"], "address_secret": False}}, False),
        ({"caution": {"unsafe": ["youth"], "address_secret": False}}, True),
    ],
)
def test_to_somebody_who_is_unsafe_to_reach_nobody_shows_it_alone(said: dict[str, Any], alone: bool) -> None:
    """Whether the case says so now, or said so when it was shared."""
    assert needs_second(answer(**said), "youth") is alone
    assert needs_second(answer(share(section(), **said)), "youth") is alone


class Served:
    """The edge and the ledger service, as the command meets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, caution: Any = None, edge: int = 200) -> None:
        self.caution, self.edge = caution, edge
        real = httpx2.Client
        monkeypatch.setattr(httpx2, "Client", lambda **more: real(**more, transport=httpx2.MockTransport(self._answer)))
        monkeypatch.setattr(command, "token_of", lambda deployment, asker: "token")

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/withheld"):
            return httpx2.Response(self.edge, json=[ROW] if self.edge == 200 else {"detail": "away"})
        told = answer(share(section(), section(OTHER, "SAFETY")), caution=self.caution, read_up_to=[])
        return httpx2.Response(200, json=told)

    def letter(self, *more: str) -> Any:
        line = ["audit", "--as", "lokaal-team-linde/linde-fg", "letter", CASE, "youth", *more]
        return CliRunner().invoke(main, line)


def test_the_command_leaves_out_what_the_own_edge_says_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the edge cannot be asked no letter is made at all."""
    made = Served(monkeypatch).letter()
    assert made.exit_code == 0 and "safety" not in made.output and "1 held back" in made.output, made.output
    away = Served(monkeypatch, edge=503).letter()
    assert away.exit_code == 1 and "Allowed by" not in away.output


def test_the_command_asks_for_a_second_professional(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(monkeypatch, caution={"unsafe": ["youth"], "address_secret": False})
    for more in ((), ("--second", "linde-fg")):
        assert served.letter(*more).exit_code == 1
    assert served.letter("--second", "linde-1").exit_code == 0
