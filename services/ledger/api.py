"""The ledger's HTTP interface: audits, alerts, exports. No question is answered before it is written down who asked."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Frozen, Instant, Slug, Subject
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from services.ledger import queries
from services.ledger.answers import Alerts, Audit
from services.ledger.looks import Asked, Question
from services.ledger.queries import BadCursorError, Wanted
from services.ledger.reads import LookNotWrittenError, Looks
from services.runtime.directory import Directory
from services.runtime.tokens import Caller, Role, TokenRefused, Verifier

LINES: Final = "application/jose; charset=us-ascii"
"""One compact JWS a line."""


class Problem(Frozen):
    """Why a question is not answered."""

    code: str
    detail: str


class NotAnswered(Exception):
    """A question that is not answered."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.status = status
        self.problem = Problem(code=code, detail=detail)


Health = Callable[[], Awaitable[Mapping[str, Any]]]
After = Annotated[str | None, Query(max_length=64, pattern=r"^[0-9TZ./]+$")]
_bearer: Final = HTTPBearer(auto_error=False)


class Desk:
    """Who may ask what. Every method writes the question down first."""

    def __init__(
        self, engine: AsyncEngine, epoch: str, directory: Callable[[], Directory], verifier: Verifier, looks: Looks
    ) -> None:
        self.engine = engine
        self.epoch = epoch
        self._directory = directory
        self._verifier = verifier
        self._looks = looks

    def caller(self, token: str | None) -> Caller:
        """Who asks. A token is made for the professional's own organisation, and shows what that may see."""
        if token is None:
            raise NotAnswered(401, "UNAUTHORISED", "a bearer token is needed")
        try:
            caller = self._verifier.check(token, _audience(token))
        except TokenRefused as refused:
            raise NotAnswered(401, "UNAUTHORISED", refused.reason) from None
        if self._directory().find(caller.organisation) is None:
            raise NotAnswered(401, "UNAUTHORISED", "the organisation is not in the directory")
        return caller

    async def note(self, caller: Caller, asked: Asked) -> None:
        """Write the question down; then refuse it if the role does not allow it, whatever was asked about."""
        allowed = caller.role is Role.PRIVACY_OFFICER or (
            asked.question is Question.ALERTS and self._coordinates(caller)
        )
        try:
            await self._looks.write(caller, asked, allowed)
        except LookNotWrittenError:
            raise NotAnswered(503, "LOOK_NOT_WRITTEN", "the question could not be written down; ask again") from None
        if not allowed:
            raise NotAnswered(403, "ROLE_NOT_ALLOWED", "this role may not ask this")

    async def audit(self, caller: Caller, asked: Asked) -> Audit:
        await self.note(caller, asked)
        wanted = Wanted(caller.organisation, asked.case, asked.person, asked.organisation, asked.since, asked.until)
        async with self.engine.connect() as connection:
            lines, following = await queries.audit(connection, wanted, asked.after)
            reach = await queries.read_up_to(connection, self.epoch)
        return Audit(asked=asked, by=caller.organisation, entries=tuple(lines), next=following, read_up_to=reach)

    async def alerts(self, caller: Caller, asked: Asked) -> Alerts:
        await self.note(caller, asked)
        state = None if asked.state == "all" else (asked.state or "open").upper()
        async with self.engine.connect() as connection:
            return Alerts(alerts=await queries.alerts(connection, self._seen_by(caller), asked.case, state))

    def _coordinates(self, caller: Caller) -> bool:
        organisation = self._directory().find(caller.organisation)
        is_desk = organisation is not None and organisation.kind is OrganisationKind.COORDINATION
        return caller.role is Role.COORDINATOR and is_desk

    def _seen_by(self, caller: Caller) -> set[Slug]:
        """Whose alerts the caller sees: of the own organisation, or of all that a coordinator coordinates."""
        if not self._coordinates(caller):
            return {caller.organisation}
        region = self._directory().organisations.items()
        return {caller.organisation, *(slug for slug, o in region if o.coordination == caller.organisation)}


def _audience(token: str) -> str:
    """The organisation a token says it is for. Worth nothing until the token was checked against it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["aud"])
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        raise TokenRefused("the token cannot be read") from None


def ledger_api(desk: Desk, health: Health) -> FastAPI:
    """The application."""
    told: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 503)}
    app = FastAPI(title="Estafette ledger", version="1", description=__doc__, responses=told)
    app.add_exception_handler(NotAnswered, _not_answered)
    app.add_exception_handler(BadCursorError, _bad_cursor)
    _add_health(app, health)
    _add_audits(app, desk)
    _add_lists(app, desk)
    return app


async def _not_answered(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NotAnswered)  # noqa: S101  # registered for this class
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(error.problem.model_dump(), error.status, headers)


async def _bad_cursor(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(Problem(code="BAD_CURSOR", detail=str(error)).model_dump(), 422)


def _caller(desk: Desk) -> Any:
    async def caller(bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        return desk.caller(bearer.credentials if bearer else None)

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

        async def lines() -> AsyncIterator[str]:
            async for line in queries.export(desk.engine, who.organisation, case):
                yield f"{line}\n"

        return StreamingResponse(lines(), media_type=LINES)
