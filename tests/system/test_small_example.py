"""The complete example of docs/scenarios.md, on the system that told the stories before."""

import json
import re
from pathlib import Path

import pytest

from tests.system.conftest import SCENARIOS, Told, command

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]


def test_the_example_of_the_page_plays_as_it_says(told: Told, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    (tmp_path / "small.yaml").write_text(found[1])
    done = command(told.system, "play", str(tmp_path / "small.yaml"), "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [line["unmet"] for line in lines[:-1]]) == (0, [[]] * 5), done.stderr


def test_a_story_of_the_past_is_not_played_again(told: Told) -> None:
    """Time never goes back; it says what to do."""
    done = command(told.system, "play", str(SCENARIOS[0]))
    assert done.returncode == 2
    assert "time never goes back" in done.stderr and "--fresh" in done.stderr
