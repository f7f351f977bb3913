"""`python -m tests.attacks.mutations [threat ...]`: takes each defence away, and asks which attack then gets through.

As tests/invariants/mutations.py, from which it has its machinery. Rows are in breaks.py and broker_breaks.py.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.breaks import BREAKS
from tests.attacks.broker_breaks import BROKER_BREAKS
from tests.invariants.mutations import ROOT, copy_sources, noticed, run, shown

ALSO = ("docs", "README.md")
ALL = (*BREAKS, *BROKER_BREAKS)


def main() -> int:
    """0 when every defence is missed by a test."""
    wanted = [one for one in ALL if not sys.argv[1:] or one.invariant in sys.argv[1:]]
    wrong = 0
    print("| against | defence taken away | in | test that failed |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="estafette-mutations-") as folder:
        where = Path(folder)
        copy_sources(where, ALSO)
        link_libraries(where)
        for file in sorted({test.partition("::")[0] for one in wanted for test in one.tests or ()}):
            tests = sorted({test for one in wanted for test in one.tests or () if test.startswith(file)})
            code, failures = run(tests, where)
            if code:
                print(f"These fail with every defence in place: {failures}")
                return 1
        for one in wanted:
            try:
                failed = noticed(one, where)
                told = shown(failed) if failed else "NONE"
                wrong += not failed
            except (LookupError, subprocess.TimeoutExpired) as error:
                told, wrong = f"NOT TRIED: {error}", wrong + 1
            print(f"| {one.invariant} | {one.says} | {one.file} | {told} |", flush=True)
    print(f"\n{len(wanted)} defences, {wrong} not missed or not tried")
    return 1 if wrong else 0


def link_libraries(where: Path) -> None:
    """What npm installed for the client in Node, where it is installed."""
    installed = ROOT / "tests" / "client_node" / "node_modules"
    copied = where / "tests" / "client_node" / "node_modules"
    if installed.exists() and not copied.exists():
        copied.symlink_to(installed)


if __name__ == "__main__":
    sys.exit(main())
