"""What every question has in common: who asks is written down, then it is looked up, and how far it goes is told."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

import sqlalchemy as sa
from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Count, Frozen, Slug
from schemas.days import midnight
from services.ledger import events, queries, store
from services.ledger.answers import ReadUpTo
from services.ledger.desk import Desk
from services.ledger.looks import Asked, Question
from services.ledger.questions.scope import DELIVERED, E, Period, Scope, concerns, same_entry
from services.runtime.sql import reading
from services.runtime.tokens import Caller

OF_FACTS = frozenset(
    {
        Question.CONTACT,
        Question.WAITS,
        Question.ALONE,
        Question.ROUTES,
        Question.LEARN,
        Question.ORIGINS,
        Question.USES,
        Question.QUALITY,
    }
)
"""Questions that are counted from facts, which Kafka keeps for 90 days only."""

First = Annotated[date | None, Query(description="first day, as the Netherlands count them")]
Last = Annotated[date | None, Query(description="last day, included")]


T = TypeVar("T")


class Answer(Frozen, Generic[T]):
    """What was asked, by whom, the answer, and how far the ledger had been read for it. `uncounted`: decisions of these
    days whose facts were gone before they could be counted.
    """

    asked: Asked
    by: Slug
    answer: T
    uncounted: Count | None = None
    read_up_to: tuple[ReadUpTo, ...]


Find = Callable[[AsyncConnection, Scope], Awaitable[Any]]


async def answered(desk: Desk, who: Caller, asked: Asked, find: Find) -> dict[str, Any]:
    """Write down who asks, then look."""
    scope = await desk.scope(who, asked)
    async with reading(desk.engine) as connection:
        found = await find(connection, scope)
        reach = await queries.read_up_to(connection, desk.epoch)
        missed = await _uncounted(connection, scope, asked_period(asked)) if asked.question in OF_FACTS else None
    told = {"asked": asked, "by": who.organisation, "answer": found}
    return {**told, "uncounted": missed, "read_up_to": reach}


async def _uncounted(connection: AsyncConnection, scope: Scope, when: Period) -> int:
    """Delivered messages that are counted, without their event; in which the scope acts or received."""
    there = sa.exists(sa.select(1).where(same_entry(store.events.c)))
    query = sa.select(sa.func.count()).select_from(store.entries)
    query = query.where(E.epoch == scope.epoch, E.verdict == DELIVERED, E.name.in_(events.BY_NAME), ~there)
    found: int = (await connection.execute(query.where(concerns(scope.organisations), *when.holds(E.at)))).scalar_one()
    return found


def of_days(question: Question, first: date | None, last: date | None, **more: Any) -> Asked:
    """The question as it is written down: moments, the last not included."""
    return Asked(question=question, since=midnight(first), until=midnight(last, 1), **more)


def asked_period(asked: Asked) -> Period:
    return Period(asked.since, asked.until)
