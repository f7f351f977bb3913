"""What becomes of messages on their way: stored, opened, asked for again, lost, rejected by who got them, mended."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import care, service
from schemas.base import Slug, Uuid
from services.organisation import tables as t
from services.organisation.accepted import Said
from services.runtime.sql import insert_new

UNTRUE = "CATEGORY_UNTRUE"
"""The one reason that is a professional's and not a machine's."""


async def stored(connection: AsyncConnection, said: Said, body: service.StoredNotice) -> None:
    await _mark(connection, body.messages, t.sent.c.stored_at, said.at)


async def opened(connection: AsyncConnection, said: Said, body: care.DossierOpened) -> None:
    await _mark(connection, (body.message,), t.sent.c.opened_at, said.at)


async def missing(connection: AsyncConnection, said: Said, body: service.ResendDue) -> None:
    await _mark(connection, (body.message,), t.sent.c.resend_due_at, said.at)


async def lost(connection: AsyncConnection, said: Said, body: service.Lost) -> None:
    """As sender: the letter will not come. As recipient the hole in the inbox is closed."""
    await _mark(connection, (body.message,), t.sent.c.lost_at, said.at)
    if body.recipient in said.entry.recipients:
        await _close(connection, said, (body.sequence,))


async def gone(connection: AsyncConnection, said: Said, body: service.Gone) -> None:
    """Holes that held words of the gate: nobody sends them again, and receipts go on behind them."""
    if body.recipient in said.entry.recipients:
        await _close(connection, said, body.sequences)


async def _close(connection: AsyncConnection, said: Said, sequences: Iterable[int]) -> None:
    place = {"epoch": said.entry.epoch, "partition": said.entry.slot}
    await insert_new(connection, t.lost, [place | {"sequence": sequence} for sequence in sequences])


async def _mark(connection: AsyncConnection, ids: Iterable[str], column: sa.Column[Any], at: datetime) -> None:
    """Note when something first became of messages of this organisation."""
    where = (t.sent.c.id.in_(tuple(ids)), column.is_(None))
    await connection.execute(sa.update(t.sent).where(*where).values({column: at}))


async def rejected(connection: AsyncConnection, said: Said, body: care.DossierRejected) -> None:
    """Who got a letter says what is wrong with it: kept at both sides until it is mended."""
    told = said.entry.message
    if told is None or not said.entry.recipients:
        return
    row = {
        "id": told.id,
        "subject": said.subject,
        "message": body.message,
        "item": body.item,
        "reason": body.reason,
        "by": said.source,
        "author": said.entry.recipients[0],
        "at": said.at,
    }
    await insert_new(connection, t.rejections, row)


async def mended(connection: AsyncConnection, said: Said) -> None:
    """A letter was delivered. What it carries once more to who had rejected it is mended; sharing anew mends a wrong
    name, and a whole letter. Who rejected an item holds it from now on as it came this time.
    """
    entry, r = said.entry, t.rejections.c
    letter = entry.message
    if letter is None or not (entry.sections or said.name == care.DossierShared.name):
        return
    items = [section.item for section in entry.sections]
    fits: sa.ColumnElement[bool] = sa.and_(r.item.in_(items), r.reason != UNTRUE)
    if said.name == care.DossierShared.name:
        fits = sa.or_(fits, r.item.is_(None), r.reason == UNTRUE)
    told = (r.subject == said.subject, r.author == said.source, r.by.in_(entry.recipients), r.mended_at.is_(None), fits)
    query = sa.update(t.rejections).where(*told).values(mended_at=said.at).returning(r.item, r.message)
    for item, before in (await connection.execute(query)).all():
        if item in items:
            held = sa.update(t.items).where(t.items.c.item == item, t.items.c.message == before)
            await connection.execute(held.values(message=letter.id))


async def rejections(connection: AsyncConnection, message: Uuid) -> list[dict[str, Any]]:
    """What is wrong with a letter, as who got it says."""
    query = sa.select(t.rejections).where(t.rejections.c.message == message).order_by(t.rejections.c.at)
    columns = ("item", "reason", "by", "at", "mended_at")
    return [{name: row[name] for name in columns} for row in (await connection.execute(query)).mappings()]


async def to_mend(connection: AsyncConnection, slug: Slug) -> list[sa.RowMapping]:
    """What is wrong and not mended: with letters of this organisation, and with letters it got."""
    query = sa.select(t.rejections).where(t.rejections.c.mended_at.is_(None)).order_by(t.rejections.c.at)
    return list((await connection.execute(query)).mappings())
