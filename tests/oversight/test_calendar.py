"""Terms under the Algemene termijnenwet, in the Netherlands."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.days import AMSTERDAM, dutch_day
from schemas.tables.calendar import DECREE_DAYS
from schemas.tables.obligation_row import Basis, days, hours, working_days
from services.oversight.rules.calendar import Calendar, YearNotConfigured, end_of

CALENDAR = Calendar()
DAYS = st.dates(date(2023, 1, 1), date(2028, 9, 30))
MOMENTS = st.integers(0, 2098 * 24 * 60).map(lambda n: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


def at(day: str, clock: str = "09:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=AMSTERDAM)


def local(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")


def test_the_days_off_of_2026_are_those_of_the_law_and_the_decree() -> None:
    """Good Friday, 5 May and Koningsdag count, and so do the days made equal by decree."""
    assert sorted(CALENDAR.holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 1, 2),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 4, 27),
        date(2026, 5, 5),
        date(2026, 5, 14),
        date(2026, 5, 15),
        date(2026, 5, 25),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize("year", DECREE_DAYS)
def test_no_working_day_ends_on_a_day_off(year: int) -> None:
    """Fixed or moving, by law or by decree, in every year that is configured."""
    for day in sorted(CALENDAR.holidays(year) - {date(year, 1, 1)}):
        assert dutch_day(CALENDAR.after(at((day - timedelta(days=1)).isoformat()), working_days(1))) > day
    assert dutch_day(CALENDAR.after(at(f"{year - 1}-12-31"), working_days(1))) > date(year, 1, 1)


def test_koningsdag_moves_to_saturday_when_it_falls_on_a_sunday() -> None:
    """27 April 2025 was a Sunday."""
    assert date(2025, 4, 26) in CALENDAR.holidays(2025)
    assert date(2025, 4, 27) not in CALENDAR.holidays(2025)


def test_a_working_day_after_maundy_thursday_is_tuesday() -> None:
    """Good Friday, the weekend and Easter Monday lie between."""
    assert local(CALENDAR.after(at("2026-04-02"), working_days(1))) == "2026-04-07 23:59:59"


def test_the_day_of_the_event_is_day_zero() -> None:
    """Five working days from Monday end on the next Monday, whatever the hour of the event."""
    for clock in ("00:00", "12:00", "23:59"):
        assert local(CALENDAR.after(at("2026-03-02", clock), working_days(5))) == "2026-03-09 23:59:59"


def test_hours_are_elapsed_hours_over_the_clock_change() -> None:
    """The night of 28 March 2026 has an hour less: 24 hours later the clock shows an hour more."""
    assert local(CALENDAR.after(at("2026-03-28", "17:00"), hours(24))) == "2026-03-29 18:00:00"


def test_a_day_ends_one_second_before_midnight_on_the_day_the_clock_changes() -> None:
    """Also when that day has 23 or 25 hours."""
    assert end_of(date(2026, 3, 29)) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
    assert end_of(date(2026, 10, 25)) == datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)


def test_a_legal_term_that_ends_on_a_day_off_runs_on() -> None:
    """Five days from Monday 30 March 2026 end on Saturday, and so on Tuesday after Easter (art. 1)."""
    assert local(CALENDAR.after(at("2026-03-30"), days(5, Basis.LAW))) == "2026-04-07 23:59:59"


def test_our_own_term_in_days_does_not_run_on() -> None:
    """Only the law's terms do."""
    assert local(CALENDAR.after(at("2026-03-30"), days(5))) == "2026-04-04 23:59:59"


def test_a_legal_term_of_three_days_holds_two_working_days() -> None:
    """Three days from Thursday 2 April 2026 hold none before Tuesday: the second is Wednesday (art. 2)."""
    assert local(CALENDAR.after(at("2026-04-02"), days(3, Basis.LAW))) == "2026-04-08 23:59:59"


def test_terms_longer_than_twelve_weeks_do_not_run_on() -> None:
    """91 days from 4 January 2026 end on a Sunday and stay there (art. 4)."""
    assert local(CALENDAR.after(at("2026-01-04"), days(91, Basis.LAW))) == "2026-04-05 23:59:59"


def test_a_year_without_configuration_is_refused_with_what_to_do() -> None:
    """A term is never reckoned with days off that are not known."""
    with pytest.raises(YearNotConfigured, match=r"2029.*decree-days\.yaml"):
        CALENDAR.after(at("2028-12-22"), working_days(10))
    with pytest.raises(YearNotConfigured):
        CALENDAR.require(2028, 2031)


@given(MOMENTS, st.integers(1, 40))
def test_a_term_in_working_days_ends_on_one(moment: datetime, count: int) -> None:
    """And exactly that many working days lie after the event up to the end."""
    end = dutch_day(CALENDAR.after(moment, working_days(count)))
    start = dutch_day(moment)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert CALENDAR.is_working_day(end)
    assert sum(map(CALENDAR.is_working_day, between)) == count


@given(MOMENTS, st.integers(0, 60))
def test_a_legal_term_never_ends_on_a_day_off_nor_before_its_time(moment: datetime, count: int) -> None:
    """It runs on by less than a fortnight."""
    end, plain = dutch_day(CALENDAR.after(moment, days(count, Basis.LAW))), dutch_day(moment) + timedelta(days=count)
    assert CALENDAR.is_working_day(end)
    assert timedelta(0) <= end - plain < timedelta(days=14)


@given(MOMENTS, MOMENTS, st.integers(1, 30))
def test_what_happens_later_is_never_due_earlier(one: datetime, other: datetime, count: int) -> None:
    """Whatever lies between."""
    first, second = sorted((one, other))
    for term in (working_days(count), days(count, Basis.LAW), days(count), hours(count)):
        assert CALENDAR.after(first, term) <= CALENDAR.after(second, term)


@given(DAYS)
def test_no_weekend_is_a_working_day(day: date) -> None:
    """Saturday and Sunday never are."""
    assert not (day.weekday() >= 5 and CALENDAR.is_working_day(day))


@given(MOMENTS, st.integers(0, 15), st.integers(0, 15))
def test_working_days_add_up(moment: datetime, one: int, other: int) -> None:
    """Rungs of the ladder may be counted one from the other."""
    start = dutch_day(moment)
    there = CALENDAR.add_working_days(CALENDAR.add_working_days(start, one), other)
    assert there == CALENDAR.add_working_days(start, one + other)
