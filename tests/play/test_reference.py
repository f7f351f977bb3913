"""The reference pages are those of the tables, and leave nothing out."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.handovers import HandoverState
from schemas.refusal import Mend, Refusal
from schemas.tables import transitions
from schemas.tables.authority import Authority
from schemas.tables.grounds import GROUNDS
from schemas.tables.obligation_row import Basis
from schemas.tables.obligations import ROWS
from schemas.tables.transitions import TRANSITIONS
from services.cli.__main__ import main
from services.cli.documents import handover
from services.cli.documents.command import PAGES
from services.cli.documents.grounds import CONDITIONS, PERSONS, SURE
from tests.play.conftest import DOCS


def page(name: str) -> str:
    return (DOCS / name).read_text()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_made_of_the_tables(name: str) -> None:
    """`estafette documents` renews all of them."""
    assert page(name) == PAGES[name]()


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_heading_or_a_file(name: str) -> None:
    text = page(name)
    headings = {re.sub(r"[^\w -]", "", one).lower() for one in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
    assert all((DOCS / file).exists() for file in re.findall(r"\]\(([\w-]+\.md)\)", text))


def test_the_command_writes_every_page(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["documents", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert {file.name for file in tmp_path.iterdir()} == PAGES.keys()


def test_every_refusal_says_what_it_means_in_dutch_too_and_what_to_do() -> None:
    text = page("refusals.md")
    for code in Refusal:
        (line,) = re.findall(rf"^\| {code.value} \|.*$", text, re.MULTILINE)
        assert all(cell.strip() for cell in line.strip("|").split("|")), line
    assert all(f"| {mend.value} |" in text for mend in Mend)


def test_a_lawyer_finds_each_article_and_whether_it_was_read() -> None:
    text = page("grounds.md")
    for row in GROUNDS:
        assert f"**Article**: {row.law} ({SURE[row.authority]})" in text
        assert f"**Only when**: {CONDITIONS.get(row.condition, row.condition.replace('_', ' '))}" in text
        assert f"**About**: {PERSONS.get(row.persons, row.persons.replace('_', ' '))}" in text
    assert SURE.keys() == set(Authority)


def test_the_diagrams_show_every_move_and_the_table_every_row() -> None:
    text = page("handover.md")
    for row in TRANSITIONS:
        for state in row.states if row.to is not None else ():
            assert f"    {'[*]' if state is None else state.value} --> {row.to}: " in text, row
    rows = re.findall(r"^\| (?:handovers|measures|dossiers)\.\S+", text, re.MULTILINE)
    assert len(rows) == len(TRANSITIONS)
    drawn = "\n".join(re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL))
    assert all(state.value in drawn for state in HandoverState)


def test_a_row_that_stands_in_no_phase_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transitions, "TRANSITIONS", (*TRANSITIONS, TRANSITIONS[0]))
    with pytest.raises(ValueError, match="one phase"):
        handover.document()


def test_every_obligation_says_whose_term_it_is() -> None:
    text = page("obligations.md")
    for row in ROWS:
        part = text.partition(f"\n### {row.code}\n")[2].partition("\n### ")[0]
        assert all(f"* **{word}**: " in part for word in ("Opens", "Due", "Responsible", "Closes", "Heights")), row.code
        assert row.source in part
    vt = text.partition("\n### VT_INFORM\n")[2].partition("\n### ")[0]
    assert "law" in vt and "ours" not in vt, Basis.LAW
