"""What a chain may agree, and what it may not: law, norm and danger are not lengthened by anybody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.agreements import Agreements, in_force, kept
from schemas.tables.agreeable import NUMBERS, TERM, TERMS, Bound
from schemas.tables.agreed import flaws, ladder_of, number_of, read_term, row_of, term_of, written
from schemas.tables.ladder import LADDERS
from schemas.tables.obligation_row import Basis
from schemas.tables.obligations import ROWS
from services.oversight.rules.calendar import Calendar

CALENDAR = Calendar()
LONGER_ONLY_BY_LAW = (Bound.LAW, Bound.NORM, Bound.DANGER)


def agreed(since: str = "2026-01-01", /, terms: dict[str, str] | None = None, **numbers: Any) -> Agreements:
    return Agreements.model_validate({"since": since, "document": "test", "terms": terms or {}, "numbers": numbers})


texts = st.builds(
    lambda count, unit: f"1 {unit}" if count == 1 else f"{count} {unit}s",
    st.integers(1, 9999),
    st.sampled_from(["working day", "day", "month", "hour"]),
)
anything = st.builds(
    lambda terms, numbers: agreed(terms=terms, **numbers),
    st.dictionaries(st.sampled_from([*TERM, "NO_SUCH_TERM", "COLLEGE_NOTICE"]), texts, max_size=12),
    st.dictionaries(st.sampled_from([row.name for row in NUMBERS]), st.integers(-5, 200)),
)
hours = st.integers(0, 4 * 365 * 24)


def test_without_agreements_everything_is_as_the_tables_have_it() -> None:
    """And agreements that name nothing change nothing."""
    for nothing in (None, agreed()):
        assert [row_of(row, nothing) for row in ROWS] == list(ROWS)
        assert {row.name: term_of(row.name, nothing) for row in TERMS} == {row.name: row.term for row in TERMS}
        assert {row.name: number_of(row.name, nothing) for row in NUMBERS} == {row.name: row.number for row in NUMBERS}
        for name, both in LADDERS.items():
            assert (ladder_of(name, False, nothing), ladder_of(name, True, nothing)) == both


def test_our_own_terms_written_out_are_agreements_that_change_nothing() -> None:
    """Every name that may be agreed can be agreed as it is."""
    whole = agreed(terms={row.name: written(row.term) for row in TERMS}, **{row.name: row.number for row in NUMBERS})
    assert not list(flaws(whole))
    assert [row_of(row, whole) for row in ROWS] == list(ROWS)


@settings(deadline=None)
@given(anything, hours)
def test_no_agreement_lengthens_what_law_norm_or_danger_gives(agreements: Agreements, hour: int) -> None:
    """Whatever was published, and on whatever day: what is not within its bounds changes nothing."""
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    for row in TERMS:
        if row.bound in LONGER_ONLY_BY_LAW:
            assert CALENDAR.after(at, term_of(row.name, agreements)) <= CALENDAR.after(at, row.term)


@settings(deadline=None)
@given(anything)
def test_what_is_out_of_bounds_is_named_and_changes_nothing(agreements: Agreements) -> None:
    """And what is within them counts."""
    named = {flaw.name for flaw in flaws(agreements)}
    for name, text in agreements.terms.items():
        if name in TERM and term_of(name, agreements) != read_term(text, TERM[name].term.basis):
            assert name in named
    for row in NUMBERS:
        given_number = agreements.numbers.get(row.name, row.number)
        assert (number_of(row.name, agreements) == given_number) != (row.name in named)


@settings(deadline=None)
@given(anything)
def test_a_flaw_names_what_may_be_instead(agreements: Agreements) -> None:
    """Nobody is sent away with a no alone."""
    assert all(flaw.what and flaw.mend for flaw in flaws(agreements))


def test_a_term_of_law_is_not_lengthened_and_the_law_is_named() -> None:
    """Shorter may be agreed."""
    (flaw,) = flaws(agreed(terms={"VT_INFORM": "42 days"}))
    assert "the law gives this term" in flaw.what
    assert "Wmo 2015 art. 5.3.1(1)" in flaw.what
    assert flaw.mend == "28 days at most"
    shorter = agreed(terms={"VT_INFORM": "14 days"})
    assert not list(flaws(shorter))
    assert term_of("VT_INFORM", shorter) == read_term("14 days", Basis.LAW)


def test_every_mistake_is_told_at_once() -> None:
    """Not one after the other."""
    wrong = agreed(terms={"DSAR": "2 months", "CASE_UPDATE": "400 days", "X": "1 day", "GI_ASSIGN": "1 month"}, WAITS=9)
    assert {flaw.name for flaw in flaws(wrong)} == {"DSAR", "CASE_UPDATE", "X", "GI_ASSIGN", "WAITS"}


def test_what_the_law_wants_at_once_or_by_a_date_is_not_agreed() -> None:
    """The source says why."""
    told = {flaw.name: flaw.what for flaw in flaws(agreed(terms={"COLLEGE_NOTICE": "1 day", "INFORM_LATER": "9 days"}))}
    assert "Jeugdwet 3.1(3)-(4)" in told["COLLEGE_NOTICE"]
    assert "Wmo 2015 art. 5.3.1" in told["INFORM_LATER"]


def test_what_is_agreed_for_direct_unsafety_is_no_longer_than_otherwise() -> None:
    """Also when only the other one was shortened."""
    (flaw,) = flaws(agreed(terms={"FIRST_REACTION": "20 hours"}))
    assert flaw.name == "FIRST_REACTION.direct"
    assert not list(flaws(agreed(terms={"FIRST_REACTION": "20 hours", "FIRST_REACTION.direct": "20 hours"})))


@pytest.mark.parametrize(
    "text", ["1 days", "5 working day", "5", "five days", "5 weeks", "-1 days", " 5 days", "0 days", "05 days"]
)
def test_a_term_is_written_in_one_way(text: str) -> None:
    """So that what was agreed reads the same everywhere."""
    with pytest.raises(ValidationError):
        agreed(terms={"CASE_UPDATE": text})


def test_the_last_that_has_begun_is_in_force() -> None:
    """Also when one of a later day was listed before it: what is listed later was agreed later."""
    first, later, mended = agreed("2026-01-01", WAITS=1), agreed("2030-01-01", WAITS=2), agreed("2026-07-01", WAITS=3)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 7, 1), date(2031, 1, 1)]
    assert [in_force((first, later, mended), day) for day in days] == [None, first, mended, mended]


def test_what_was_agreed_stays_and_is_only_followed() -> None:
    """Taking away, altering and putting in between are refused."""
    one, two = agreed("2026-01-01", WAITS=1), agreed("2026-07-01", WAITS=3)
    assert kept((one,), (one, two))
    assert kept((), (one,))
    assert not any(kept((one, two), after) for after in ((one,), (two, one), (two,), ()))
