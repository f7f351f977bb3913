"""What an organisation knew at a moment: which items it held then, from whom, and whether it had opened them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Digest, Frozen, Instant, Slug, Subject, Uuid
from schemas.entry import Entry
from schemas.person import PersonRef
from services.ledger.queries import entry_of
from services.ledger.questions.leads import Lead, leads
from services.ledger.questions.scope import DELIVERED, E, Scope, concerns

OPENED = "dossiers.opened"


class Held(Frozen):
    """One item of the dossier at one organisation: its first delivery, by its place in the ledger."""

    item: Uuid
    category: Code
    about: tuple[PersonRef, ...] = ()
    source: Slug  # who sent it there; the organisation itself when it is its own
    since: Instant
    opened_at: Instant | None = None
    entry: Digest


class Holder(Frozen):
    """What one organisation held."""

    organisation: Slug
    items: tuple[Held, ...]


class Knew(Frozen):
    """Of the own organisation everything; of another what passed between the two, and no more.

    Delivered is not read: `opened_at` says when it was opened, as far as that had happened by then.
    """

    case: Subject
    at: Instant
    lead: Lead | None = None
    organisations: tuple[Holder, ...] = ()


class Told(NamedTuple):
    """An entry with its hash."""

    entry: Entry
    hash: Digest


async def knew(connection: AsyncConnection, scope: Scope, case: Subject, at: datetime) -> Knew:
    """From the signed entries of the case up to and including that moment."""
    query = (
        sa.select(E.jws, E.hash)
        .where(E.epoch == scope.epoch, E.case == case, E.at <= at, E.verdict == DELIVERED)
        .where(concerns(scope.organisations))
        .order_by(E.slot_seq)
    )
    told = [Told(entry_of(row.jws), row.hash) for row in await connection.execute(query)]
    held = tuple(Holder(organisation=who, items=items) for who, items in sorted(holdings(told).items()))
    led = await leads(connection, scope, case, at)
    return Knew(case=case, at=at, lead=led.then, organisations=held)


def holdings(told: Iterable[Told]) -> dict[Slug, tuple[Held, ...]]:
    """Who held which items after these entries. Pure: entries in their order, nothing else."""
    found: dict[Slug, dict[Uuid, Held]] = {}
    letters: dict[str, list[tuple[Slug, Uuid]]] = {}
    for entry, hashed in told:
        for who, held in _given(entry, hashed):
            found.setdefault(who, {}).setdefault(held.item, held)
            if entry.message is not None:
                letters.setdefault(entry.message.id, []).append((who, held.item))
        if _is_opening(entry):
            _open(found, letters.get(entry.regards or "", ()), entry)
    return {who: tuple(items.values()) for who, items in found.items()}


def _given(entry: Entry, hashed: Digest) -> Iterator[tuple[Slug, Held]]:
    actor = entry.actor
    if actor is None:
        return
    for section in entry.sections:
        held = Held(
            item=section.item,
            category=section.category,
            about=section.about,
            source=actor,
            since=entry.at,
            opened_at=None,
            entry=hashed,
        )
        yield actor, held.model_copy(update={"opened_at": entry.at})
        for recipient in entry.recipients:
            yield recipient, held


def _is_opening(entry: Entry) -> bool:
    return entry.message is not None and entry.message.type == OPENED


def _open(found: dict[Slug, dict[Uuid, Held]], letter: Iterable[tuple[Slug, Uuid]], entry: Entry) -> None:
    for who, item in letter:
        held = found[who][item]
        if who == entry.actor and held.opened_at is None:
            found[who][item] = held.model_copy(update={"opened_at": entry.at})
