"""What an edge follows when an organisation goes on as another; regie and handovers stand in the entry itself."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, dump
from schemas.service import RegieMoved, Succeeded
from services.organisation import tables as t
from services.organisation.accepted import Said
from services.runtime.sql import upsert


async def succeeded(connection: AsyncConnection, said: Said, body: Succeeded) -> None:
    """Who promised to see a child goes by its new name; the successor is told its plans and whom the case is about."""
    await _promises_go_over(connection, said, body.ended, body.successor)
    for plan in body.taken_over:
        row = {"subject": said.subject, "child": plan.child, "owner": body.successor, "plan": dump(plan)}
        told = {**row, "planned_at": said.at, "slot_seq": said.entry.slot_seq}
        await upsert(connection, t.sight, told, newer=t.sight.c.slot_seq)
    for person in body.persons:
        await upsert(connection, t.persons, {"subject": said.subject, "ref": person.ref, "person": dump(person)})
    if said.entry.holder is None:
        await connection.execute(sa.update(t.cases).where(t.cases.c.subject == said.subject).values(open=False))


async def regie_moved(connection: AsyncConnection, said: Said, body: RegieMoved) -> None:
    if body.how == "SUCCESSION" and body.regie_from is not None and body.regie_to is not None:
        await _promises_go_over(connection, said, body.regie_from, body.regie_to)


async def _promises_go_over(connection: AsyncConnection, said: Said, ended: Slug, successor: Slug) -> None:
    """What the successor promised itself stays beside it, until it plans anew."""
    place = t.sight.c
    own = sa.select(place.child).where(place.subject == said.subject, place.owner == successor).scalar_subquery()
    of_ended = (place.subject == said.subject, place.owner == ended)
    await connection.execute(sa.delete(t.sight).where(*of_ended, place.child.in_(own)))
    await connection.execute(sa.update(t.sight).where(*of_ended).values(owner=successor))
