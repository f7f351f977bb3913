"""Opens a letter for a professional: its sections with their text, and the word to its sender that it was opened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import care
from schemas.base import Uuid
from schemas.event import Event
from schemas.manifest import Category, StatementKind
from schemas.parties import Professional
from services.organisation import tables as t
from services.organisation.author import Author
from services.organisation.corrections import beside
from services.organisation.intake import CONTROL, queue
from services.organisation.sections import Opened, open_letter
from services.runtime.jose import SealingKey

WORRIES = frozenset({Category.CONCERNS, Category.SAFETY})


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters this organisation received."""

    engine: AsyncEngine
    author: Author
    keys: Iterable[SealingKey]

    async def open(self, message: Uuid, reader: Professional) -> dict[str, Any] | None:
        """The letter as `reader` may see it; None when no such message was received.

        The first opening is told to the sender. A section whose consent was withdrawn before that stays closed.
        """
        async with self.engine.begin() as connection:
            query = sa.select(t.inbox).where(t.inbox.c.id == message, t.inbox.c.state == "accepted", t.inbox.c.receipt)
            row = (await connection.execute(query.with_for_update())).mappings().first()
            if row is None:
                return None
            event = Event.model_validate_json(row["value"], extra="ignore")
            sections = open_letter(event, self.author.slug, self.keys)
            blocked = await self._blocked(connection, event, row["opened_at"])
            corrected = await beside(connection, event.subject)
            if row["opened_at"] is None:
                await self._first(connection, event, sections, blocked, reader)
        withheld = event.data.manifest.withheld if event.data.manifest else ()
        return {
            "id": event.id,
            "name": event.name,
            "case": event.subject,
            "from": event.source,
            "by": event.data.by.model_dump(mode="json") if event.data.by else None,
            "at": row["at"],
            "body": event.data.body,
            "purpose": event.data.manifest.purpose if event.data.manifest else None,
            "sections": [
                {**_shown(section, blocked), "corrected": corrected.get(section.section.item)} for section in sections
            ],
            "withheld": len(withheld),
        }

    async def _blocked(self, connection: AsyncConnection, event: Event, opened_at: Any) -> frozenset[str]:
        query = sa.select(t.items.c.item).where(t.items.c.subject == event.subject, t.items.c.blocked_at.is_not(None))
        if opened_at is not None:
            query = query.where(t.items.c.blocked_at < opened_at)
        return frozenset(item for (item,) in (await connection.execute(query)).all())

    async def _first(
        self,
        connection: AsyncConnection,
        event: Event,
        sections: Sequence[Opened],
        blocked: frozenset[str],
        reader: Professional,
    ) -> None:
        mark = {"opened_at": self.author.clock.now(), "opened_by": reader.ref}
        await connection.execute(sa.update(t.inbox).where(t.inbox.c.id == event.id).values(**mark))
        if event.name in CONTROL:
            return
        seen = tuple(s.section.item for s in sections if s.item is not None and s.section.item not in blocked)
        body = care.DossierOpened(message=event.id, items=seen)
        told = self.author.write(event.subject, body, to=(event.source,), by=reader, automatic=True)
        await queue(connection, told)


def _shown(opened: Opened, blocked: frozenset[str]) -> dict[str, Any]:
    section = opened.section.model_dump(mode="json", exclude_none=True)
    closed = opened.section.item in blocked
    bare = opened.section.category in WORRIES and not opened.section.rests_on
    text = opened.item.text if opened.item is not None and not closed else None
    if bare and opened.section.kind not in (StatementKind.FACT, StatementKind.OBSERVATION):
        section["without_facts"] = True  # a worry of which nobody says which facts are behind it (D#189)
    return {**section, "text": text, "blocked": closed, "fault": opened.fault}
