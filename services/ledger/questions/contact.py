"""How long a family waits for somebody who really comes, how often its case moves, and how often it is given back.

The clock runs from the first report and never begins anew, whatever is handed back or handed over (JB Noord 2016 §5.2;
D#42, D#43, D#45). A case without a report of Veilig Thuis counts from the day it was opened.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Count, Frozen, Subject
from services.ledger import store
from services.ledger.events import FIRST_CONTACT
from services.ledger.questions.scope import DELIVERED, Scope, WholeDays, counted, period, same_entry, within

REPORTED, OPENED = "reports.registered", "cases.opened"
MERGED = "notices.succeeded"


class CaseContact(Frozen):
    """One case. `days`: up to the first real contact; while there was none, up to the day it is looked at."""

    case: Subject
    begins_with: Literal["REPORT", "OPENED"]
    began_on: date
    first_contact_on: date | None
    days: int
    hops: Count  # how often regie went to another organisation; a merger is no move
    bounces: Count  # how often a handover was given back


class HowMany(Frozen):
    """So many cases had this many."""

    times: Count
    cases: Count


class Contact(Frozen):
    """`met` and `waiting`: cases with and without first real contact, with their days. `cases` is for privacy officers
    only."""

    met: Count
    met_mean_days: float | None
    met_longest_days: int | None
    waiting: Count
    waiting_mean_days: float | None
    waiting_longest_days: int | None
    hops: tuple[HowMany, ...]
    bounces: tuple[HowMany, ...]
    cases: tuple[CaseContact, ...] = ()


async def contact(
    connection: AsyncConnection, scope: Scope, first: date | None, last: date | None, on: date
) -> Contact:
    """Of the cases whose first report lies within these days, both included."""
    found = _cases(scope, first, last, on)
    c = found.c
    met, waiting = c.first_contact_on.is_not(None), c.first_contact_on.is_(None)
    query = sa.select(*_spell(met, c.days, "met"), *_spell(waiting, c.days, "waiting")).select_from(found)
    numbers = dict((await connection.execute(query)).mappings().one())
    rows: Iterable[Any] = ()
    if not scope.counts_only:
        rows = (await connection.execute(sa.select(found).order_by(c.began_on, c.case))).mappings()
    return Contact(
        **numbers,
        hops=await _how_many(connection, c.hops),
        bounces=await _how_many(connection, c.bounces),
        cases=tuple(CaseContact.model_validate(dict(row)) for row in rows),
    )


def _spell(condition: sa.ColumnElement[bool], days: sa.ColumnElement[int], name: str) -> tuple[sa.Label[Any], ...]:
    these = sa.case((condition, days))
    mean = sa.cast(sa.func.avg(these), sa.Float)
    return (
        sa.func.count(these).label(name),
        mean.label(f"{name}_mean_days"),
        sa.func.max(these).label(f"{name}_longest_days"),
    )


async def _how_many(connection: AsyncConnection, times: sa.ColumnElement[int]) -> tuple[HowMany, ...]:
    query = sa.select(times.label("times"), sa.func.count().label("cases")).group_by(times).order_by(times)
    return tuple(HowMany(times=row.times, cases=row.cases) for row in await connection.execute(query))


def _cases(scope: Scope, first: date | None, last: date | None, on: date) -> sa.CTE:
    events = counted(scope.epoch)
    e = events.c
    reported, opened = (
        sa.func.min(sa.case((e.name == REPORTED, e.day))),
        sa.func.min(sa.case((e.name == OPENED, e.day))),
    )
    ours = sa.func.max(sa.case((within(scope, e), 1), else_=0))
    begun = (
        sa.select(
            e.case,
            sa.case((reported.is_not(None), "REPORT"), else_="OPENED").label("begins_with"),
            sa.func.coalesce(reported, opened).label("began_on"),
        )
        .group_by(e.case)
        .having(ours == 1)
        .cte("begun")
    )
    b, met = begun.c, events.alias("met")
    came = sa.select(sa.func.min(met.c.day)).where(
        met.c.case == b.case, met.c.outcome == FIRST_CONTACT, met.c.day >= b.began_on, met.c.day <= on
    )
    limits = [b.began_on <= on, *([b.began_on >= first] if first else []), *([b.began_on <= last] if last else [])]
    known = sa.select(begun, came.scalar_subquery().label("first_contact_on")).where(*limits).cte("known")
    k = known.c
    until = sa.func.coalesce(k.first_contact_on, sa.bindparam("looked_at", on, sa.Date))
    return sa.select(
        known,
        WholeDays(k.began_on, until).label("days"),
        _moves(scope.epoch, k.case, on).label("hops"),
        _given_back(scope.epoch, k.case, on).label("bounces"),
    ).cte("cases")


def _moves(epoch: str, case: sa.ColumnElement[str], on: date) -> sa.ScalarSelect[int]:
    moved, of = store.entry_regie.c, store.entries.alias("moving")
    return (
        sa.select(sa.func.count())
        .where(same_entry(moved, of.c), of.c.epoch == epoch, of.c.case == case, of.c.name != MERGED)
        .where(moved.holder_before.is_not(None), moved.holder_after.is_not(None), *period(None, on).holds(of.c.at))
        .scalar_subquery()
    )


def _given_back(epoch: str, case: sa.ColumnElement[str], on: date) -> sa.ScalarSelect[int]:
    of = store.entries.alias("given_back")
    query = sa.select(sa.func.count()).where(of.c.epoch == epoch, of.c.case == case, of.c.verdict == DELIVERED)
    return query.where(of.c.name == "handovers.handed_back", *period(None, on).holds(of.c.at)).scalar_subquery()
