"""How many youths were spoken to alone in a handover, by age (IGJ 2023: always, unless; D#113-116).

Counted is each child of a case at each handover that was completed in these days. It was spoken to alone when the warm
conversation, the first contact, or a confirmation of sight says so between the proposal and the completion.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Count, Frozen
from schemas.handovers import HandoverState
from schemas.service import AgeBand
from services.ledger import store
from services.ledger.events import IN_CASE, SPOKEN_ALONE
from services.ledger.questions.scope import Period, Scope, counted, same_entry


class AgeShare(Frozen):
    """Of the children of one age: in so many handovers, spoken to alone in so many of them."""

    age: AgeBand | None
    children: Count
    alone: Count
    percent: float


class Alone(Frozen):
    """`children`: a child counts once for each handover it went through; one not born yet not at all."""

    children: Count
    alone: Count
    percent: float | None
    ages: tuple[AgeShare, ...]


async def alone(connection: AsyncConnection, scope: Scope, when: Period) -> Alone:
    """In handovers from or to the organisations of the scope."""
    rows = (await connection.execute(_by_age(scope, when))).all()
    ages = tuple(
        AgeShare(age=row.age, children=row.children, alone=row.alone, percent=100 * row.alone / row.children)
        for row in rows
    )
    children, spoken = sum(each.children for each in ages), sum(each.alone for each in ages)
    return Alone(children=children, alone=spoken, percent=100 * spoken / children if children else None, ages=ages)


def _by_age(scope: Scope, when: Period) -> sa.Select[Any]:
    events = counted(scope.epoch)
    done, stood, child = events.alias("done"), store.entry_handovers.c, store.event_children.alias("child")
    each = (
        sa.select(done.c.case, done.c.at, stood.handover, child.c.child, child.c.age)
        .select_from(
            done.join(store.entry_handovers, same_entry(done.c, stood)).join(child, same_entry(done.c, child.c))
        )
        .where(stood.state == HandoverState.COMPLETED.value, child.c.mark == IN_CASE, *when.holds(done.c.at))
        .where(sa.func.coalesce(child.c.age, "") != AgeBand.UNBORN.value)
        .where(sa.or_(stood.sender.in_(scope.organisations), stood.receiver.in_(scope.organisations)))
        .cte("each")
    )
    said, told = events.alias("said"), store.event_children.alias("told")
    steps, begun = store.entry_handovers.alias("steps"), store.entries.alias("begun")
    since = sa.select(sa.func.min(begun.c.at)).where(
        same_entry(steps.c, begun.c), steps.c.handover == each.c.handover, begun.c.case == each.c.case
    )
    spoken = sa.exists(
        sa.select(1)
        .select_from(said.join(told, same_entry(said.c, told.c)))
        .where(said.c.case == each.c.case, told.c.child == each.c.child, told.c.mark == SPOKEN_ALONE)
        .where(said.c.at <= each.c.at, said.c.at >= since.scalar_subquery())
    )
    marked = sa.select(each, sa.case((spoken, 1), else_=0).label("alone")).cte("marked")
    return (
        sa.select(marked.c.age, sa.func.count().label("children"), sa.func.sum(marked.c.alone).label("alone"))
        .group_by(marked.c.age)
        .order_by(marked.c.age)
    )
