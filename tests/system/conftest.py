"""The whole system, started once: real broker, each service a process, and every story of `scenarios/` played."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.directory import DEMO
from deploy.system import System
from services.cli.fresh import fresh_system

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"


class Told(NamedTuple):
    """The system after the stories, and what `estafette play --together --json` printed: the steps, and the counts."""

    system: System
    steps: list[dict[str, Any]]
    counts: dict[str, int]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    example = tmp_path_factory.mktemp("page") / "example.yaml"
    example.write_text(example_of_the_page())
    with fresh_system(DEMO, lambda _: None) as system:
        done = command(system, "play", "--together", "--json", *map(str, SCENARIOS), str(example))
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode in (0, 1), done.stderr
        yield Told(system, printed[:-1], printed[-1])


def example_of_the_page() -> str:
    """The whole scenario that docs/scenarios.md shows."""
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def command(system: System, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`estafette ...` against this system, as a user would type it."""
    environment = {**os.environ, "ESTAFETTE_HOME": str(system.home)}
    line = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=900, check=False)
