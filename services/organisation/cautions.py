"""What whoever works on a case must beware of: it stands on every page that shows the case."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Subject
from schemas.entry import Caution, Entry, EntryKind, Verdict
from schemas.parties import OrganisationKind
from services.organisation import tables as t

Row = dict[str, Any]
NAMES = frozenset({"regie", "owner", "sender", "receiver", "actor", "organisation"})
"""Fields of a case page that hold one organisation."""


def follow(before: Row | None, entry: Entry) -> Row | None:
    """What is held after an entry: the latest delivery tells; a notice that says nothing of it changes nothing."""
    told = entry.caution is not None or (entry.kind is EntryKind.MESSAGE and entry.verdict is Verdict.DELIVERED)
    if not told or (before is not None and before["slot_seq"] > entry.slot_seq):
        return before
    said = entry.caution or Caution()
    return {"unsafe": list(said.unsafe), "address_secret": said.address_secret, "slot_seq": entry.slot_seq}


def shown(held: Mapping[str, Any] | None) -> Row | None:
    """The caution of a case for a page, in words as well; None when there is none."""
    if held is None or not (held["unsafe"] or held["address_secret"]):
        return None
    words = []
    if held["unsafe"]:
        words.append(f"Do not ask or inform {', '.join(held['unsafe'])}, nor let others do so: it is not safe.")
    if held["address_secret"]:
        words.append("An address is secret: name kinds of organisations to the family, never which.")
    return {"unsafe": held["unsafe"], "address_secret": held["address_secret"], "text": " ".join(words)}


async def cautions(connection: AsyncConnection, cases: Collection[Subject]) -> dict[Subject, Row]:
    """Those of these cases that have one."""
    query = sa.select(t.cases.c.subject, t.cases.c.caution).where(t.cases.c.subject.in_(set(cases)))
    found = {row.subject: shown(row.caution) for row in await connection.execute(query)}
    return {subject: caution for subject, caution in found.items() if caution is not None}


async def marked(connection: AsyncConnection, rows: list[Row]) -> list[Row]:
    """Rows that name a case, with its caution; the words of a task say it too."""
    held = await cautions(connection, {row["case"] for row in rows})
    for row in rows:
        row["caution"] = held.get(row["case"])
        if row["caution"] and "text" in row:
            row["text"] = f"{row['text']} {row['caution']['text']}"
    return rows


def for_family(case: Row, own: Slug, kind_of: Callable[[Slug], OrganisationKind | None]) -> Row:
    """A case page that may be shown or read out to persons of the case: without what was recorded of each person, and
    where an address is secret with kinds in the place of other organisations.
    """
    page = {name: value for name, value in case.items() if name != "persons"}
    caution = page.pop("caution")
    if caution is None or not caution["address_secret"]:
        return page

    def named(slug: Slug) -> str:
        return slug if slug == own else str(kind_of(slug) or "OTHER")

    return {name: _by_kind(name, value, named) for name, value in page.items()}


def _by_kind(name: str, value: Any, named: Callable[[Slug], str]) -> Any:
    if name in NAMES and isinstance(value, str):
        return named(value)
    if name == "to":
        return [named(slug) for slug in value]
    if name == "by":  # of a sight plan: whoever sees the child, at whichever organisation
        return [{field: said for field, said in each.items() if field != "organisation"} for each in value]
    if isinstance(value, dict):
        return {n: _by_kind(n, v, named) for n, v in value.items()}
    if isinstance(value, list):
        return [_by_kind(name, each, named) for each in value]
    return value
