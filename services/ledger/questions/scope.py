"""Whose matters a question is about, and over which days. Every query of this package is cut to it in its SQL."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from schemas.base import Slug
from services.ledger import store

E = store.entries.c
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PLACE = ("epoch", "slot", "slot_seq")
DELIVERED = "DELIVERED"


class Scope(NamedTuple):
    """`organisations`: the asker's own with those that merged into it, or those of a coordinator's region.
    `counts_only`: a region's coordinator is told how many and how long, never which case.
    """

    epoch: str
    organisations: tuple[Slug, ...]
    counts_only: bool = False


class Period(NamedTuple):
    """From moment `since` up to but not including `until`; None: without that limit."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, moment: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
        """The conditions on a moment."""
        first = [moment >= self.since] if self.since is not None else []
        return [*first, moment < self.until] if self.until is not None else first


def period(first: date | None, last: date | None) -> Period:
    """Both days included, as the Netherlands count them."""
    return Period(midnight(first), midnight(last, 1))


def midnight(day: date | None, later: int = 0) -> datetime | None:
    """The first moment of a day, `later` days on."""
    if day is None:
        return None
    shifted = date.fromordinal(min(day.toordinal() + later, date.max.toordinal()))
    return datetime.combine(shifted, time.min, AMSTERDAM).astimezone(UTC) if shifted.year > 1 else None


def same_entry(one: Any, other: Any = E) -> sa.ColumnElement[bool]:
    """Both columns' tables are about the same entry."""
    return sa.and_(*(one[name] == other[name] for name in PLACE))


def concerns(organisations: Collection[Slug]) -> sa.ColumnElement[bool]:
    """One of these acts in the entry or received by it."""
    parties = store.entry_parties.c
    return sa.exists(sa.select(1).where(same_entry(parties), parties.organisation.in_(organisations)))


class DaysBetween(sa.sql.functions.FunctionElement[float]):
    """Days from the first moment to the second, with fractions. Both databases count, each in its own words."""

    name = "days_between"
    type = sa.Float()
    inherit_cache = True


@compiles(DaysBetween, "sqlite")
def _sqlite(element: Any, compiler: Any, **words: Any) -> str:
    first, second = (compiler.process(each, **words) for each in element.clauses)
    return f"(julianday({second}) - julianday({first}))"


@compiles(DaysBetween, "postgresql")
def _postgresql(element: Any, compiler: Any, **words: Any) -> str:
    first, second = (compiler.process(each, **words) for each in element.clauses)
    return f"(extract(epoch from (({second}) - ({first}))) / 86400.0)"
