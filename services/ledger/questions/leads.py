"""Who leads a case (regie), now and at any moment before (D#1, D#13)."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Digest, Frozen, Instant, Slug, Subject
from services.ledger import store
from services.ledger.questions.scope import DELIVERED, E, Scope, concerns, same_entry
from services.runtime.sql import Utc

TO_FAMILY = "cases.lead_to_family"
_WHO = (TO_FAMILY, "cases.lead_person_changed")


class Lead(Frozen):
    """One spell. `family`: a parent or the network leads, `holder` is the organisation behind them (TSD 2017 §1.1)."""

    holder: Slug | None  # None: the case was closed
    family: bool = False
    since: Instant
    until: Instant | None = None
    by: Code | None  # the message that brought it
    entry: Digest


class Leads(Frozen):
    """Every spell that the asker may know of, the oldest first. `then`: who led at the moment that was asked about."""

    case: Subject
    at: Instant | None = None
    then: Lead | None = None
    spells: tuple[Lead, ...] = ()


async def leads(connection: AsyncConnection, scope: Scope, case: Subject, at: datetime | None = None) -> Leads:
    """A past or present holder sees all spells; another who has a part in the case those from its first part on."""
    spells = await _spells(connection, scope.epoch, case)
    since = await _known_since(connection, scope, case)
    if since is None:
        return Leads(case=case, at=at)
    if not any(spell.holder in scope.organisations for spell in spells):
        spells = [spell for spell in spells if spell.until is None or spell.until > since]
        spells = [spell.model_copy(update={"since": max(spell.since, since)}) for spell in spells]
    return Leads(case=case, at=at, then=then(spells, at), spells=tuple(spells))


def then(spells: Iterable[Lead], at: datetime | None) -> Lead | None:
    """Who led at a moment; without one: who leads now."""
    if at is None:
        return next((spell for spell in spells if spell.until is None), None)
    return next((s for s in spells if s.since <= at and (s.until is None or at < s.until)), None)


async def _spells(connection: AsyncConnection, epoch: str, case: Subject) -> list[Lead]:
    moved = store.entry_regie
    query = (
        sa.select(
            sa.case((moved.c.slot_seq.is_(None), E.actor), else_=moved.c.holder_after).label("holder"),
            (E.name == TO_FAMILY).label("family"),
            E.at.label("since"),
            sa.type_coerce(sa.func.lead(E.at).over(order_by=E.slot_seq), Utc).label("until"),
            E.name.label("by"),
            E.hash.label("entry"),
        )
        .select_from(store.entries.outerjoin(moved, same_entry(moved.c)))
        .where(E.epoch == epoch, E.case == case)
        .where(sa.or_(moved.c.slot_seq.is_not(None), sa.and_(E.name.in_(_WHO), E.verdict == DELIVERED)))
        .order_by(E.slot_seq)
    )
    rows = (await connection.execute(query)).mappings().all()
    return _joined(Lead.model_validate({**row, "family": bool(row["family"])}) for row in rows)


def _joined(spells: Iterable[Lead]) -> list[Lead]:
    """Another case manager of the same organisation begins no new spell."""
    found: list[Lead] = []
    for spell in spells:
        if found and (found[-1].holder, found[-1].family) == (spell.holder, spell.family):
            found[-1] = found[-1].model_copy(update={"until": spell.until})
        else:
            found.append(spell)
    return found


async def _known_since(connection: AsyncConnection, scope: Scope, case: Subject) -> datetime | None:
    """When the asker first had a part in the case; a refused word gives none."""
    query = sa.select(E.at).where(E.epoch == scope.epoch, E.case == case, E.case_seq.is_not(None))
    query = query.where(sa.or_(E.verdict.is_(None), E.verdict == DELIVERED), concerns(scope.organisations))
    found: datetime | None = (await connection.execute(query.order_by(E.slot_seq).limit(1))).scalar()
    return found
