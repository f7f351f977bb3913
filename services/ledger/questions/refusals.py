"""What was refused, by reason: how often each, of which messages."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen
from schemas.refusal import Refusal
from schemas.tables.refusals import WORDS
from services.ledger import store
from services.ledger.questions.scope import E, Period, Scope, same_entry


class RefusedCount(Frozen):
    """`number`: refused messages that had this reason, whatever other reasons they had beside it."""

    code: Code
    in_words: str
    name: Code | None  # of the message
    number: Count


class Refusals(Frozen):
    """`refused`: messages refused; one with three reasons counts once here and in three rows."""

    refused: Count
    reasons: tuple[RefusedCount, ...]


async def refusals(connection: AsyncConnection, scope: Scope, when: Period) -> Refusals:
    """Of what the organisations of the scope sent. Whom it was meant for is not told of it, and does not count it."""
    mine = (E.epoch == scope.epoch, E.verdict == "REFUSED", E.actor.in_(scope.organisations), *when.holds(E.at))
    r = store.entry_reasons.c
    number = sa.func.count(sa.distinct(E.hash))
    query = (
        sa.select(r.code, E.name, number.label("number"))
        .select_from(store.entry_reasons.join(store.entries, same_entry(r)))
        .where(*mine)
        .group_by(r.code, E.name)
        .order_by(number.desc(), r.code, E.name)
    )
    reasons = tuple(
        RefusedCount(code=row.code, in_words=_words(row.code), name=row.name, number=row.number)
        for row in await connection.execute(query)
    )
    refused = (
        await connection.execute(sa.select(sa.func.count()).select_from(store.entries).where(*mine))
    ).scalar_one()
    return Refusals(refused=refused, reasons=reasons)


def _words(code: str) -> str:
    """A code of a later version of this program is shown as it is."""
    return WORDS[Refusal(code)] if code in Refusal.__members__ else code
