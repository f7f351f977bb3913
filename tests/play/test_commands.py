"""`estafette play` and `estafette messages`, as far as they need no system."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.__main__ import main
from services.cli.fresh import free_block
from services.cli.play_command import counts


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home / "none"), *arguments])


@pytest.fixture
def story(tmp_path: Path, small: str) -> Path:
    file = tmp_path / "story.yaml"
    file.write_text(small)
    return file


def test_a_file_in_order_is_said_to_be(tmp_path: Path, story: Path) -> None:
    result = run(tmp_path, "play", "--check", str(story))
    assert (result.exit_code, result.output) == (0, f"{story}: in order\n")


def test_a_file_that_is_not_right_ends_with_two(tmp_path: Path, story: Path) -> None:
    story.write_text(story.read_text().replace("say: cases.opened", "say: cases.openedd"))
    result = run(tmp_path, "play", "--check", str(story))
    assert result.exit_code == 2
    assert "did you mean cases.opened" in result.output


def test_without_a_system_it_says_how_to_get_one(tmp_path: Path, story: Path) -> None:
    result = run(tmp_path, "play", str(story))
    assert result.exit_code == 2
    assert "`estafette up`" in result.output and "--fresh" in result.output
    assert len(result.output.splitlines()) == 1


def test_a_system_that_is_down_is_said_to_be(tmp_path: Path, story: Path) -> None:
    """A cluster was made here, and nothing answers."""
    home = tmp_path / "none"
    (home / "run").mkdir(parents=True)
    (home / "cluster.json").write_text("{}")
    organisations = Path(__file__).parents[2] / "deploy" / "demo.yaml"
    told = f'{{"organisations": "{organisations}", "first_port": {free_block(16)}}}'
    (home / "run" / "system.json").write_text(told)
    result = run(tmp_path, "play", str(story))
    assert result.exit_code == 2
    assert "the system is not up (gate: no answer" in result.output


def test_messages_are_printed_as_markdown(tmp_path: Path) -> None:
    assert "### handovers.proposed" in run(tmp_path, "messages").output


def test_the_last_line_counts() -> None:
    assert counts([]) == {"steps": 0, "messages": 0, "delivered": 0, "refused": 0, "met": 0, "unmet": 0}
