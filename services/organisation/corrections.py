"""Items that were corrected: shown beside the item, and to be passed on to everyone this organisation gave it to."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import service
from schemas.base import Slug, Subject
from schemas.corrections import DossierCorrected
from services.organisation import tables as t
from services.organisation.accepted import Said

Row = dict[str, Any]
SHOWN = timedelta(days=14)
"""How long a correction stands on the list of work; beside its item it stays."""


async def corrected(connection: AsyncConnection, said: Said, body: DossierCorrected | service.CorrectedNotice) -> None:
    """By the author, by whom the item came from, or by the gate: the first word dates it, a later one may add what
    takes its place."""
    i = t.items.c
    changed = {
        "corrected_at": sa.func.coalesce(i.corrected_at, said.at),
        "replaced_by": sa.func.coalesce(i.replaced_by, body.replaced_by),
    }
    where = (i.item == body.item, i.subject == said.subject)
    await connection.execute(sa.update(t.items).where(*where).values(changed))


async def of_case(connection: AsyncConnection, subject: Subject) -> list[Row]:
    """The corrected items of a case, as this organisation holds them."""
    i = t.items.c
    query = sa.select(t.items).where(i.subject == subject, i.corrected_at.is_not(None)).order_by(i.corrected_at, i.item)
    return [
        {
            "item": row["item"],
            "category": row["section"]["category"],
            "corrected_at": row["corrected_at"],
            "replaced_by": row["replaced_by"],
        }
        for row in (await connection.execute(query)).mappings()
    ]


async def beside(connection: AsyncConnection, subject: Subject) -> Mapping[str, Row]:
    """What to show beside each item of a letter."""
    return {
        row["item"]: {n: row[n] for n in ("corrected_at", "replaced_by")} for row in await of_case(connection, subject)
    }


async def to_pass_on(connection: AsyncConnection, now: datetime) -> Iterable[tuple[sa.RowMapping, list[Slug]]]:
    """The items corrected of late, each with those who got it from here and not the correction."""
    i = t.items.c
    query = sa.select(t.items).where(i.corrected_at > now - SHOWN).order_by(i.corrected_at, i.item)
    rows = (await connection.execute(query)).mappings().all()
    given = {subject: await _given(connection, subject) for subject in {row["subject"] for row in rows}}
    return [(row, given[row["subject"]].get(row["item"], [])) for row in rows]


async def _given(connection: AsyncConnection, subject: Subject) -> dict[str, list[Slug]]:
    """Whom each item went to from here, without those who got its correction."""
    s = t.sent.c
    where = (s.subject == subject, s.status == "delivered", sa.not_(s.dry_run))
    got: dict[str, dict[Slug, None]] = {}
    told: dict[str, set[Slug]] = {}
    for name, to, body, value in (
        await connection.execute(sa.select(s.name, s.recipients, s.body, s.value).where(*where))
    ).all():
        for section in (json.loads(value)["data"].get("manifest") or {}).get("sections", ()):
            got.setdefault(section["item"], {}).update(dict.fromkeys(to))
        if name == DossierCorrected.name:
            told.setdefault(body["item"], set()).update(to)
    return {item: [slug for slug in slugs if slug not in told.get(item, ())] for item, slugs in got.items()}
