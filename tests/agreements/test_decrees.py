"""Decree days that become known while terms run: dated configuration that changes nothing reckoned before."""

from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.directory import DEMO
from schemas.days import AMSTERDAM
from schemas.decrees import DecreeYear
from schemas.tables.obligation_row import Basis, days, working_days
from services.cli.oversight import oversight
from services.oversight.rules.calendar import Calendar, YearNotConfigured
from services.runtime.decrees import NAME, NotDecreed, decrees_of, read_decrees

EXAMPLE = DEMO.parent / "agreements" / "example-decree-days.yaml"


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)


def decree(known_from: str, *days_off: str, year: int = 2028) -> DecreeYear:
    return DecreeYear.model_validate({"year": year, "days": days_off, "known_from": known_from, "document": "Stb.1"})


def test_a_year_that_becomes_known_can_be_reckoned_in() -> None:
    """Also for a term that began before the decree: nothing could be reckoned then."""
    late = date(2028, 12, 28)
    with pytest.raises(YearNotConfigured):
        Calendar().after(noon(late), working_days(3))
    calendar = Calendar(later=(decree("2029-06-01", "2029-01-02", year=2029),))
    assert calendar.after(noon(late), working_days(2)).date() == date(2029, 1, 3)


def test_a_decree_that_changes_a_known_year_counts_for_terms_that_begin_from_its_day_on() -> None:
    """Three working days over a Friday that became a day off."""
    calendar = Calendar(later=(decree("2028-03-01", "2028-03-03", "2028-04-28", "2028-05-26"),))
    assert calendar.after(noon(date(2028, 2, 29)), working_days(3)).date() == date(2028, 3, 3)
    assert calendar.after(noon(date(2028, 3, 1)), working_days(3)).date() == date(2028, 3, 7)


@settings(deadline=None)
@given(st.dates(date(2027, 1, 1), date(2028, 6, 1)), st.dates(date(2027, 1, 1), date(2028, 6, 1)), st.integers(1, 30))
def test_a_decree_changes_no_term_that_began_before_it_was_known(start: date, known: date, count: int) -> None:
    """Whatever it makes a day off."""
    more = decree(known.isoformat(), "2028-03-03", "2028-04-28", "2028-05-26")
    if start < known:
        for term in (working_days(count), days(count, Basis.LAW)):
            assert Calendar(later=(more,)).after(noon(start), term) == Calendar().after(noon(start), term)


def test_the_example_is_read_from_the_home_of_oversight(tmp_path: Path) -> None:
    """And without a file there is nothing to add."""
    assert decrees_of(tmp_path) == ()
    (tmp_path / NAME).write_bytes(EXAMPLE.read_bytes())
    assert [each.year for each in decrees_of(tmp_path)] == [2029]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Another year's day, a Sunday, a day twice, a year listed again from no later day."""
    file = tmp_path / NAME
    file.write_text(
        "- {year: 2029, days: [2028-05-01, 2029-04-29], known_from: 2028-06-01, document: Stb.1}\n"
        "- {year: 2029, days: [2029-04-30, 2029-04-30], known_from: 2028-06-01, document: Stb.2}\n"
    )
    with pytest.raises(NotDecreed) as error:
        read_decrees(file)
    for part in ("2028-05-01 is a day of 2028", "2029-04-29 is a Sunday", "a day stands twice", "from a later day on"):
        assert part in str(error.value)


@pytest.mark.parametrize("text", ["{", "year: 2029", "- {year: 1}", "- 5"])
def test_what_is_no_list_of_years_is_refused_with_words(tmp_path: Path, text: str) -> None:
    """Whatever it is."""
    file = tmp_path / NAME
    file.write_text(text)
    with pytest.raises(NotDecreed, match=NAME):
        read_decrees(file)


def test_the_command_shows_what_terms_are_reckoned_with(tmp_path: Path) -> None:
    """Each year with where it comes from; a file that cannot be right ends with 1."""
    result = CliRunner().invoke(oversight, ["decree-days", str(EXAMPLE)])
    assert "2028: Fri 28 April, Fri 26 May (of this release)" in result.output
    assert "2029: Mon 30 April, Fri 11 May (Stb.2028-123, from 2028-06-01 on)" in result.output
    broken = tmp_path / NAME
    broken.write_text("- {year: 2029, days: [2028-05-01], known_from: 2028-06-01, document: Stb.1}")
    assert CliRunner().invoke(oversight, ["decree-days", str(broken)]).exit_code == 1
