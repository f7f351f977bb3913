"""Agreements as files in git: checked, put into the entry of the coordination, confirmed, and never taken back."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from deploy.agreeing import NotAgreed, read_agreements, read_named
from deploy.ceremony import Described, confirm, join
from deploy.directory import DEMO, Deployment
from deploy.registry import Problem
from schemas.tables.agreeable import NUMBER, TERM
from services.cli.agreements import agreements_command
from services.cli.agreements import told as told_of
from services.cli.directory import directory as directory_command
from services.organisation.agreed import agreed_in
from services.runtime.conflicts import ConflictReason
from services.runtime.directory import broken_history
from tests.deploy.test_ceremony import DESK, LINDE, START, Parties, told

EXAMPLES = sorted((DEMO.parent / "agreements").glob("example-noord*.yaml"))


def file(tmp_path: Path, name: str = "noord.yaml", **said: Any) -> Path:
    path = tmp_path / name
    path.write_text(yaml.safe_dump({"since": "2026-07-01", "document": "noord-2026", **said}))
    return path


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_can_be_agreed(example: Path) -> None:
    """And say what they change in plain words."""
    result = CliRunner().invoke(agreements_command, [str(example)])
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) > 1


def test_the_default_names_everything_and_changes_nothing() -> None:
    """`estafette directory agreements` without a file prints it."""
    default = DEMO.parents[1] / "docs" / "agreements-default.yaml"
    assert default.read_text() == CliRunner().invoke(agreements_command).output
    agreed = read_agreements(default)
    assert (set(agreed.terms), set(agreed.numbers)) == (set(TERM), set(NUMBER))
    assert list(told_of(agreed)) == ["werkafspraken-REGION-2027: 0 things are otherwise from 2027-01-01 on"]


def test_a_check_says_what_changes_against_our_own(tmp_path: Path) -> None:
    """What is agreed as it was is no change."""
    path = file(tmp_path, terms={"FIRST_REACTION": "5 working days", "REROUTE": "2 working days"}, numbers={"WAITS": 1})
    lines = CliRunner().invoke(agreements_command, [str(path)]).output.splitlines()
    assert lines[0] == "noord-2026: 2 things are otherwise from 2026-07-01 on"
    assert lines[1].startswith("  FIRST_REACTION: 5 working days, longer than 3 working days (")
    assert lines[2].startswith("  WAITS: 1 instead of 2 (")


def test_every_mistake_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    """Those in its form and those in what it says, each with how to mend it."""
    path = tmp_path / "noord.yaml"
    path.write_text("sinds: 2026-07-01\ndocument: x\nterms: {VT_INFORM: 42 days, PLAN: 6 weeks}\nnumbers: {WAITS: 9}\n")
    result = CliRunner().invoke(agreements_command, [str(path)])
    assert result.exit_code == 1
    for part in (
        "since: is missing\n    the day from which it holds",
        "sinds: is no part of agreements\n    there is since, document",
        "terms.PLAN: '6 weeks' is no length of time\n    write `5 working days`",
        "VT_INFORM: 42 days is longer than 28 days: the law gives this term",
        "WAITS: 9 is out of bounds (D#63)\n    from 1 to 4",
    ):
        assert part in result.output, (part, result.output)


@pytest.mark.parametrize("text", ["", "[1, 2]", "terms: 5", "{", "since: 2026-07-01\ndocument: x\nterms: {PLAN: 5}"])
def test_what_is_no_file_of_agreements_is_refused_with_words(tmp_path: Path, text: str) -> None:
    """Whatever it is."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(NotAgreed, match=r"x\.yaml"):
        read_agreements(path)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path).joined()


def agree(parties: Parties, *said: dict[str, Any]) -> None:
    """The coordination signs, the operator confirms."""
    listed = [{"since": "2026-07-01", "document": "noord-2026", **each} for each in said]
    join(parties.homes[DESK], parties.folder, told(DESK, agreements=listed), START)
    confirm(parties.folder, DESK, parties.fingerprint(DESK))


def test_agreements_travel_in_the_entry_of_the_coordination(parties: Parties) -> None:
    """Signed by it, confirmed by the operator, read by everybody."""
    held = parties.reader()
    agree(parties, {"terms": {"CASE_UPDATE": "30 days"}})
    planned = parties.plan(held)
    assert planned.problems == ()
    assert "agreements: none -> noord-2026 from 2026-07-01" in "\n".join(planned.lines())
    parties.publish(held)
    desk = held.find(DESK)
    assert desk is not None and desk.agreements[0].terms == {"CASE_UPDATE": "30 days"}
    assert held.conflicts == ()


def test_the_page_of_a_case_shows_what_the_chain_of_who_leads_agreed(parties: Parties) -> None:
    """From its day on; nothing where nobody leads, or somebody of no chain."""
    agree(parties, {"numbers": {"WAITS": 1}, "powers": {"END_HELP": ["team-manager"]}})
    held = parties.reader()
    shown = agreed_in(held, LINDE, date(2026, 7, 1))
    assert shown is not None
    assert (shown["document"], shown["powers"]) == ("noord-2026", {"END_HELP": ["team-manager"]})
    assert agreed_in(held, LINDE, date(2026, 6, 30)) is None
    assert agreed_in(held, None, date(2026, 7, 1)) is None
    assert agreed_in(held, DESK, date(2026, 7, 1)) is None


def test_nothing_is_published_that_cannot_be_agreed_or_begins_in_the_past(parties: Parties) -> None:
    """The law is named, and what may be instead."""
    held = parties.reader()
    agree(parties, {"terms": {"VT_DECISION": "90 days"}}, {"since": "2026-03-02"})
    late, long = sorted(parties.plan(held).problems, key=lambda problem: problem.what)
    assert "that day has begun" in late.what
    assert long == Problem(DESK, long.what, "70 days at most")
    assert "Uitvoeringsbesluit Wmo 2015 art. 4.1.7(2)" in long.what


def test_what_was_agreed_under_other_bounds_stays_and_is_warned_of(parties: Parties) -> None:
    """It cannot be taken back, so it blocks nothing; ours counts until it is agreed anew."""
    agree(parties, {"since": "2026-03-01", "terms": {"CASE_UPDATE": "400 days"}})
    first = parties.plan()
    assert [problem.mend for problem in first.problems] == ["180 days at most"]
    held = parties.reader()
    planned = parties.plan(held)
    assert planned.problems == ()
    (warning,) = [told for told in planned.warnings if "CASE_UPDATE" in told]
    assert "ours counts: agree it anew" in warning


def test_what_was_agreed_before_is_followed_and_not_rewritten(parties: Parties) -> None:
    """A reader that holds it keeps it, and alarms."""
    agree(parties, {"numbers": {"WAITS": 1}})
    held = parties.reader()
    before = held.find(DESK)
    agree(parties, {"numbers": {"WAITS": 1}}, {"since": "2027-01-01", "document": "noord-2027"})
    assert parties.plan(held).problems == ()
    parties.publish(held)
    agree(parties, {"since": "2027-01-01", "document": "noord-2027"})
    (problem,) = parties.plan(held).problems
    assert "altered or gone" in problem.what
    after = held.find(DESK)
    assert before is not None and after is not None
    shorter = after.model_copy(update={"version": after.version + 1, "agreements": ()})
    assert broken_history(after, shorter) is ConflictReason.AGREEMENTS


def test_only_a_coordination_says_what_a_chain_agreed() -> None:
    """Anybody else is told so."""
    with pytest.raises(ValueError, match="coordination of the chain"):
        told(LINDE, agreements=[{"since": "2026-07-01", "document": "x"}]).standing  # noqa: B018  it is checked there


def test_a_description_may_name_the_files_that_stand_beside_it(tmp_path: Path) -> None:
    """So that each agreement is a file of its own in git; a mistake in one is told with its name."""
    file(tmp_path, "a.yaml", numbers={"WAITS": 1})
    said = {**told(DESK).model_dump(mode="json", exclude_none=True), "agreements": ["a.yaml"]}
    described = Described.model_validate(read_named(said, tmp_path / "desk.yaml"))
    assert described.agreements[0].numbers == {"WAITS": 1}
    file(tmp_path, "a.yaml", numbers={"WAITS": 9})
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump({**said, "agreements": ["a.yaml"]}))
    command = ["join", str(tmp_path / "desk.yaml"), "--folder", str(tmp_path / "git")]
    result = CliRunner().invoke(directory_command, command)
    assert result.exit_code == 1
    assert "a.yaml cannot be agreed" in result.output


def test_a_deployment_names_them_too(tmp_path: Path) -> None:
    """The demonstration has none: it is as the tables have it."""
    assert not any(part.agreements for part in Deployment.load().organisations)
    whole = yaml.safe_load(DEMO.read_text())
    desk = next(part for part in whole["organisations"] if part["slug"] == DESK)
    desk["agreements"] = [file(tmp_path, numbers={"WAITS": 1}).name]
    (tmp_path / "here.yaml").write_text(yaml.safe_dump(whole))
    assert Deployment.load(tmp_path / "here.yaml").organisation(DESK).agreements[0].document == "noord-2026"


def test_entries_without_agreements_read_as_before(parties: Parties) -> None:
    """Nothing of them is written, so that a reader of an earlier version still reads the entry."""
    text, _ = parties.folder.entry(DESK) or ("", "")
    assert text and "agreements" not in text
