"""The page that says what answers each fact names things that exist."""

import re
from pathlib import Path

import pytest

from tests.play.conftest import DOCS

ROOT = DOCS.parent
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall((DOCS / "coverage.md").read_text())
NOT_YET = [int(number) for number, _, answer, _ in ROWS if answer.startswith("**not yet**")]


def test_every_fact_has_one_line() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 192))


def test_every_file_named_is_there() -> None:
    named = {path for row in ROWS for path in re.findall(r"`((?:schemas|services|docs|tests)/[\w./-]+)`", row[2])}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    assert named


def test_every_test_named_is_there() -> None:
    named = [found for row in ROWS for found in re.findall(r"`(tests/[\w./]+)::(test_\w+)`", row[3])]
    assert [name for path, name in named if f"def {name}(" not in Path(ROOT, path).read_text()] == []
    assert len(named) > 100


@pytest.mark.parametrize(("number", "says", "answer", "shown"), ROWS)
def test_a_line_is_answered_or_says_why_not(number: str, says: str, answer: str, shown: str) -> None:
    """A fact that nobody answers is counted as such: `NOT_YET` lists them."""
    open_ = answer.startswith(("**not yet**", "not ours: "))
    assert says
    assert (shown == "-") is open_
    assert int(number) in NOT_YET or not answer.startswith("**")
