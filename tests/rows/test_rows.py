"""Every row of every table of rules decides something in at least one test; a row that does not is named here.

The told tests of the gate and of oversight are run once more by themselves, with `recorder.py` beside them. Random ones
are left out: a row that only chance reaches is not tested. A test that fails counts for nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.rows.tables import FILE, TABLES

pytestmark = pytest.mark.timeout(900)  # the first of them runs a thousand others

ROOT = Path(__file__).parents[2]
TOLD = ("tests/gate", "tests/oversight", "tests/agreements", "--ignore=tests/gate/test_succession_lives.py")
"""Stories told twice, under two names, reach no row that the others do not."""
Exercised = Mapping[str, list[str]]


def idle(table: str, exercised: Exercised) -> list[str]:
    """The rows of a table that decided nothing."""
    return [row for row in map(str, TABLES[table]) if row not in exercised.get(table, ())]


def advice(table: str, rows: list[str]) -> str:
    """What to do about them."""
    named = "\n  ".join(rows)
    return (
        f"no test makes these rows of the table '{table}' decide anything:\n  {named}\n"
        "Write a test in tests/gate, tests/oversight or tests/agreements in which the row accepts, refuses, opens, "
        "closes or is heard; where no message can reach the row, it is dead: take it out.\n"
        "What counts: tests/rows/recorder.py."
    )


@pytest.fixture(scope="module")
def exercised(tmp_path_factory: pytest.TempPathFactory) -> Exercised:
    file = tmp_path_factory.mktemp("rows") / "exercised.json"
    alone = ("-p", "no:xdist", "-p", "no:cacheprovider", "-p", "tests.rows.recorder")
    command = [sys.executable, "-m", "pytest", "-q", *alone, "-m", "not kafka and not hypothesis", *TOLD]
    environment = {**os.environ, FILE: str(file)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # a test that fails says so itself
        pytest.fail(f"the tests of the rules do not run:\n{run.stdout[-2000:]}{run.stderr[-2000:]}", pytrace=False)
    found: Exercised = json.loads(file.read_text())
    return found


@pytest.mark.parametrize("table", TABLES)
def test_every_row_decides_something_in_a_test(table: str, exercised: Exercised) -> None:
    """It accepted, refused, moved, opened, closed or was heard; to be looked at is not enough."""
    found = idle(table, exercised)
    assert not found, advice(table, found)


def test_what_decides_is_a_row_that_is_known(exercised: Exercised) -> None:
    """Else the names here and those in the recorder have grown apart, and the test above says nothing."""
    strange = {table: sorted(set(rows) - set(map(str, TABLES[table]))) for table, rows in exercised.items()}
    assert not {table: rows for table, rows in strange.items() if rows}


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_decides_nothing_is_named_with_what_to_do(table: str) -> None:
    """Whichever it is."""
    rows = list(map(str, TABLES[table]))
    for gone in rows:
        assert idle(table, {table: [row for row in rows if row != gone]}) == [gone]
        assert f"\n  {gone}\nWrite a test" in advice(table, [gone])
