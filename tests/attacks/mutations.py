"""`python -m tests.attacks.mutations [threat ...]`: takes each defence away, and asks which attack then gets through.

As tests/invariants/mutations.py, from which it has its machinery. Rows are in the modules of this folder whose names
end in breaks.
"""

import sys
import tempfile
from itertools import groupby
from pathlib import Path

from tests.attacks.breaks import BREAKS
from tests.attacks.broker_breaks import BROKER_BREAKS
from tests.attacks.edge_breaks import EDGE_BREAKS
from tests.attacks.store_breaks import STORE_BREAKS
from tests.invariants.mutations import ROOT, asked, copy_sources, try_all

ALSO = ("docs", "README.md")
ALL = (*BREAKS, *BROKER_BREAKS, *EDGE_BREAKS, *STORE_BREAKS)


def main() -> int:
    """0 when every defence is missed by a test."""
    wanted = [one for one in ALL if not asked() or one.invariant in asked()]
    print("| against | defence taken away | in | test that failed |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="estafette-mutations-") as folder:
        where = Path(folder)
        copy_sources(where, ALSO)
        link_libraries(where)
        tests = sorted({test for one in wanted for test in one.tests or ()})
        by_file = [list(group) for _, group in groupby(tests, lambda test: test.partition("::")[0])]
        return try_all(wanted, where, by_file, "NONE")


def link_libraries(where: Path) -> None:
    """What npm installed for the client in Node, where it is installed."""
    installed = ROOT / "tests" / "client_node" / "node_modules"
    copied = where / "tests" / "client_node" / "node_modules"
    if installed.exists() and not copied.exists():
        copied.symlink_to(installed)


if __name__ == "__main__":
    sys.exit(main())
