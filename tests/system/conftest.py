"""The whole system, started once: real broker, every service a process, and the stories of the demonstration played."""

import json
import os
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


class Told(NamedTuple):
    """The system after the stories, and what `estafette play --json` printed, line by line, a story each."""

    system: System
    lines: dict[str, list[dict[str, Any]]]
    codes: dict[str, int]


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    with fresh_system(DEMO, lambda _: None) as system:
        lines: dict[str, list[dict[str, Any]]] = {}
        codes: dict[str, int] = {}
        for file in SCENARIOS:
            done = command(system, "play", str(file), "--json")
            codes[file.stem] = done.returncode
            lines[file.stem] = [json.loads(line) for line in done.stdout.splitlines()]
        yield Told(system, lines, codes)


def command(system: System, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`estafette ...` against this system, as a user would type it."""
    environment = {**os.environ, "ESTAFETTE_HOME": str(system.home)}
    line = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=600, check=False)
