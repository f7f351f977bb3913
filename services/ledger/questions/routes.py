"""Routes A to D: who got help without a measure (WZM) and who a measure, how often and how long (JB Noord 2016 §7.1).

A: straight to a measure, help without one was not possible. B: straight to a measure though it was possible. C: help
and no measure. D: help and a measure all the same (§2.2). A trajectory (traject) is one child's help, or one child's
measure: Table 1 counts both, so a child on route D is in it twice (580 = 446 measures + 134 times help).
"""

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen
from schemas.parties import OrganisationKind
from schemas.supports import SupportKind
from services.ledger import store
from services.ledger.questions.families import families
from services.ledger.questions.scope import Scope, WholeDays, counted, same_entry, within

COUNTED = (SupportKind.JOIN_SUPPORT, SupportKind.SPECIALIST_CASE_MANAGEMENT)
"""Help of a certified institution without a measure that is counted: the intensive services. Lighter ones and aftercare
were not registered in the study (§7.1 a); they are told apart as `not_counted`."""


class Spell(Frozen):
    """How many, and their mean in days: exact, to be rounded when it is shown (§7.1 f)."""

    number: Count
    mean_days: float | None = None


class Table1(Frozen):
    """Table 1 of the study, for any period and region."""

    trajectories: Count
    measures: Count
    help: Count
    finished: Spell
    to_measure: Spell
    not_to_measure: Spell
    open: Spell
    percent_to_measure: float | None  # of the finished


class Route(Frozen):
    """`route` A, B, C or D; A_OR_B where the institution did not say whether help had been possible; OPEN: help that
    runs on. `mean_days`: of the help, so none for A and B.
    """

    route: Code
    number: Count
    mean_days: float | None = None


class NotCounted(Frozen):
    kind: Code
    number: Count


class Routes(Frozen):
    """What began from day `first` to day `last`, as it stood on day `on`. `siblings`: whether brothers and sisters
    count each; else of each family the first (§7.1 b-iii).
    """

    first: date | None
    last: date | None
    on: date
    siblings: bool
    table: Table1
    routes: tuple[Route, ...]
    not_counted: tuple[NotCounted, ...]


class Days(NamedTuple):
    """Began on these days, both included, and looked at on day `on`."""

    first: date | None
    last: date | None
    on: date


async def routes(connection: AsyncConnection, scope: Scope, days: Days, siblings: bool) -> Routes:
    """Counted by the database, each trajectory once."""
    helped, measured = _trajectories(scope, days, siblings)
    table = (await connection.execute(_table(helped, measured))).one()
    every = (await connection.execute(_routes(helped, measured))).all()
    others = (await connection.execute(_not_counted(scope, days))).all()
    return Routes(
        first=days.first,
        last=days.last,
        on=days.on,
        siblings=siblings,
        table=_table1(table),
        routes=tuple(Route(route=r.route, number=r.number, mean_days=_float(r.mean_days)) for r in every),
        not_counted=tuple(NotCounted(kind=row.kind, number=row.number) for row in others),
    )


def _trajectories(scope: Scope, days: Days, siblings: bool) -> tuple[sa.CTE, sa.CTE]:
    events = counted(scope.epoch)
    measures = _measures(events)
    helped, measured = _help(events, measures, scope, days), _measured(events, measures, scope, days)
    if siblings:
        return helped, measured
    family = families(events)
    return _first_of_each(helped, family, "helped_first"), _first_of_each(measured, family, "measured_first")


def _measures(events: sa.CTE) -> sa.CTE:
    """Each measure of a child; one that follows on another without a day between is the same one going on."""
    child = store.event_children.c
    started = (
        sa.select(events, child.child)
        .select_from(events.join(store.event_children, same_entry(events.c, child)))
        .where(events.c.name == "measures.started")
        .cte("started")
    )
    ended = _day_of(events, "measures.ended", started)
    spans = sa.select(started, ended.label("ended")).cte("spans")
    one, before = spans.alias("one"), spans.alias("before")
    goes_on = sa.exists(
        sa.select(1).where(
            before.c.case == one.c.case,
            before.c.child == one.c.child,
            before.c.thing != one.c.thing,
            sa.or_(before.c.day < one.c.day, sa.and_(before.c.day == one.c.day, before.c.slot_seq < one.c.slot_seq)),
            sa.or_(before.c.ended.is_(None), before.c.ended >= one.c.day),
        )
    )
    return sa.select(one).where(~goes_on).cte("measures")


def _day_of(events: sa.CTE, name: str, of: Any) -> sa.ScalarSelect[Any]:
    """The first day on which this was said of the same thing."""
    said = events.alias()
    query = sa.select(sa.func.min(said.c.day)).where(
        said.c.name == name, said.c.case == of.c.case, said.c.thing == of.c.thing
    )
    return query.scalar_subquery()


def _began(day: sa.ColumnElement[date], days: Days) -> list[sa.ColumnElement[bool]]:
    first = [day >= days.first] if days.first else []
    last = [day <= days.last] if days.last else []
    return [*first, *last, day <= days.on]


def _help(events: sa.CTE, measures: sa.CTE, scope: Scope, days: Days) -> sa.CTE:
    """Help of a certified institution by child: when it began, when it ended, and the measure that came after all."""
    asked, taken, child = events.alias("asked"), events.alias("taken"), store.event_children.c
    began = (
        sa.select(taken, asked.c.kind.label("service"), child.child)
        .select_from(taken.join(asked, sa.and_(asked.c.case == taken.c.case, asked.c.thing == taken.c.thing)))
        .join(store.event_children, same_entry(asked.c, child))
        .where(asked.c.name == "supports.requested", taken.c.name == "supports.accepted")
        .where(taken.c.actor_kind == OrganisationKind.CERTIFIED_INSTITUTION.value, asked.c.kind.in_(COUNTED))
        .where(*_began(taken.c.day, days), within(scope, taken.c))
        .cte("began")
    )
    measure = sa.select(sa.func.min(measures.c.day)).where(
        measures.c.case == began.c.case,
        measures.c.child == began.c.child,
        measures.c.day >= began.c.day,
        measures.c.day <= days.on,
    )
    whole = sa.select(
        began,
        _day_of(events, "supports.ended", began).label("said_ended"),
        measure.scalar_subquery().label("measure"),
    ).cte("whole")
    earliest = sa.case((whole.c.said_ended <= days.on, whole.c.said_ended), else_=whole.c.measure)
    ended = sa.case((whole.c.measure < earliest, whole.c.measure), else_=earliest)
    spell = sa.select(whole, ended.label("ended")).cte("spell")
    length = WholeDays(spell.c.day, sa.func.coalesce(spell.c.ended, sa.bindparam("on", days.on, sa.Date)))
    return sa.select(spell, length.label("days")).cte("helped")


def _measured(events: sa.CTE, measures: sa.CTE, scope: Scope, days: Days) -> sa.CTE:
    """Measures by child, and whether that child had help before."""
    asked, taken, child = (
        events.alias("asked_before"),
        events.alias("taken_before"),
        store.event_children.alias("helped_child"),
    )
    before = (
        sa.select(1)
        .select_from(taken.join(asked, sa.and_(asked.c.case == taken.c.case, asked.c.thing == taken.c.thing)))
        .join(child, same_entry(asked.c, child.c))
        .where(asked.c.name == "supports.requested", taken.c.name == "supports.accepted")
        .where(taken.c.actor_kind == OrganisationKind.CERTIFIED_INSTITUTION.value, asked.c.kind.in_(COUNTED))
        .where(taken.c.case == measures.c.case, child.c.child == measures.c.child, taken.c.day <= measures.c.day)
    )
    return (
        sa.select(measures, sa.exists(before).label("helped_before"))
        .where(*_began(measures.c.day, days), within(scope, measures.c))
        .cte("measured")
    )


def _first_of_each(trajectories: sa.CTE, family: sa.CTE, name: str) -> sa.CTE:
    in_order = (trajectories.c.day, trajectories.c.case, trajectories.c.child, trajectories.c.slot_seq)
    numbered = (
        sa.select(
            trajectories, sa.func.row_number().over(partition_by=family.c.family, order_by=in_order).label("turn")
        )
        .select_from(trajectories.join(family, family.c.case == trajectories.c.case))
        .cte(f"{name}_numbered")
    )
    return sa.select(numbered).where(numbered.c.turn == 1).cte(name)


def _table(helped: sa.CTE, measured: sa.CTE) -> sa.Select[Any]:
    h, measures = helped.c, sa.select(sa.func.count()).select_from(measured).scalar_subquery()
    finished, to_measure = h.ended.is_not(None), h.measure.is_not(None)

    def number(condition: sa.ColumnElement[bool], name: str) -> sa.Label[Any]:
        return sa.func.count(sa.case((condition, 1))).label(name)

    def mean(condition: sa.ColumnElement[bool], name: str) -> sa.Label[Any]:
        return sa.func.avg(sa.case((condition, h.days))).label(name)

    groups = {
        "finished": finished,
        "to_measure": sa.and_(finished, to_measure),
        "not_to_measure": sa.and_(finished, ~to_measure),
        "open": ~finished,
    }
    counts = [number(condition, name) for name, condition in groups.items()]
    means = [mean(condition, f"{name}_days") for name, condition in groups.items()]
    return sa.select(measures.label("measures"), sa.func.count().label("help"), *counts, *means).select_from(helped)


def _table1(row: Any) -> Table1:
    def spell(name: str) -> Spell:
        return Spell(number=getattr(row, name), mean_days=_float(getattr(row, f"{name}_days")))

    percent = 100 * row.to_measure / row.finished if row.finished else None
    return Table1(
        trajectories=row.measures + row.help,
        measures=row.measures,
        help=row.help,
        finished=spell("finished"),
        to_measure=spell("to_measure"),
        not_to_measure=spell("not_to_measure"),
        open=spell("open"),
        percent_to_measure=percent,
    )


def _routes(helped: sa.CTE, measured: sa.CTE) -> sa.CompoundSelect[Any]:
    """By child: whoever had help is on C or D, whoever had none on A or B."""
    h, m = helped.c, measured.c
    of_help = sa.case((h.ended.is_(None), "OPEN"), (h.measure.is_not(None), "D"), else_="C")
    straight = sa.case((m.outcome == "NOT_POSSIBLE", "A"), (m.outcome == "POSSIBLE", "B"), else_="A_OR_B")
    none = sa.cast(sa.null(), sa.Float)
    begun = sa.select(of_help.label("route"), sa.func.count().label("number"), sa.func.avg(h.days).label("mean_days"))
    at_once = sa.select(straight.label("route"), sa.func.count().label("number"), none.label("mean_days"))
    at_once = at_once.select_from(measured).where(~m.helped_before).group_by(straight)
    both = sa.union_all(begun.select_from(helped).group_by(of_help), at_once)
    return both.order_by("route")


def _not_counted(scope: Scope, days: Days) -> sa.Select[Any]:
    """Help that was asked and taken on, of the kinds or the helpers that the table does not count."""
    events = counted(scope.epoch)
    asked, taken = events.alias("asked"), events.alias("taken")
    counts = sa.and_(asked.c.kind.in_(COUNTED), taken.c.actor_kind == OrganisationKind.CERTIFIED_INSTITUTION.value)
    return (
        sa.select(asked.c.kind, sa.func.count().label("number"))
        .select_from(taken.join(asked, sa.and_(asked.c.case == taken.c.case, asked.c.thing == taken.c.thing)))
        .where(asked.c.name == "supports.requested", taken.c.name == "supports.accepted", ~counts)
        .where(*_began(taken.c.day, days), within(scope, taken.c))
        .group_by(asked.c.kind)
        .order_by(asked.c.kind)
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
