"""Whose matters a question is about, and over which days. Every query of this package is cut to it in its SQL."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles

from schemas.base import Slug
from schemas.days import dutch_day, midnight
from services.ledger import store

E = store.entries.c
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


async def reached(connection: AsyncConnection, epoch: str) -> datetime:
    """The moment up to which anything was decided: the present of a ledger, also on a simulated clock."""
    last = sa.select(sa.func.max(store.slots.c.at)).where(store.slots.c.epoch == epoch)
    found: datetime | None = (await connection.execute(last)).scalar()
    return found or datetime.now(UTC)


async def today(connection: AsyncConnection, epoch: str) -> date:
    """The day of that moment in the Netherlands."""
    return dutch_day(await reached(connection, epoch))


def same_entry(one: Any, other: Any = E) -> sa.ColumnElement[bool]:
    """Both columns' tables are about the same entry."""
    return sa.and_(*(one[name] == other[name] for name in PLACE))


def concerns(organisations: Collection[Slug]) -> sa.ColumnElement[bool]:
    """One of these acts in the entry or received by it."""
    parties = store.entry_parties.c
    return sa.exists(sa.select(1).where(same_entry(parties), parties.organisation.in_(organisations)))


def counted(epoch: str, name: str = "counted") -> sa.CTE:
    """The events that count: each beside the signed entry of the same decision on the same message."""
    events = store.events
    same = sa.and_(same_entry(events.c), E.message == events.c.message, E.verdict == DELIVERED)
    joined = events.join(store.entries, same)
    return sa.select(events).select_from(joined).where(events.c.epoch == epoch).cte(name)


def within(scope: Scope, events: Any) -> sa.ColumnElement[bool]:
    """An organisation of the scope said it, or led the case when it was said."""
    return sa.or_(events.actor.in_(scope.organisations), events.regie.in_(scope.organisations))


def reported(events: sa.CTE, event: Any) -> sa.ColumnElement[bool]:
    """A report of Veilig Thuis stands in the case of the event."""
    report = events.alias()
    return sa.exists(sa.select(1).where(report.c.name == "reports.registered", report.c.case == event.case))


def first_said(events: sa.CTE, event: Any, *names: str, of: str = "at") -> sa.ScalarSelect[Any]:
    """When one of these was first said of what the event is about: `of`: the moment, or the day it names."""
    said = events.alias()
    query = sa.select(sa.func.min(said.c[of])).where(said.c.case == event.case, said.c.thing == event.thing)
    return query.where(said.c.name.in_(names)).scalar_subquery()


class WholeDays(sa.sql.functions.FunctionElement[int]):
    """Whole days from the first date to the second."""

    name = "whole_days"
    type = sa.Integer()
    inherit_cache = True


@compiles(WholeDays, "sqlite")
def _sqlite_dates(element: Any, compiler: Any, **words: Any) -> str:
    first, second = (compiler.process(each, **words) for each in element.clauses)
    return f"cast(julianday({second}) - julianday({first}) as integer)"


@compiles(WholeDays, "postgresql")
def _postgresql_dates(element: Any, compiler: Any, **words: Any) -> str:
    first, second = (compiler.process(each, **words) for each in element.clauses)
    return f"(cast({second} as date) - cast({first} as date))"


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
