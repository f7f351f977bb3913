"""The ledger's HTTP interface: audits, alerts, exports. No question is answered before it is written down who asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from schemas.base import Instant, Slug, Subject
from schemas.person import PersonRef
from services.ledger import queries
from services.ledger.answers import Alerts, Audit
from services.ledger.desk import Desk
from services.ledger.looks import Asked, Question
from services.ledger.queries import BadCursorError, Wanted
from services.ledger.questions.api import add_questions
from services.runtime.api_page import add_page
from services.runtime.guard import guard
from services.runtime.problems import Problem, ProblemAnswer, Refused
from services.runtime.rates import Rate
from services.runtime.tokens import Caller

LINES: Final = "application/jose; charset=us-ascii"
"""One compact JWS a line."""


ADDRESS_PER_SECOND, ADDRESS_BURST = 50, 500
"""How often a network address may ask."""

Health = Callable[[], Awaitable[Mapping[str, Any]]]
After = Annotated[str | None, Query(max_length=64, pattern=r"^[0-9TZ./]+$")]
_bearer: Final = HTTPBearer(auto_error=False)


def ledger_api(desk: Desk, health: Health) -> FastAPI:
    """The application."""
    told: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 422, 429, 503)}
    app = FastAPI(
        title="Estafette ledger", version="1", description=__doc__, responses=told, docs_url=None, redoc_url=None
    )
    guard(app, 0, Rate(ADDRESS_PER_SECOND, ADDRESS_BURST))
    app.add_exception_handler(BadCursorError, _bad_cursor)
    add_page(app)
    _add_health(app, health)
    _add_audits(app, desk)
    _add_lists(app, desk)
    add_questions(app, desk, _caller(desk))
    return app


async def _bad_cursor(_: Request, error: Exception) -> JSONResponse:
    return ProblemAnswer(Refused(422, f"after: {error}", code="BAD_CURSOR"))


def _caller(desk: Desk) -> Any:
    async def caller(bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        return await desk.caller(bearer.credentials if bearer else None)

    return Depends(caller)


def _add_health(app: FastAPI, health: Health) -> None:
    @app.get("/health", include_in_schema=False)
    async def read_health() -> JSONResponse:
        answer = dict(await health())
        return JSONResponse(answer, status_code=200 if answer.get("ready") is True else 503)


def _add_audits(app: FastAPI, desk: Desk) -> None:
    """What was shared, with whom, on which basis, when, and what was refused."""
    caller = _caller(desk)

    @app.get("/api/cases/{case}/audit")
    async def case_audit(
        case: Subject,
        who: Annotated[Caller, caller],
        since: Instant | None = None,
        until: Instant | None = None,
        after: After = None,
    ) -> Audit:
        """Everything decided in a case, as far as the own organisation acts in it or received it."""
        return await desk.audit(who, Asked(question=Question.CASE, case=case, since=since, until=until, after=after))

    @app.get("/api/persons/{case}/{ref}/audit")
    async def person_audit(
        case: Subject,
        ref: PersonRef,
        who: Annotated[Caller, caller],
        since: Instant | None = None,
        until: Instant | None = None,
        after: After = None,
    ) -> Audit:
        """What was shared or refused about one person. A ref means something in its own case only."""
        asked = Asked(question=Question.PERSON, case=case, person=ref, since=since, until=until, after=after)
        return await desk.audit(who, asked)

    @app.get("/api/organisations/{slug}/audit")
    async def organisation_audit(
        slug: Slug,
        who: Annotated[Caller, caller],
        since: Instant | None = None,
        until: Instant | None = None,
        after: After = None,
    ) -> Audit:
        """Between the own organisation and another (or all of the own), over a period."""
        asked = Asked(question=Question.ORGANISATION, organisation=slug, since=since, until=until, after=after)
        return await desk.audit(who, asked)


def _add_lists(app: FastAPI, desk: Desk) -> None:
    caller = _caller(desk)

    @app.get("/api/alerts")
    async def list_alerts(
        who: Annotated[Caller, caller],
        case: Subject | None = None,
        state: Annotated[str, Query(pattern="^(open|resolved|all)$")] = "open",
    ) -> Alerts:
        """The latest state of each alert: of the own organisation, or of a chain coordinator's region."""
        return await desk.alerts(who, Asked(question=Question.ALERTS, case=case, state=state))

    @app.get("/api/export", response_class=StreamingResponse)
    async def export(who: Annotated[Caller, caller], case: Subject | None = None) -> StreamingResponse:
        """The signed entries that concern the own organisation, one a line: `estafette ledger verify` checks them."""
        await desk.note(who, Asked(question=Question.EXPORT, case=case))

        wanted = Wanted(who.organisation, case, succeeded=await desk.succeeded(who.organisation))

        async def lines() -> AsyncIterator[str]:
            async for line in queries.export(desk.engine, wanted):
                yield f"{line}\n"

        return StreamingResponse(lines(), media_type=LINES)
