"""Cases that belong together, and children who went on in another: what is shown here of them."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import cases
from schemas.base import Subject
from services.organisation import tables as t
from services.organisation.accepted import Said
from services.organisation.said import Told, told_in


async def linked(connection: AsyncConnection, said: Said, body: cases.CaseLinked) -> None:
    """The other case is there: who sees the children that went on in it stands there from now on."""
    splits = await told_in(connection, said.subject, (cases.CaseSplit.name,))
    where = (t.sight.c.subject == said.subject, t.sight.c.child.in_(_going_to(body.other, splits)))
    await connection.execute(sa.delete(t.sight).where(*where))


def _going_to(other: Subject, splits: Iterable[Told]) -> list[str]:
    """Where each child was last said to go on; of those who were to go there."""
    into: dict[str, str] = {}
    for split in splits:
        into |= dict.fromkeys(split.body["children"], split.body["into"])
    return [child for child, to in into.items() if to == other]


async def linked_to(connection: AsyncConnection, subject: Subject) -> list[dict[str, Any]]:
    """Cases this one belongs with, and which children went on in each."""
    told = await told_in(connection, subject, (cases.CaseLinked.name, cases.CaseSplit.name))
    splits = [each for each in told if each.name == cases.CaseSplit.name]
    found = {}
    for link in (each for each in told if each.name == cases.CaseLinked.name):
        other = link.body["other"]
        children = _going_to(other, splits)
        found[other] = {"other": other, "kind": link.body["kind"], "since": link.at, "children": children}
    return list(found.values())
