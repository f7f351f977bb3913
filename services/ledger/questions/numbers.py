"""Questions that are answered with numbers, over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Subject
from schemas.days import midnight
from services.ledger.desk import Desk
from services.ledger.looks import Asked, Question
from services.ledger.questions.alone import Alone, alone
from services.ledger.questions.asking import Answer, First, Last, answered, asked_period, of_days
from services.ledger.questions.contact import Contact, contact
from services.ledger.questions.learn import QUARTER, Learning, days_of, learning
from services.ledger.questions.origins import Origins, origins
from services.ledger.questions.quality import Quality, quality
from services.ledger.questions.refusals import Refusals, refusals
from services.ledger.questions.routes import Days, Routes, routes
from services.ledger.questions.scope import Period, Scope, reached, today
from services.ledger.questions.uses import Uses, uses
from services.ledger.questions.waits import Waits, waits
from services.runtime.problems import Refused
from services.runtime.tokens import Caller

On = Annotated[date | None, Query(description="the day it is looked at; else the last day, or today")]
OfPeriod = Callable[[AsyncConnection, Scope, Period], Awaitable[Any]]
"""Counts for a scope over a period."""


def add_numbers(app: FastAPI, desk: Desk, caller: Any) -> None:
    """Every question with numbers for an answer."""
    _of_families(app, desk, caller)
    _of_the_chain(app, desk, caller)
    _to_learn(app, desk, caller)
    _of_practice(app, desk, caller)


def _of_families(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/numbers/contact", response_model=Answer[Contact])
    async def first_contact(
        who: Annotated[Caller, caller], since: First = None, until: Last = None, on: On = None
    ) -> Any:
        """Days from the first report to the first real contact; how often cases moved and were given back."""

        async def find(connection: AsyncConnection, scope: Scope) -> Contact:
            looked_at = on or await today(connection, scope.epoch)
            return await contact(connection, scope, since, until, looked_at)

        return await answered(desk, who, of_days(Question.CONTACT, since, until, at=midnight(on)), find)

    @app.get("/api/numbers/alone", response_model=Answer[Alone])
    async def spoken_alone(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """The share of youths that were spoken to alone in a handover, by age."""
        return await _in_days(desk, who, of_days(Question.ALONE, since, until), alone)

    @app.get("/api/numbers/routes", response_model=Answer[Routes])
    async def client_routes(
        who: Annotated[Caller, caller],
        since: First = None,
        until: Last = None,
        on: On = None,
        siblings: Annotated[bool, Query(description="whether brothers and sisters count each")] = True,
    ) -> Any:
        """Routes A to D: help without a measure and measures that began in these days, how many and how long."""

        async def find(connection: AsyncConnection, scope: Scope) -> Routes:
            looked_at = on or until or await today(connection, scope.epoch)
            return await routes(connection, scope, Days(since, until, looked_at), siblings)

        asked = of_days(Question.ROUTES, since, until, at=midnight(on), siblings=siblings)
        return await answered(desk, who, asked, find)


def _of_the_chain(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/numbers/waits", response_model=Answer[Waits])
    async def who_waits(
        who: Annotated[Caller, caller], case: Subject | None = None, since: First = None, until: Last = None
    ) -> Any:
        """Who waited how long on whom, by link of the chain; of one case for who has a part in it."""
        asked = of_days(Question.WAITS, since, until, case=case)

        async def find(connection: AsyncConnection, scope: Scope) -> Waits:
            now = await reached(connection, scope.epoch)
            return await waits(connection, scope, asked_period(asked), now, desk.kind_of, case)

        return await answered(desk, who, asked, find)

    @app.get("/api/numbers/refusals", response_model=Answer[Refusals])
    async def refused(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """What was refused, by reason."""
        return await _in_days(desk, who, of_days(Question.REFUSALS, since, until), refusals)


def _to_learn(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/numbers/learn", response_model=Answer[Learning])
    async def learn(
        who: Annotated[Caller, caller],
        quarter: Annotated[str, Query(pattern=QUARTER, description="that has ended, as 2026-Q1")],
    ) -> Any:
        """Numbers to learn from, in which nothing identifies anyone; what is small is left out."""
        first, last = days_of(quarter)

        async def find(connection: AsyncConnection, scope: Scope) -> Learning:
            if await today(connection, scope.epoch) <= last:
                raise Refused(422, "quarter: it has not ended yet", code="QUARTER_NOT_ENDED")
            return await learning(connection, scope, quarter, desk.kind_of)

        return await answered(desk, who, of_days(Question.LEARN, first, last), find)


def _of_practice(app: FastAPI, desk: Desk, caller: Any) -> None:
    @app.get("/api/numbers/origins", response_model=Answer[Origins])
    async def by_origin(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """Who waits and who is refused: families with a report at Veilig Thuis, and others."""
        return await _in_days(desk, who, of_days(Question.ORIGINS, since, until), origins)

    @app.get("/api/numbers/uses", response_model=Answer[Uses])
    async def services_used(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """How often each service is asked and taken on, light ones too."""
        return await _in_days(desk, who, of_days(Question.USES, since, until), uses)

    @app.get("/api/numbers/quality", response_model=Answer[Quality])
    async def of_quality(who: Annotated[Caller, caller], since: First = None, until: Last = None) -> Any:
        """What goes well and what does not: assessments, evaluations, talks, returns, requests, words in a measure."""
        return await _in_days(desk, who, of_days(Question.QUALITY, since, until), quality)


async def _in_days(desk: Desk, who: Caller, asked: Asked, count: OfPeriod) -> Any:
    """The answer to a question that is about its days and nothing else."""

    async def find(connection: AsyncConnection, scope: Scope) -> Any:
        return await count(connection, scope, asked_period(asked))

    return await answered(desk, who, asked, find)
