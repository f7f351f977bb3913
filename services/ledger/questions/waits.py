"""Who waited how long on whom, by link of the chain: Veilig Thuis on a local team, a team on the Raad (D#54-59).

A handover waits in each of its states on one side; what was asked beside it waits on who was asked. A wait counts in
full on who it waits for, capacity or not (D#63).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen, Slug, Subject
from schemas.handovers import HandoverState as S
from schemas.parties import OrganisationKind
from services.ledger import store
from services.ledger.questions.scope import DELIVERED, DaysBetween, E, Period, Scope, counted, same_entry

ON_RECEIVER: Final = (S.PROPOSED, S.WAITING, S.IMPOSED, S.ACCEPTED, S.WARM, S.EMERGENCY, S.RETURNING)
ON_SENDER: Final = (S.HANDED_BACK,)


class Asked(NamedTuple):
    """What somebody was asked, and what ends the wait for it."""

    code: str
    asked: str
    ends: tuple[str, ...]


ASKED: Final = (
    Asked("HELP_ASKED", "supports.requested", ("supports.accepted", "supports.declined")),
    Asked("INVESTIGATION", "investigations.registered", ("investigations.started",)),
)
"""Beside handovers. The wait for a youth protection worker is a handover that stands IMPOSED."""


class Wait(Frozen):
    """One link. `what`: the state the handover stood in, or what was asked. `number`: waits that began in these days;
    `running`: of those, what lasts on and counts up to now. `case` only where one case was asked about.
    """

    case: Subject | None = None
    what: Code
    waiting: Slug
    waiting_kind: OrganisationKind | None = None
    on: Slug
    on_kind: OrganisationKind | None = None
    number: Count
    running: Count
    mean_days: float
    longest_days: float


class Waits(Frozen):
    """The longest mean first."""

    waits: tuple[Wait, ...]


KindOf = Callable[[Slug], OrganisationKind | None]


async def waits(
    connection: AsyncConnection, scope: Scope, when: Period, now: datetime, kind_of: KindOf, case: Subject | None = None
) -> Waits:
    """Where an organisation of the scope waited or was waited for."""
    links = _links(scope, when, now, case)
    rows = (await connection.execute(links)).mappings()
    return Waits(waits=tuple(_wait(row, kind_of, case) for row in rows))


def _wait(row: Mapping[str, Any], kind_of: KindOf, case: Subject | None) -> Wait:
    kinds = {"waiting_kind": kind_of(row["waiting"]), "on_kind": kind_of(row["on"])}
    return Wait.model_validate({**row, **kinds, "case": case})


def _links(scope: Scope, when: Period, now: datetime, case: Subject | None) -> sa.Select[Any]:
    each = sa.union_all(_handovers(scope, now), *(_asked(scope, now, row) for row in ASKED)).cte("waits")
    w = each.c
    ours = sa.or_(w.waiting.in_(scope.organisations), w.on.in_(scope.organisations))
    mean = sa.func.avg(w.days).label("mean_days")
    query = (
        sa.select(
            w.what,
            w.waiting,
            w.on,
            sa.func.count().label("number"),
            sa.func.sum(w.running).label("running"),
            mean,
            sa.func.max(w.days).label("longest_days"),
        )
        .where(ours, *when.holds(w.began))
        .group_by(w.what, w.waiting, w.on)
        .order_by(mean.desc(), w.what, w.waiting, w.on)
    )
    return query if case is None else query.where(w.case == case)


def _handovers(scope: Scope, now: datetime) -> sa.Select[Any]:
    """A handover's time in each state, however many messages kept it there or brought it back."""
    h = store.entry_handovers.c
    order = {"partition_by": (E.case, h.handover), "order_by": E.slot_seq}
    following = sa.type_coerce(sa.func.lead(E.at).over(**order), E.at.type)  # type: ignore[arg-type]
    steps = (
        sa.select(E.case, h.handover, h.state, h.sender, h.receiver, E.at, following.label("until"))
        .select_from(store.entry_handovers.join(store.entries, same_entry(h)))
        .where(E.epoch == scope.epoch, sa.or_(E.verdict.is_(None), E.verdict == DELIVERED))
        .cte("steps")
    )
    s = steps.c
    ended = _by_then(s.until, now)
    length = DaysBetween(s.at, sa.func.coalesce(ended, _at(now)))
    back = s.state.in_(ON_SENDER)
    waiting, on = sa.case((back, s.receiver), else_=s.sender), sa.case((back, s.sender), else_=s.receiver)
    return (
        sa.select(
            s.case,
            s.state.label("what"),
            waiting.label("waiting"),
            on.label("on"),
            sa.type_coerce(sa.func.min(s.at), E.at.type).label("began"),
            sa.func.max(sa.case((ended.is_(None), 1), else_=0)).label("running"),
            sa.func.sum(length).label("days"),
        )
        .where(s.state.in_((*ON_RECEIVER, *ON_SENDER)), s.at <= now)
        .group_by(s.case, s.handover, s.state, s.sender, s.receiver)
    )


def _asked(scope: Scope, now: datetime, row: Asked) -> sa.Select[Any]:
    events = counted(scope.epoch, f"counted_{row.code.lower()}")
    asked, ending = events.alias(), events.alias()
    a = asked.c
    ended = sa.select(sa.func.min(ending.c.at)).where(
        ending.c.case == a.case, ending.c.thing == a.thing, ending.c.name.in_(row.ends)
    )
    until = _by_then(sa.type_coerce(ended.scalar_subquery(), E.at.type), now)
    return sa.select(
        a.case,
        sa.literal(row.code).label("what"),
        a.actor.label("waiting"),
        a.recipient.label("on"),
        a.at.label("began"),
        sa.case((until.is_(None), 1), else_=0).label("running"),
        DaysBetween(a.at, sa.func.coalesce(until, _at(now))).label("days"),
    ).where(a.name == row.asked, a.recipient.is_not(None), a.at <= now)


def _at(now: datetime) -> sa.ColumnElement[Any]:
    return sa.literal(now, E.at.type)


def _by_then(moment: sa.ColumnElement[Any], now: datetime) -> sa.ColumnElement[Any]:
    """The moment, when it had come by then."""
    return sa.case((moment <= _at(now), moment))
