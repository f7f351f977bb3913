"""The command line, as far as it needs no broker."""

from pathlib import Path

from click.testing import CliRunner

from services.cli.__main__ import main
from services.cli.topics import slugs


def test_a_home_without_a_cluster_is_said_in_one_line(tmp_path: Path) -> None:
    """No traceback for a forgotten `estafette kafka start`."""
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "none"), "topics", "plan"])
    assert result.exit_code == 1
    assert "no cluster was made here" in result.output
    assert len(result.output.splitlines()) == 1


def test_stopping_what_does_not_run_says_so(tmp_path: Path) -> None:
    """And makes no folder."""
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "none"), "kafka", "stop"])
    assert (result.exit_code, result.output) == (0, "Kafka was not running\n")
    assert not (tmp_path / "none").exists()


def test_organisations_are_read_from_a_list_or_from_under_their_name(tmp_path: Path) -> None:
    """A file with organisations alone is enough."""
    plain, nested = tmp_path / "plain.yaml", tmp_path / "nested.yaml"
    plain.write_text("- {slug: linde}\n")
    nested.write_text("services: []\norganisations:\n- {slug: linde}\n")
    assert slugs(plain) == slugs(nested) == ("linde",)
