"""What was said in a case, as far as this organisation sent or got it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Subject
from schemas.event import Event
from services.organisation import tables as t


@dataclass(frozen=True, slots=True)
class Told:
    """One accepted message."""

    name: str
    source: Slug
    body: Mapping[str, Any]
    at: datetime


async def told_in(connection: AsyncConnection, subject: Subject, names: Collection[str]) -> list[Told]:
    """The accepted messages of these types, oldest first; what was erased says nothing any more."""
    found = await told_in_each(connection, sa.select(sa.literal(subject)), names)
    return found.get(subject, [])


async def told_in_each(
    connection: AsyncConnection, subjects: sa.Select[tuple[Subject]], names: Collection[str]
) -> dict[Subject, list[Told]]:
    """The same for many cases, by case."""
    s, i = t.sent.c, t.inbox.c
    sent = sa.select(s.subject, s.name, s.value, s.decided_at.label("at")).where(
        s.subject.in_(subjects), s.status == "delivered", s.name.in_(names), sa.not_(s.dry_run), s.value != b""
    )
    got = sa.select(i.subject, i.name, i.value, i.at).where(
        i.subject.in_(subjects), i.state == "accepted", i.name.in_(names)
    )
    rows = [*(await connection.execute(sent)).all(), *(await connection.execute(got)).all()]
    found: dict[Subject, list[Told]] = {}
    for row in sorted(rows, key=lambda row: row.at):
        found.setdefault(row.subject, []).append(_told(row.name, row.value, row.at))
    return found


def _told(name: str, value: bytes, at: datetime) -> Told:
    event = Event.model_validate_json(value, extra="ignore")
    return Told(name, event.source, event.data.body, at)
