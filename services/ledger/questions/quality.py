"""What goes well and what does not, to learn from (TSD 2017, Bijlage 1, Borgen; D#163): in parts, each a number of its
own. How youths and parents found a handover (D#115), assessments in time (D#170), evaluations with the family (D#175),
who did not come (D#180), returns that failed (D#39), whether the Raad had to be asked (D#87), and words between
institution and team during a measure (D#26).
"""

from datetime import date
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen, Slug
from services.ledger import store
from services.ledger.events import DID_NOT_COME, INVOLVED, TOLD_AGAIN, WAS_THERE, WITH_FAMILY
from services.ledger.questions.scope import (
    DELIVERED,
    E,
    Period,
    Scope,
    WholeDays,
    counted,
    first_said,
    reported,
    same_entry,
    today,
    within,
)

IN_TIME: Final = 14
"""Days: ten working days after it was accepted, as SAFETY_ASSESSMENT and RETURN_STALLED (ours)."""
AFTER_RETURN: Final = 365
"""Days in which what follows on a return is seen beside it."""
SIX_WEEKS: Final = 42


class Assessed(Frozen):
    """Handovers of reported cases that this organisation accepted: assessed in time, later, or not (yet)."""

    organisation: Slug
    accepted: Count
    in_time: Count
    later: Count
    none: Count


class Evaluated(Frozen):
    what: Code
    number: Count
    with_family: Count


class Attendance(Frozen):
    organisation: Slug
    came: Count
    did_not_come: Count


class Return(Frozen):
    """Returns after a measure by how they went, and how many were followed by the Raad or a new measure in a year."""

    how: Code
    number: Count
    followed: Count


class Afterwards(Frozen):
    """`how`: what the Raad found of it that it was asked, or how an emergency turned out."""

    what: Code
    how: Code
    number: Count


class Updates(Frozen):
    """Measures of this institution, and what a professional of it said to others in the case, by six weeks."""

    organisation: Slug
    measures: Count
    said: Count
    by_six_weeks: float
    joined_plan: Count


class Experienced(Frozen):
    """Of youths, or of parents and other adults: who was asked how a handover was, felt involved, told it all again."""

    who: Literal["YOUTH", "ADULT"]
    asked: Count
    involved: Count
    partly: Count
    not_involved: Count
    told_again: Count


class Quality(Frozen):
    experiences: tuple[Experienced, ...]
    assessed: tuple[Assessed, ...]
    evaluated: tuple[Evaluated, ...]
    attendance: tuple[Attendance, ...]
    returns: tuple[Return, ...]
    afterwards: tuple[Afterwards, ...]
    updates: tuple[Updates, ...]


async def quality(connection: AsyncConnection, scope: Scope, when: Period) -> Quality:
    """Of what began, or was said, in these days, looked at today."""
    events, on = counted(scope.epoch), await today(connection, scope.epoch)
    parts: dict[str, sa.Select[Any]] = {
        "experiences": _experiences(events, scope, when),
        "assessed": _assessed(events, scope, when),
        "evaluated": _evaluated(events, scope, when),
        "attendance": _attendance(events, scope, when),
        "returns": _returns(events, scope, when),
        "afterwards": _afterwards(events, scope, when),
        "updates": _updates(events, scope, when, on),
    }
    found = {name: [dict(r) for r in (await connection.execute(query)).mappings()] for name, query in parts.items()}
    return Quality.model_validate(found)


def _experiences(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    e, person = events.c, store.event_children.c
    who = sa.case((person.age.is_not(None), "YOUTH"), else_="ADULT").label("who")
    query = sa.select(
        who,
        _number(person.mark.startswith(INVOLVED), "asked"),
        _number(person.mark == f"{INVOLVED}YES", "involved"),
        _number(person.mark == f"{INVOLVED}PARTLY", "partly"),
        _number(person.mark == f"{INVOLVED}NO", "not_involved"),
        _number(person.mark == TOLD_AGAIN, "told_again"),
    ).select_from(events.join(store.event_children, same_entry(e, person)))
    told = sa.or_(person.mark.startswith(INVOLVED), person.mark == TOLD_AGAIN)
    return query.where(told, within(scope, e), *when.holds(e.at)).group_by(who).order_by(who)


def _assessed(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    accepted, made = events.alias("accepted"), events.alias("made")
    a = accepted.c
    first = sa.select(sa.func.min(made.c.day)).where(
        made.c.case == a.case, made.c.name == "assessments.recorded", made.c.kind == "SAFETY", made.c.actor == a.actor
    )
    each = (
        sa.select(a.actor, WholeDays(a.day, first.scalar_subquery()).label("days"))
        .where(a.name == "handovers.accepted", reported(events, a), a.actor.in_(scope.organisations), *when.holds(a.at))
        .cte("each_accepted")
    )
    days = each.c.days
    return (
        sa.select(
            each.c.actor.label("organisation"),
            sa.func.count().label("accepted"),
            _number(days <= IN_TIME, "in_time"),
            _number(days > IN_TIME, "later"),
            _number(days.is_(None), "none"),
        )
        .group_by(each.c.actor)
        .order_by(each.c.actor)
    )


def _number(condition: sa.ColumnElement[bool], name: str) -> sa.Label[Any]:
    return sa.func.count(sa.case((condition, 1))).label(name)


def _evaluated(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    e = events.c
    names = ("supports.reviewed", "stagnations.resolved", "consults.held")
    number, together = sa.func.count().label("number"), _number(e.outcome == WITH_FAMILY, "with_family")
    query = sa.select(e.name.label("what"), number, together)
    return query.where(e.name.in_(names), within(scope, e), *when.holds(e.at)).group_by(e.name).order_by(e.name)


def _attendance(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    """Of the organisations of the scope, and who did not come to their talks."""
    e, who = events.c, store.event_children.c
    query = sa.select(
        who.child.label("organisation"),
        _number(who.mark == WAS_THERE, "came"),
        _number(who.mark == DID_NOT_COME, "did_not_come"),
    ).select_from(events.join(store.event_children, same_entry(e, who)))
    query = query.where(e.name == "consults.held", who.mark.in_((WAS_THERE, DID_NOT_COME)), *when.holds(e.at))
    own = sa.or_(within(scope, e), who.child.in_(scope.organisations))
    return query.where(own).group_by(who.child).order_by(sa.desc("did_not_come"), who.child)


def _returns(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    proposed, after = events.alias("proposed"), events.alias("after")
    p = proposed.c
    days = WholeDays(p.day, first_said(events, p, "handovers.accepted", of="day"))
    how = sa.case((days.is_(None), "NOT_TAKEN"), (days > IN_TIME, "LATE"), else_="IN_TIME")
    since = WholeDays(p.day, after.c.day)
    again = sa.exists(
        sa.select(1).where(
            after.c.case == p.case,
            after.c.name.in_(("investigations.registered", "measures.started")),
            after.c.at > p.at,
            since <= AFTER_RETURN,
        )
    )
    involved = sa.or_(p.actor.in_(scope.organisations), p.recipient.in_(scope.organisations))
    each = (
        sa.select(how.label("how"), sa.case((again, 1), else_=0).label("followed"))
        .where(p.name == "handovers.proposed", p.kind == "FROM_MEASURE", involved, *when.holds(p.at))
        .cte("each_return")
    )
    number, followed = sa.func.count().label("number"), sa.func.sum(each.c.followed).label("followed")
    return sa.select(each.c.how, number, followed).group_by(each.c.how).order_by(each.c.how)


def _afterwards(events: sa.CTE, scope: Scope, when: Period) -> sa.Select[Any]:
    e = events.c
    how = sa.func.coalesce(e.outcome, "NOT_SAID")
    said = e.name.in_(("investigations.concluded", "handovers.emergency_ended"))
    involved = sa.or_(within(scope, e), e.recipient.in_(scope.organisations))
    query = sa.select(e.name.label("what"), how.label("how"), sa.func.count().label("number"))
    return query.where(said, involved, *when.holds(e.at)).group_by(e.name, how).order_by(e.name, how)


def _updates(events: sa.CTE, scope: Scope, when: Period, on: date) -> sa.Select[Any]:
    """Letters and statements of a professional that reached another organisation; a machine tells nobody anything."""
    started, joined = events.alias("started"), events.alias("joined")
    s = started.c
    until = sa.func.coalesce(first_said(events, s, "measures.ended", of="day"), sa.bindparam("on", on, sa.Date))
    reached = store.entry_recipients.c
    to_another = sa.exists(sa.select(1).where(same_entry(reached), reached.organisation != s.actor))
    words = sa.select(sa.func.count()).where(
        E.epoch == s.epoch, E.case == s.case, E.actor == s.actor, E.actor_ref.is_not(None), E.verdict == DELIVERED,
        E.at > s.at, to_another,
    )  # fmt: skip
    took = sa.exists(sa.select(1).where(joined.c.case == s.case, joined.c.thing == s.thing, joined.c.kind == "JOINED"))
    each = (
        sa.select(
            s.actor,
            WholeDays(s.day, until).label("days"),
            words.correlate(started).scalar_subquery().label("said"),
            sa.case((took, 1), else_=0).label("joined"),
        )
        .where(s.name == "measures.started", within(scope, s), *when.holds(s.at))
        .cte("each_measure")
    )
    said, days = sa.func.sum(each.c.said), sa.func.sum(each.c.days)
    rate = sa.case((days > 0, sa.cast(said, sa.Float) * SIX_WEEKS / days), else_=sa.cast(said, sa.Float))
    return (
        sa.select(
            each.c.actor.label("organisation"),
            sa.func.count().label("measures"),
            said.label("said"),
            rate.label("by_six_weeks"),
            sa.func.sum(each.c.joined).label("joined_plan"),
        )
        .group_by(each.c.actor)
        .order_by(each.c.actor)
    )
