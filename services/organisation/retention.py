"""How long an edge keeps what it holds.

A dossier is kept as long as the law says, and may then be erased; nobody is erased by a clock alone, a privacy officer
decides it (erasure.py). What is no dossier goes by itself.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Subject
from schemas.parties import OrganisationKind
from services.organisation import tables as t

YOUTH_FILE_YEARS = 20
"""After the last change (Jeugdwet 7.3.8 lid 3; D§3d L5)."""
REPORT_CENTRE_YEARS = 15
"""After receipt, of Veilig Thuis (Wmo 2015 art. 5.3.4; D§3d L6)."""
ADULT = 18
"""Veilig Thuis keeps what may be of use against abuse until the youngest child is of age (Wmo 2015 art. 5.3.4)."""
DRY_RUNS = timedelta(days=30)
"""Our choice, as the next: what was only tried out, and records that were never believed."""
REJECTED = timedelta(days=90)


def term_ends(kind: OrganisationKind, first: date, last: date, births: Sequence[date]) -> date:
    """The day after which a dossier need not be kept. `first` and `last`: days on which something of it came in or was
    written; `births`: of the children in it, as far as known here."""
    if kind is not OrganisationKind.VEILIG_THUIS:
        return later(last, YOUTH_FILE_YEARS)
    return max(later(last, REPORT_CENTRE_YEARS), *(later(born, ADULT) for born in births), first)


def later(day: date, years: int) -> date:
    """That many years on; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


async def over(connection: AsyncConnection, kind: OrganisationKind, now: datetime) -> dict[Subject, date]:
    """Closed cases whose term is over, with the day on which it ended."""
    query = sa.select(t.cases.c.subject, t.cases.c.since, t.cases.c.changed_at).where(
        sa.not_(t.cases.c.open), t.cases.c.changed_at < now - timedelta(days=365 * REPORT_CENTRE_YEARS)
    )
    found: dict[Subject, date] = {}
    for row in (await connection.execute(query)).all():
        ends = term_ends(kind, row.since.date(), row.changed_at.date(), await _births(connection, row.subject))
        if ends < now.date():
            found[row.subject] = ends
    return found


async def _births(connection: AsyncConnection, subject: Subject) -> list[date]:
    query = sa.select(t.persons.c.person).where(t.persons.c.subject == subject)
    people: list[dict[str, Any]] = [person for (person,) in (await connection.execute(query)).all()]
    born = [person.get("birth_date") for person in people if person.get("role") == "YOUTH"]
    return [date.fromisoformat(day) for day in born if day]


async def prune(connection: AsyncConnection, now: datetime) -> None:
    """Delete what is no dossier and served its time."""
    old = sa.and_(t.sent.c.dry_run, t.sent.c.status != "queued", t.sent.c.queued_at < now - DRY_RUNS)
    await connection.execute(sa.delete(t.sent).where(old))
    await connection.execute(sa.delete(t.rejected).where(t.rejected.c.received_at < now - REJECTED))
