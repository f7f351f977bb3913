"""`python -m tests.invariants.mutations`: breaks the system on purpose, one line at a time, and asks who notices.

Each break is made in a copy of the sources, and only the tests that should notice are run there. Prints a table and
ends with 1 when a break goes unnoticed, or its text is no longer in the file exactly once.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.invariants.breaks import BREAKS, LIVES, STORIES, Break

ROOT = Path(__file__).parents[2]
COPIED = ("services", "schemas", "topics", "deploy", "tests", "scenarios", "pyproject.toml")
LEFT = ("__pycache__", "node_modules", ".*")
FAILED = re.compile(r"^FAILED \S*?([\w.]+::.+?)(?: - (.*))?$", re.MULTILINE)
"""Whatever a test is called with may hold spaces."""
LONGEST = 600.0
"""Seconds for the tests of one break."""


def copy_sources(to: Path, more: Iterable[str] = ()) -> None:
    """What the tests need, without data, caches and environments."""
    for name in (*COPIED, *more):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns(*LEFT))
        elif source.exists():
            shutil.copy(source, to / name)


def run(tests: Iterable[str], where: Path) -> tuple[int, list[tuple[str, str]]]:
    """The exit code of pytest, and the tests that failed with the first words of why."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--tb=no",
        "-rf",
        *tests,
    ]
    environment = {**os.environ, "CI": "1", "PYTHONPATH": str(where), "COLUMNS": "300"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # nearly all is the same in the next run
    done = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    return done.returncode, [(name, why) for name, why in FAILED.findall(done.stdout)]


def tests_of(one: Break) -> list[list[str]]:
    """By name; or the told stories of its invariant, and only when these do not notice its random lives."""
    if one.tests is not None:
        return [list(one.tests)]
    return [["-k", one.invariant, STORIES], ["-k", one.invariant, LIVES]]


def noticed(one: Break, where: Path) -> list[str]:
    """The tests that fail when this is broken: of stories and lives only those whose watcher names the invariant, not
    those in which a story cannot go on. Raises LookupError when the text is not there exactly once.
    """
    file = where / one.file
    whole = file.read_text()
    if whole.count(one.old) != 1:
        raise LookupError(f"{one.file}: stands there {whole.count(one.old)} times: {one.old.strip()!r}")
    file.write_text(whole.replace(one.old, one.new))
    try:
        for tests in tests_of(one):
            code, failures = run(tests, where)
            named = f"AssertionError: {one.invariant}"
            failed = [name for name, why in failures if one.tests is not None or why.startswith(named)]
            if failed:
                break
    finally:
        file.write_text(whole)
    if code not in (0, 1):
        raise LookupError(f"{one.says}: pytest ended with {code}")
    return failed


def shown(failed: list[str]) -> str:
    """The first of them, and how many more."""
    return f"{failed[0]} and {len(failed) - 1} more" if len(failed) > 1 else failed[0]


def asked() -> list[str]:
    """Which to try; none named: all."""
    return sys.argv[1:]


def try_all(wanted: Sequence[Break], where: Path, unbroken: Iterable[Sequence[str]], nobody: str) -> int:
    """Print a row for each break. 0 when each is noticed, and the tests of `unbroken`, a run each, pass without any."""
    for tests in unbroken:
        code, failures = run(tests, where)
        if code:
            print(f"These fail without any break: {failures}")
            return 1
    wrong = 0
    for one in wanted:
        try:
            failed = noticed(one, where)
            told = shown(failed) if failed else nobody
            wrong += not failed
        except (LookupError, subprocess.TimeoutExpired) as error:
            told, wrong = f"NOT TRIED: {error}", wrong + 1
        print(f"| {one.invariant} | {one.says} | {one.file} | {told} |", flush=True)
    print(f"\n{len(wanted)} tried, {wrong} went unnoticed or could not be tried")
    return 1 if wrong else 0


def main() -> int:
    """0 when every break is noticed."""
    wanted = [one for one in BREAKS if not asked() or one.invariant in asked()]
    print("| invariant | what was broken | in | test that noticed |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="estafette-mutations-") as folder:
        where = Path(folder)
        copy_sources(where)
        unbroken = sorted({path for one in wanted for path in one.tests or (STORIES, LIVES)})
        return try_all(wanted, where, [unbroken], "NOBODY")


if __name__ == "__main__":
    sys.exit(main())
