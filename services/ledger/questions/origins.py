"""Who waits and who is refused, by where the case comes from: the pressure falls on families that Veilig Thuis refers
(IGJ 2023, Normaliseren; D#182).
"""

from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Count, Frozen
from schemas.parties import OrganisationKind
from services.ledger.questions.scope import DaysBetween, E, Period, Scope, counted, first_said, reached, reported

REPORTED, OTHER = "REPORTED", "OTHER"
ASKED: Final = ("handovers.proposed", "supports.requested")
DECLINED: Final = ("handovers.declined", "supports.declined")
WAITED: Final = ("handovers.wait_announced", "supports.wait_announced")
ANSWERED: Final = ("handovers.accepted", "supports.accepted", *DECLINED, *WAITED)


class Origin(Frozen):
    """Of cases with a report at Veilig Thuis, and of others: what was asked (a handover or help), how often that was
    refused or made to wait, and days to the first answer. What was never answered counts up to now.
    """

    origin: Literal["REPORTED", "OTHER"]
    asked: Count
    declined: Count
    waited: Count
    unanswered: Count
    percent_declined: float
    percent_waited: float
    mean_days: float


class Origins(Frozen):
    origins: tuple[Origin, ...]


async def origins(connection: AsyncConnection, scope: Scope, when: Period) -> Origins:
    """Of what was asked by or of the organisations of the scope in these days."""
    now = await reached(connection, scope.epoch)
    rows = (await connection.execute(_by_origin(scope, when, now))).mappings()
    return Origins(origins=tuple(_origin(dict(row)) for row in rows))


def _origin(row: dict[str, Any]) -> Origin:
    share = {f"percent_{name}": 100 * row[name] / row["asked"] for name in ("declined", "waited")}
    return Origin.model_validate({**row, **share})


def _by_origin(scope: Scope, when: Period, now: datetime) -> sa.Select[Any]:
    events = counted(scope.epoch)
    a = events.alias("asked").c
    from_report = sa.or_(a.actor_kind == OrganisationKind.VEILIG_THUIS.value, reported(events, a))
    answered = sa.type_coerce(first_said(events, a, *ANSWERED), E.at.type)
    present = sa.literal(now, E.at.type)
    each = (
        sa.select(
            sa.case((from_report, REPORTED), else_=OTHER).label("origin"),
            _happened(first_said(events, a, *DECLINED)).label("declined"),
            _happened(first_said(events, a, *WAITED)).label("waited"),
            sa.case((answered.is_(None), 1), else_=0).label("unanswered"),
            DaysBetween(a.at, sa.func.coalesce(answered, present)).label("days"),
        )
        .where(a.name.in_(ASKED), *when.holds(a.at))
        .where(sa.or_(a.actor.in_(scope.organisations), a.recipient.in_(scope.organisations)))
        .cte("each_asked")
    )
    totals = [sa.func.sum(each.c[name]).label(name) for name in ("declined", "waited", "unanswered")]
    mean = sa.func.avg(each.c.days).label("mean_days")
    query = sa.select(each.c.origin, sa.func.count().label("asked"), *totals, mean)
    return query.group_by(each.c.origin).order_by(each.c.origin.desc())


def _happened(moment: sa.ScalarSelect[Any]) -> sa.ColumnElement[int]:
    return sa.case((moment.is_not(None), 1), else_=0)
