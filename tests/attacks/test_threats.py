"""The threat table names code and tests that exist, and every attack made here stands in it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.mutations import ALL
from tests.invariants.breaks import BREAKS

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "threats.md").read_text()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TABLE.splitlines()
    if line.startswith("|") and not re.match(r"\|(-|\s*threat)", line)
]
NAMED = re.compile(r"`([\w./-]+\.(?:py|md|properties))(?:::(\w+))?`")


@cache
def functions_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_of_the_threat_table_names_what_exists(row: list[str]) -> None:
    """Threat, what stops it, where, what remains, which test."""
    threat, stopped_by, where, _, tested = row
    assert threat and stopped_by
    assert NAMED.findall(where) and NAMED.findall(tested), "a row names code and a test"
    for path, name in [*NAMED.findall(where), *NAMED.findall(tested)]:
        assert (ROOT / path).is_file(), path
        if name:
            assert name in functions_in(ROOT / path), f"{path}::{name}"
    assert all(path.startswith("tests/") for path, _ in NAMED.findall(tested))


def test_every_attack_stands_in_the_table() -> None:
    """Each file of attacks is named; of the attacks on messages each test."""
    named = {path for path, _ in NAMED.findall(TABLE)}
    attacks = {f"tests/attacks/{file.name}" for file in (ROOT / "tests/attacks").glob("test_*.py")}
    assert attacks - {"tests/attacks/test_threats.py"} <= named
    messages = "tests/attacks/test_messages.py"
    mine = {name for name in functions_in(ROOT / messages) if name.startswith("test_")}
    assert mine == {name for path, name in NAMED.findall(TABLE) if path == messages}


def test_every_defence_to_be_taken_away_is_still_there() -> None:
    """A break whose text has moved would try nothing."""
    for one in (*ALL, *BREAKS):
        assert (ROOT / one.file).read_text().count(one.old) == 1, (one.says, one.file)
        for test in one.tests or ():
            path, _, name = test.partition("::")
            assert (ROOT / path).is_file(), test
            assert not name or name.partition("[")[0] in functions_in(ROOT / path), test
