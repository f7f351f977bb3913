"""The questions the chain must be able to answer, over HTTP. docs/questions.md has an example of each."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Instant, Slug, Subject
from schemas.parties import OrganisationKind
from services.ledger import queries
from services.ledger.desk import Desk
from services.ledger.looks import Asked, Question
from services.ledger.questions.asking import Answer, First, Last, answered, asked_period, of_days
from services.ledger.questions.knew import Knew, knew
from services.ledger.questions.leads import Leads, leads
from services.ledger.questions.numbers import add_numbers
from services.ledger.questions.received import Received, received
from services.ledger.questions.scope import Scope
from services.runtime.tokens import Caller


def add_questions(app: FastAPI, desk: Desk, caller: Any) -> None:
    """Every question."""
    _of_a_case(app, desk, caller)
    _of_a_period(app, desk, caller)
    add_numbers(app, desk, caller)


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
