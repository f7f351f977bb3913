"""The check of the spine sees each fault it is there for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.reading import Read
from tests.chaos.spine_scene import check_slot

SECOND = 1000


def sent(*numbers: int) -> list[Read]:
    return [Read(0, b"k", b"%d x" % number, number * SECOND) for number in numbers]


def decided(number: int, n: int, seq: int) -> dict[str, Any]:
    return {"number": number, "n": n, "seq": seq, "failed": None, "at": f"1970-01-01T00:00:{number:02}.500+00:00"}


def tick(number: int, second: int) -> dict[str, Any]:
    return {"tick": number, "at": f"1970-01-01T00:00:{second:02}+00:00"}


def reads(bodies: list[dict[str, Any]]) -> list[Read]:
    return [Read(0, b"tick" if "tick" in body else b"k", json.dumps(body).encode(), 0) for body in bodies]


def wrong(bodies: list[dict[str, Any]], inbox: list[dict[str, Any]] | None = None) -> set[str]:
    outputs = reads([body for body in bodies if "tick" not in body] if inbox is None else inbox)
    found = check_slot(sent(1, 2, 3), outputs, reads(bodies))
    return {name for name, count in found.items() if name.startswith("!") and count}


GOOD = [decided(1, 1, 1), decided(2, 2, 2), tick(1, 3), decided(3, 3, 3)]


def test_a_good_run_is_good() -> None:
    """Else the next tests say nothing."""
    assert wrong(GOOD) == set()


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda good: good[:-1], "! lost"),
        (lambda good: [*good, decided(3, 4, 4)], "! doubled"),
        (lambda good: [decided(2, 1, 1), decided(1, 2, 2), *good[2:]], "! out of order"),
        (lambda good: [*good[:3], decided(3, 1, 3)], "! keys with a wrong counter"),
        (lambda good: [*good[:3], decided(3, 3, 7)], "! slot sequence broken"),
        (lambda good: [*good, tick(3, 4)], "! tick count broken"),
        (lambda good: [*good, tick(2, 2)], "! time ran back"),
        (lambda good: [good[0], tick(1, 3), *good[1:2], good[3]], "! decided after a tick though sent before it"),
        (lambda good: [*good[:3], {**good[3], "failed": "RuntimeError"}], "! exceptions wrongly handled"),
    ],
)
def test_a_spoiled_run_is_seen(spoil: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], fault: str) -> None:
    """Each by its own name."""
    assert fault in wrong(spoil(GOOD))


def test_outputs_that_differ_are_seen() -> None:
    """What is written in one transaction is there in both topics, or in none."""
    assert "! outputs of one transaction differ" in wrong(GOOD, inbox=GOOD[:2])
