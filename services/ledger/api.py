"""The ledger's HTTP interface: audits, alerts, exports. No question is answered before it is written down who asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.base import Instant, Slug, Subject
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from services.ledger import queries
from services.ledger.answers import Alerts, Audit
from services.ledger.discretion import by_kind
from services.ledger.looks import Asked, Question
from services.ledger.queries import BadCursorError, Wanted
from services.ledger.reads import LookNotWrittenError, Looks
from services.runtime.api_page import add_page
from services.runtime.directory import Directory
from services.runtime.guard import guard, too_many
from services.runtime.problems import Problem, ProblemAnswer, Refused
from services.runtime.rates import Rate
from services.runtime.tokens import Caller, Callers, IssuerAway, Role, TokenRefused

LINES: Final = "application/jose; charset=us-ascii"
"""One compact JWS a line."""


ADDRESS_PER_SECOND, ADDRESS_BURST = 50, 500
PERSON_PER_SECOND, PERSON_BURST = 10, 100
"""How often a network address and a person may ask."""

Health = Callable[[], Awaitable[Mapping[str, Any]]]
After = Annotated[str | None, Query(max_length=64, pattern=r"^[0-9TZ./]+$")]
_bearer: Final = HTTPBearer(auto_error=False)


class Desk:
    """Who may ask what. Every method writes the question down first."""

    def __init__(
        self, engine: AsyncEngine, epoch: str, directory: Callable[[], Directory], callers: Callers, looks: Looks
    ) -> None:
        self.engine = engine
        self.epoch = epoch
        self._directory = directory
        self._callers = callers
        self._looks = looks
        self._rate = Rate(PERSON_PER_SECOND, PERSON_BURST)

    async def caller(self, token: str | None) -> Caller:
        """Who asks. A token is made for the professional's own organisation, and shows what that may see."""
        if token is None:
            raise Refused(401, "a bearer token is needed", code="UNAUTHORISED")
        try:
            caller = await self._callers.caller(token)
        except TokenRefused as refused:
            raise Refused(401, refused.reason, code="UNAUTHORISED") from None
        except IssuerAway:
            away = "the organisation's login cannot be asked whether this token is good; try again"
            raise Refused(503, away, code="LOGIN_AWAY") from None
        if self._directory().find(caller.organisation) is None:
            raise Refused(401, "the organisation is not in the directory", code="UNAUTHORISED")
        if (wait := self._rate.take(f"{caller.organisation}/{caller.ref}")) > 0:
            raise too_many(wait)
        return caller

    async def note(self, caller: Caller, asked: Asked) -> None:
        """Write the question down; then refuse it if the role does not allow it, whatever was asked about."""
        allowed = caller.role is Role.PRIVACY_OFFICER or (
            asked.question is Question.ALERTS and self._coordinates(caller)
        )
        try:
            await self._looks.write(caller, asked, allowed)
        except LookNotWrittenError:
            not_written = "the question could not be written down; ask again"
            raise Refused(503, not_written, code="LOOK_NOT_WRITTEN") from None
        if not allowed:
            raise Refused(403, "this role may not ask this", code="ROLE_NOT_ALLOWED")

    async def audit(self, caller: Caller, asked: Asked) -> Audit:
        await self.note(caller, asked)
        wanted = Wanted(caller.organisation, asked.case, asked.person, asked.organisation, asked.since, asked.until)
        wanted = wanted._replace(succeeded=await self.succeeded(caller.organisation))
        async with self.engine.connect() as connection:
            lines, following = await queries.audit(connection, wanted, asked.after)
            reach = await queries.read_up_to(connection, self.epoch)
            caution = await queries.caution(connection, caller.organisation, asked.case) if asked.case else None
        secret = any(said is not None and said.address_secret for said in (caution, *(line.caution for line in lines)))
        hidden = asked.question is Question.PERSON and secret
        if hidden:
            lines = [by_kind(line, caller.organisation, self._kind_of) for line in lines]
        return Audit(
            asked=asked,
            by=caller.organisation,
            entries=tuple(lines),
            caution=caution,
            by_kind=hidden,
            next=following,
            read_up_to=reach,
        )

    def _kind_of(self, slug: Slug) -> OrganisationKind | None:
        organisation = self._directory().find(slug)
        return organisation.kind if organisation else None

    async def alerts(self, caller: Caller, asked: Asked) -> Alerts:
        await self.note(caller, asked)
        state = None if asked.state == "all" else (asked.state or "open").upper()
        async with self.engine.connect() as connection:
            seen_by = self._seen_by(caller) | set(await self.succeeded(caller.organisation))
            return Alerts(alerts=await queries.alerts(connection, seen_by, asked.case, state))

    async def succeeded(self, organisation: Slug) -> tuple[Slug, ...]:
        """Which organisations have gone on as this one, by the time up to which the ledger was read."""
        async with self.engine.connect() as connection:
            reach = await queries.read_up_to(connection, self.epoch)
        until = [slot.at for slot in reach if slot.at is not None]
        names = self._directory().successions(max(until)) if until else {}
        return tuple(sorted(old for old, new in names.items() if new == organisation))

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
