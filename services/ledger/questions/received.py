"""Everything received from another kind of organisation between two days, with state and outcome.

No team could get out of its system which dossiers Veilig Thuis had handed over (TSD 2017, Het onderzoek; D#47).
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen, Instant, Slug, Subject, Uuid
from services.ledger import store
from services.ledger.questions.scope import DELIVERED, E, Period, Scope, same_entry

CLOSED = "cases.closed"


class ReceivedHandover(Frozen):
    """A handover that came in, however it came: proposed, taken over in an emergency, or imposed by a court order."""

    case: Subject
    handover: Uuid
    kind: Code
    receiver: Slug
    source: Slug
    received_at: Instant
    by: Code  # the message that brought it
    state: Code
    outcome: Code  # the last message about it
    outcome_at: Instant
    leads: Slug | None = None  # who leads the case now
    case_closed_at: Instant | None = None


class ReceivedLetter(Frozen):
    """A letter with sections that is no handover."""

    case: Subject
    message: Uuid
    name: Code
    receiver: Slug
    source: Slug
    received_at: Instant
    opened_at: Instant | None = None


class ReceivedCount(Frozen):
    """For a coordinator: how many, never which."""

    receiver: Slug
    source: Slug
    kind: Code
    state: Code
    number: Count


class Received(Frozen):
    handovers: tuple[ReceivedHandover, ...] = ()
    letters: tuple[ReceivedLetter, ...] = ()
    counts: tuple[ReceivedCount, ...] = ()


async def received(connection: AsyncConnection, scope: Scope, sources: Collection[Slug], when: Period) -> Received:
    """What these sources brought to the organisations of the scope."""
    stands = _handovers(scope, sources, when)
    if scope.counts_only:
        one = stands.subquery()
        keys = (one.c.receiver, one.c.source, one.c.kind, one.c.state)
        query = sa.select(*keys, sa.func.count().label("number")).group_by(*keys).order_by(*keys)
        rows = (await connection.execute(query)).mappings()
        return Received(counts=tuple(ReceivedCount.model_validate(dict(row)) for row in rows))
    rows = (await connection.execute(stands.order_by("received_at", "handover"))).mappings()
    handovers = tuple(ReceivedHandover.model_validate(dict(row)) for row in rows)
    letters = (await connection.execute(_letters(scope, sources, when))).mappings()
    return Received(handovers=handovers, letters=tuple(ReceivedLetter.model_validate(dict(row)) for row in letters))


def _handovers(scope: Scope, sources: Collection[Slug], when: Period) -> sa.Select[Any]:
    """Each handover by its first entry, with its last."""
    h = store.entry_handovers.c
    columns = (h.handover, h.kind, h.state, h.sender, h.receiver, E.case, E.at, E.name)
    each = sa.select(
        *columns,
        sa.func.row_number().over(partition_by=(E.case, h.handover), order_by=E.slot_seq).label("first"),
        sa.func.row_number().over(partition_by=(E.case, h.handover), order_by=E.slot_seq.desc()).label("last"),
    ).select_from(store.entry_handovers.join(store.entries, same_entry(h)))
    steps = each.where(E.epoch == scope.epoch, sa.or_(E.verdict.is_(None), E.verdict == DELIVERED)).cte("steps")
    began, ended = steps.alias("began"), steps.alias("ended")
    same = sa.and_(began.c.handover == ended.c.handover, began.c.case == ended.c.case)
    return (
        sa.select(
            began.c.case,
            began.c.handover,
            began.c.kind,
            ended.c.receiver,
            began.c.sender.label("source"),
            began.c.at.label("received_at"),
            began.c.name.label("by"),
            ended.c.state,
            ended.c.name.label("outcome"),
            ended.c.at.label("outcome_at"),
            _leads(scope.epoch, began.c.case).label("leads"),
            _closed(scope.epoch, began.c.case).label("case_closed_at"),
        )
        .select_from(began.join(ended, same))
        .where(began.c.first == 1, ended.c.last == 1, *when.holds(began.c.at))
        .where(began.c.sender.in_(sources), ended.c.receiver.in_(scope.organisations))
    )


def _leads(epoch: str, case: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    moved, of = store.entry_regie.c, store.entries.alias("leading")
    query = sa.select(moved.holder_after).where(same_entry(moved, of.c), of.c.epoch == epoch, of.c.case == case)
    return query.order_by(of.c.slot_seq.desc()).limit(1).scalar_subquery()


def _closed(epoch: str, case: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """When the case closed; None while somebody leads it."""
    moved, of = store.entry_regie.c, store.entries.alias("closing")
    ended = sa.case((moved.holder_after.is_(None), of.c.at), else_=None)
    query = sa.select(ended).where(same_entry(moved, of.c), of.c.epoch == epoch, of.c.case == case)
    return query.order_by(of.c.slot_seq.desc()).limit(1).scalar_subquery()


def _letters(scope: Scope, sources: Collection[Slug], when: Period) -> sa.Select[Any]:
    to, sections = store.entry_recipients.c, store.entry_sections.c
    handover = sa.exists(sa.select(1).where(same_entry(store.entry_handovers.c)))
    opening = store.entries.alias("opening")
    opened = sa.select(sa.func.min(opening.c.at)).where(
        opening.c.epoch == scope.epoch,
        opening.c.name == "dossiers.opened",
        opening.c.verdict == DELIVERED,
        opening.c.regards == E.message,
        opening.c.actor == to.organisation,
    )
    return (
        sa.select(
            E.case,
            E.message,
            E.name,
            to.organisation.label("receiver"),
            E.actor.label("source"),
            E.at.label("received_at"),
            opened.scalar_subquery().label("opened_at"),
        )
        .select_from(store.entries.join(store.entry_recipients, same_entry(to)))
        .where(E.epoch == scope.epoch, E.verdict == DELIVERED, *when.holds(E.at), E.actor.in_(sources))
        .where(to.organisation.in_(scope.organisations), sa.exists(sa.select(1).where(same_entry(sections))), ~handover)
        .order_by(E.at, E.message)
    )
