"""The questions the chain must be able to answer, over HTTP. docs/questions.md has an example of each."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import FastAPI, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Frozen, Instant, Slug, Subject
from schemas.parties import OrganisationKind
from services.ledger import queries
from services.ledger.answers import ReadUpTo
from services.ledger.desk import Desk
from services.ledger.looks import Asked, Question
from services.ledger.questions.knew import Knew, knew
from services.ledger.questions.leads import Leads, leads
from services.ledger.questions.received import Received, received
from services.ledger.questions.refusals import Refusals, refusals
from services.ledger.questions.routes import Days, Routes, routes
from services.ledger.questions.scope import Period, Scope, midnight, today
from services.runtime.sql import reading
from services.runtime.tokens import Caller

First = Annotated[date | None, Query(description="first day, as the Netherlands count them")]
Last = Annotated[date | None, Query(description="last day, included")]


T = TypeVar("T")


class Answer(Frozen, Generic[T]):
    """What was asked, by whom, the answer, and how far the ledger had been read for it."""

    asked: Asked
    by: Slug
    answer: T
    read_up_to: tuple[ReadUpTo, ...]


Find = Callable[[AsyncConnection, Scope], Awaitable[Any]]


async def answered(desk: Desk, who: Caller, asked: Asked, find: Find) -> dict[str, Any]:
    """Write down who asks, then look."""
    scope = await desk.scope(who, asked)
    async with reading(desk.engine) as connection:
        found = await find(connection, scope)
        reach = await queries.read_up_to(connection, desk.epoch)
    return {"asked": asked, "by": who.organisation, "answer": found, "read_up_to": reach}


def add_questions(app: FastAPI, desk: Desk, caller: Any) -> None:
    """Every question."""
    _of_a_case(app, desk, caller)
    _of_a_period(app, desk, caller)
    _routes(app, desk, caller)


def _of_a_case(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/cases/{case}/leads", response_model=Answer[Leads])
    async def case_leads(case: Subject, who: Annotated[Caller, caller], at: Instant | None = None) -> Any:
        """Who leads the case, and who did before; at one moment, or now."""

        async def find(connection: AsyncConnection, scope: Scope) -> Leads:
            return await _discreet(connection, desk, who, await leads(connection, scope, case, at))

        return await answered(desk, who, Asked(question=Question.LEADS, case=case, at=at), find)

    @app.get("/api/cases/{case}/knew", response_model=Answer[Knew])
    async def case_knew(case: Subject, who: Annotated[Caller, caller], at: Instant | None = None) -> Any:
        """Which items the own organisation held at a moment, and which passed between it and others."""
        moment = at or datetime.now(UTC)

        async def find(connection: AsyncConnection, scope: Scope) -> Knew:
            found = await knew(connection, scope, case, moment)
            led = Leads(case=case, then=found.lead)
            return found.model_copy(update={"lead": (await _discreet(connection, desk, who, led)).then})

        return await answered(desk, who, Asked(question=Question.KNEW, case=case, at=at), find)


def _of_a_period(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/received", response_model=Answer[Received])
    async def all_received(
        who: Annotated[Caller, caller],
        kind: OrganisationKind | None = None,
        since: First = None,
        until: Last = None,
    ) -> Any:
        """Everything received from organisations of a kind, with state and outcome; of a region: how many."""

        async def find(connection: AsyncConnection, scope: Scope) -> Received:
            return await received(connection, scope, desk.of_kind(kind), asked_period(asked))

        asked = of_days(Question.RECEIVED, since, until, kind=kind)
        return await answered(desk, who, asked, find)

    @app.get("/api/numbers/refusals", response_model=Answer[Refusals])
    async def refused(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """What was refused, by reason."""

        async def find(connection: AsyncConnection, scope: Scope) -> Refusals:
            return await refusals(connection, scope, asked_period(asked))

        asked = of_days(Question.REFUSALS, since, until)
        return await answered(desk, who, asked, find)


def _routes(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/numbers/routes", response_model=Answer[Routes])
    async def client_routes(
        who: Annotated[Caller, caller],
        since: First = None,
        until: Last = None,
        on: Annotated[date | None, Query(description="the day it is looked at; else the last day, or today")] = None,
        siblings: Annotated[bool, Query(description="whether brothers and sisters count each")] = True,
    ) -> Any:
        """Routes A to D: help without a measure and measures that began in these days, how many and how long."""

        async def find(connection: AsyncConnection, scope: Scope) -> Routes:
            looked_at = on or until or await today(connection, scope.epoch)
            return await routes(connection, scope, Days(since, until, looked_at), siblings)

        asked = of_days(Question.ROUTES, since, until, at=midnight(on), siblings=siblings)
        return await answered(desk, who, asked, find)


def of_days(question: Question, first: date | None, last: date | None, **more: Any) -> Asked:
    """The question as it is written down: moments, the last not included."""
    return Asked(question=question, since=midnight(first), until=midnight(last, 1), **more)


def asked_period(asked: Asked) -> Period:
    return Period(asked.since, asked.until)


async def _discreet(connection: AsyncConnection, desk: Desk, who: Caller, found: Leads) -> Leads:
    """Where an address is secret nobody outside the chain is told which organisation leads (Wmo 2015 5.3.2(4))."""
    caution = await queries.caution(connection, who.organisation, found.case)
    if desk.kind_of(who.organisation) is not OrganisationKind.EXTERNAL or caution is None or not caution.address_secret:
        return found

    def hidden(slug: Slug | None) -> Slug | None:
        return (
            slug if slug in (None, who.organisation) else str(desk.kind_of(slug) or "other").lower().replace("_", "-")
        )

    spells = tuple(each.model_copy(update={"holder": hidden(each.holder)}) for each in found.spells)
    then = found.then and found.then.model_copy(update={"holder": hidden(found.then.holder)})
    return found.model_copy(update={"spells": spells, "then": then})
