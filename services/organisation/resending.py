"""Seals and sends a letter once more when the gate says that its recipient misses it: same items, new id."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import service
from schemas.event import parse_event
from schemas.tables.messages import BODIES
from services.organisation import tables as t
from services.organisation.author import Author, Outgoing, TooLargeError
from services.organisation.composing import Unsendable, seal_again
from services.organisation.holdings import Holdings
from services.runtime.directory import Directory

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Resender:
    """Makes the letter anew, in the name of who decided it. Whether its bases still hold is judged by the gate."""

    author: Author
    holdings: Holdings
    directory: Callable[[], Directory]

    async def again(self, connection: AsyncConnection, due: service.ResendDue) -> Outgoing | None:
        """The letter to queue; None when it was sent again before, is not ours, or can no longer be made. Then it
        stays on the worklist, and the gate tells both sides in the end."""
        query = sa.select(t.sent).where(t.sent.c.id == due.message, t.sent.c.resent_as.is_(None))
        row = (await connection.execute(query)).mappings().first()
        if row is None or not row["value"] or due.recipient not in row["recipients"]:
            return None
        event = parse_event(row["value"])
        listed = [section.item for section in event.data.manifest.sections] if event.data.manifest else []
        held = await self.holdings.find(connection, listed)
        if any(item not in held or held[item].blocked for item in listed):
            return None
        try:
            letter = seal_again(
                self.author,
                self.directory(),
                BODIES[event.name].model_validate(event.data.body),
                event,
                [held[item].item for item in listed],
                due.recipient,
            )
        except (Unsendable, TooLargeError):
            log.error("letter cannot be sent again", message=due.message)
            return None
        await connection.execute(sa.update(t.sent).where(t.sent.c.id == due.message).values(resent_as=letter.event.id))
        return letter
