"""The items an organisation holds: its own, with salt and text, and those in letters it received, sealed there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Uuid
from schemas.event import Event
from schemas.manifest import Section
from services.organisation import tables as t
from services.organisation.composing import Held
from services.organisation.sections import Item, open_letter
from services.runtime.jose import SealingKey


@dataclass(frozen=True, slots=True)
class Holdings:
    """Reads items for the organisation itself; `keys` open what was sealed to it."""

    slug: Slug
    keys: Iterable[SealingKey]

    async def find(self, connection: AsyncConnection, items: Collection[Uuid]) -> dict[Uuid, Held]:
        """Those of `items` that are held and can be opened."""
        if not items:
            return {}
        query = sa.select(t.items).where(t.items.c.item.in_(items))
        rows = (await connection.execute(query)).mappings().all()
        found = {row["item"]: await self._item(connection, row) for row in rows}
        return {item: held for item, held in found.items() if held is not None}

    async def _item(self, connection: AsyncConnection, row: sa.RowMapping | Mapping[str, Any]) -> Held | None:
        blocked = row["blocked_at"] is not None
        if row["text"] is not None:
            return Held(Item(Section.model_validate(row["section"]), row["salt"], row["text"]), blocked)
        query = sa.select(t.inbox.c.value).where(t.inbox.c.id == row["message"], t.inbox.c.state == "accepted")
        value = (await connection.execute(query)).scalar()
        if value is None:
            return None
        event = Event.model_validate_json(value, extra="ignore")
        opened = open_letter(event, self.slug, self.keys)
        item = next((each.item for each in opened if each.section.item == row["item"]), None)
        return Held(item, blocked) if item is not None else None
