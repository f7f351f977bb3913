"""Which items this organisation holds back from a person who asked who saw what, by which article, and until when."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Subject
from schemas.person import PersonRef
from services.organisation.said import Told, told_in

ASKED, ANSWERED = "access.requested", "access.answered"
Row = dict[str, Any]


def withheld(told: Iterable[Told], person: PersonRef) -> list[Row]:
    """The latest word on each item, in answers about this person: `message`, `item`, `article`, `review_on`."""
    requests: set[str] = set()
    latest: dict[tuple[str, str], Row] = {}
    for each in sorted(told, key=lambda one: (one.at, one.name != ASKED)):
        if each.name == ASKED and each.body["about"] == person:
            requests.add(each.body["request"])
        elif each.name == ANSWERED and each.body["request"] in requests:
            latest |= {(line["message"], line["item"]): line for line in each.body.get("lines", ())}
    fields = ("message", "item", "article", "review_on")
    return [{name: line[name] for name in fields} for line in latest.values() if line["decision"] == "WITHHELD"]


async def withheld_of(connection: AsyncConnection, subject: Subject, person: PersonRef) -> list[Row]:
    """Of one case, as far as this organisation asked or answered it."""
    return withheld(await told_in(connection, subject, (ASKED, ANSWERED)), person)
