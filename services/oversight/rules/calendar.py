"""When a term ends, in the Netherlands: the day of the event is day 0, and a term in days ends at 23:59:59 there."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from schemas.days import AMSTERDAM, dutch_day
from schemas.decrees import DecreeYear, known_on
from schemas.tables.calendar import DECREE_DAYS, FIXED, FROM_EASTER, KINGS_DAY
from schemas.tables.obligation_row import Term, Unit

_LAST_SECOND = time(23, 59, 59)
_ONE = timedelta(days=1)
LONGEST_RUN_ON = 3
"""Months: a longer term set by law does not run on (Algemene termijnenwet art. 4)."""


class YearNotConfigured(Exception):
    """No decree days are configured for a year that a term runs through."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"no terms can be reckoned in {year}: add its decree days (Algemene termijnenwet art. 3(3)) "
            "to decree-days.yaml under ESTAFETTE_HOME, an empty list when there are none (docs/agreements.md)"
        )
        self.year = year


def end_of(day: date) -> datetime:
    """The last second of a day in the Netherlands, in UTC."""
    return datetime.combine(day, _LAST_SECOND, AMSTERDAM).astimezone(UTC)


class Calendar:
    """Working days and terms. `decree`: the days equated by decree, by year, and those that became known `later`; other
    years raise YearNotConfigured.
    """

    def __init__(self, decree: Mapping[int, frozenset[date]] = DECREE_DAYS, later: tuple[DecreeYear, ...] = ()) -> None:
        self._decree = decree
        self._later = later
        self._holidays: dict[int, frozenset[date]] = {}
        self._as_known: dict[int, Calendar] = {}

    def as_known(self, day: date) -> "Calendar":
        """The calendar by which a term is reckoned that begins on a day: a decree of later changes nothing in it."""
        if not self._later:
            return self
        heard = sum(each.known_from <= day for each in self._later)
        if heard not in self._as_known:
            self._as_known[heard] = Calendar(known_on(day, self._decree, self._later))
        return self._as_known[heard]

    def require(self, *years: int) -> None:
        """Raises YearNotConfigured for the first of these years that has no configuration."""
        for year in years:
            self.holidays(year)

    def holidays(self, year: int) -> frozenset[date]:
        """Every day of the year that is a recognised holiday or made equal to one, on whatever weekday."""
        if year not in self._holidays:
            if year not in self._decree:
                raise YearNotConfigured(year)
            fixed = {date(year, month, day) for month, day in FIXED}
            moving = {easter(year) + timedelta(days=offset) for offset in FROM_EASTER}
            self._holidays[year] = self._decree[year] | fixed | moving | {_kings_day(year)}
        return self._holidays[year]

    def is_working_day(self, day: date) -> bool:
        """Not a Saturday, a Sunday or a holiday."""
        return day.weekday() < 5 and day not in self.holidays(day.year)

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after `day`; `day` itself is day 0 and need not be a working day."""
        while count > 0:
            day += _ONE
            count -= self.is_working_day(day)
        return day

    def run_on(self, start: date, end: date) -> date:
        """The end of a term set by law in days or weeks: never on a day off (Algemene termijnenwet art. 1), and a term
        of three days or more holds two working days (art. 2). Not for more than 90 days or twelve weeks (art. 4).
        """
        length = (end - start).days
        if length > 90:
            return end
        if length >= 3:
            end = max(end, self.add_working_days(start, 2))
        return self._next_working_day(end)

    def after(self, at: datetime, term: Term) -> datetime:
        """When a term that begins with an event at `at` ends. Hours are elapsed hours, also over the clock change."""
        if term.unit is Unit.HOURS:
            return at.astimezone(UTC) + timedelta(hours=term.count)
        start = dutch_day(at)
        return self.as_known(start)._end(start, term)

    def _end(self, start: date, term: Term) -> datetime:
        if term.unit is Unit.WORKING_DAYS:
            return end_of(self.add_working_days(start, term.count))
        if term.unit is Unit.MONTHS:
            end = start + relativedelta(months=term.count)
            return end_of(self._next_working_day(end) if term.by_law and term.count <= LONGEST_RUN_ON else end)
        end = start + timedelta(days=term.count)
        return end_of(self.run_on(start, end) if term.by_law else end)

    def _next_working_day(self, day: date) -> date:
        while not self.is_working_day(day):
            day += _ONE
        return day


def _kings_day(year: int) -> date:
    day = date(year, *KINGS_DAY)
    return day - _ONE if day.weekday() == 6 else day
