"""How often each service of an institution is used, light ones too: a quarterly report that leaves them out tells half
(JB Noord 2016 §7.1 a, §7.2; D#100, D#191). Advice is anonymous: it is counted, and nobody in it.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen
from services.ledger import store
from services.ledger.questions.scope import DELIVERED, E, Period, Scope, concerns, counted

ADVICE: Final = "ADVICE"


class Use(Frozen):
    """One kind of service: how often it was asked, taken on, refused, and ended."""

    kind: Code
    asked: Count
    taken: Count
    declined: Count
    ended: Count


class Uses(Frozen):
    """Every kind that was asked in these days; ADVICE first."""

    uses: tuple[Use, ...]


async def uses(connection: AsyncConnection, scope: Scope, when: Period) -> Uses:
    """Asked by or of the organisations of the scope in these days, with what became of it since."""
    advice = (await connection.execute(_advice(scope, when))).one()
    rows = (await connection.execute(_supports(scope, when))).mappings()
    light = [Use(kind=ADVICE, asked=advice.asked, taken=advice.given, declined=0, ended=advice.given)]
    return Uses(uses=(*(light if advice.asked else ()), *(Use.model_validate(dict(row)) for row in rows)))


def _advice(scope: Scope, when: Period) -> sa.Select[int, int]:
    mine = (E.epoch == scope.epoch, E.verdict == DELIVERED, concerns(scope.organisations), *when.holds(E.at))
    asked = sa.func.count(sa.case((E.name == "advice.asked", 1))).label("asked")
    given = sa.func.count(sa.case((E.name == "advice.given", 1))).label("given")
    return sa.select(asked, given).select_from(store.entries).where(*mine)


def _supports(scope: Scope, when: Period) -> sa.Select[Any]:
    events = counted(scope.epoch)
    asked = events.alias("asked")
    a = asked.c

    def became(name: str) -> sa.ColumnElement[int]:
        said = events.alias()
        there = sa.exists(sa.select(1).where(said.c.case == a.case, said.c.thing == a.thing, said.c.name == name))
        return sa.case((there, 1), else_=0)

    each = (
        sa.select(
            a.kind,
            became("supports.accepted").label("taken"),
            became("supports.declined").label("declined"),
            became("supports.ended").label("ended"),
        )
        .where(a.name == "supports.requested", *when.holds(a.at))
        .where(sa.or_(a.actor.in_(scope.organisations), a.recipient.in_(scope.organisations)))
        .cte("each_use")
    )
    totals = [sa.func.sum(each.c[name]).label(name) for name in ("taken", "declined", "ended")]
    query = sa.select(each.c.kind, sa.func.count().label("asked"), *totals)
    return query.group_by(each.c.kind).order_by(each.c.kind)
