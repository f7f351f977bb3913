"""Who asks, and what the answer to a wrong question looks like: `{"problems": [...]}`, without what was sent."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from schemas.base import Slug
from schemas.parties import Professional
from services.runtime.tokens import Caller, Role, TokenRefused, Verifier

MAX_PROBLEMS = 200
SECOND_PERSON = "Second-Person"
WORK = frozenset({Role.PROFESSIONAL, Role.COORDINATOR})
LOOK = WORK | {Role.PRIVACY_OFFICER}
CONTENT = frozenset({Role.PROFESSIONAL})


class Problems(BaseModel):
    """Everything that is wrong, at once."""

    problems: list[str] = Field(max_length=MAX_PROBLEMS)


class Refused(Exception):
    """The request is answered with `status` and these problems."""

    def __init__(self, status: int, *problems: str) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems


def answer_refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refused):
        raise error
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse({"problems": list(error.problems)}, error.status, headers)


def problems_in(error: ValidationError | Any) -> list[str]:
    """Where and why, for every problem; never the value itself."""
    found = error.errors(include_input=False, include_url=False) if isinstance(error, ValidationError) else error
    return [f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}"[:300] for each in found][:MAX_PROBLEMS]


def answers(model: str, description: str) -> dict[str, Any]:
    """An answer in a route's description, by the name of its schema."""
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description."""
    return {status: answers(Problems.__name__, HTTPStatus(status).phrase) for status in statuses}


_bearer = HTTPBearer(auto_error=False, description="Names one professional of this organisation.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


class Doors:
    """Lets callers in by role. An administrator runs the edge and sees no case (JB Noord 2016 §5.4)."""

    def __init__(self, verifier: Verifier, slug: Slug) -> None:
        self._verifier = verifier
        self._slug = slug

    def caller(self, credentials: Credentials) -> Caller:
        if credentials is None:
            raise Refused(401, "Authorization: a bearer token is needed")
        try:
            return self._verifier.check(credentials.credentials, self._slug)
        except TokenRefused as refused:
            raise Refused(401, f"Authorization: {refused.reason}") from None

    def admits(self, roles: frozenset[Role]) -> Callable[..., Caller]:
        """A dependency that gives the caller, when the role is one of these."""

        def check(credentials: Credentials) -> Caller:
            caller = self.caller(credentials)
            if caller.role not in roles:
                raise Refused(403, f"a {caller.role.replace('_', ' ').lower()} may not do or see this")
            return caller

        return check

    def second(
        self,
        credentials: Credentials,
        second_person: Annotated[
            str | None,
            Header(alias=SECOND_PERSON, max_length=5000, description="Bearer token of a second professional"),
        ] = None,
    ) -> Professional | None:
        """The second person, who is somebody else of the same organisation."""
        if second_person is None:
            return None
        scheme, _, token = second_person.partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, f"{SECOND_PERSON}: a bearer token is needed")
        try:
            second = self._verifier.check(token.strip(), self._slug)
        except TokenRefused as refused:
            raise Refused(401, f"{SECOND_PERSON}: {refused.reason}") from None
        if second.ref == self.caller(credentials).ref:
            raise Refused(422, f"{SECOND_PERSON}: is the same person; a second one is needed")
        if second.role not in WORK:
            raise Refused(403, f"{SECOND_PERSON}: a {second.role.replace('_', ' ').lower()} may not do this")
        return second.professional


def install(app: FastAPI) -> None:
    """Every error of this interface has one form."""

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError) else ()
        return JSONResponse({"problems": problems_in(found)}, 422)

    async def http(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        return JSONResponse({"problems": [str(error.detail)]}, error.status_code, error.headers)

    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
