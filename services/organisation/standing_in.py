"""Who is away in a case today, who stands in, and what was agreed with the family: shown before anything else (JB Noord
2016 §3.3: a colleague who did not know the agreements called the police).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Slug, Subject
from services.organisation import tables as t
from services.organisation.said import Told, told_in, told_in_each

Row = dict[str, Any]
STARTS, ENDED = frozenset({"absences.planned", "absences.started"}), "absences.ended"


def stand_ins(told: Iterable[Told], today: date) -> list[Row]:
    """Each absence that runs today, with its agreements. What was said of it before stays until it is said anew."""
    known: dict[str, Row] = {}
    for each in sorted(told, key=lambda one: one.at):
        absence = each.body["absence"]
        if each.name == ENDED:
            known.pop(absence, None)
            continue
        before = known.get(absence, {})
        known[absence] = {
            "organisation": each.source,
            "away": each.body["professional"],
            "since": each.body["since"],
            "until": each.body.get("until"),
            "stand_in": each.body.get("stand_in") or before.get("stand_in"),
            "agreements": each.body.get("agreements") or before.get("agreements") or [],
        }
    return [row for row in known.values() if _runs(row, today)]


def _runs(row: Row, today: date) -> bool:
    until = row["until"]
    return date.fromisoformat(row["since"]) <= today and (until is None or today <= date.fromisoformat(until))


def in_words(row: Row) -> str:
    """For the worklist of the team."""
    who, until = row["stand_in"], f" until {row['until']}" if row["until"] else ""
    stands = f"{who['ref']} stands in for {row['away']}{until}" if who else f"{row['away']} is away{until}"
    agreed = ", ".join(agreement["kind"] for agreement in row["agreements"])
    first = f" First read what was agreed with the family: {agreed}." if agreed else ""
    return f"{stands}.{first}" if who else f"{stands}: name who stands in.{first}"


async def stand_ins_of(connection: AsyncConnection, subject: Subject, today: date) -> list[Row]:
    """Of one case, for its page."""
    return stand_ins(await told_in(connection, subject, (*STARTS, ENDED)), today)


async def cases_without_somebody(connection: AsyncConnection, slug: Slug, today: date) -> list[tuple[Subject, Row]]:
    """Every case in which somebody of this organisation is away today."""
    named = t.sent.c.name.in_(STARTS)
    cases = sa.select(t.sent.c.subject).where(named, t.sent.c.status == "delivered").distinct()
    told = await told_in_each(connection, cases, (*STARTS, ENDED))
    found = [(subject, row) for subject in sorted(told) for row in stand_ins(told[subject], today)]
    return [(subject, row) for subject, row in found if row["organisation"] == slug]
