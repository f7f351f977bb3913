"""Answers to a wrong request: RFC 9457 problem details, with everything that is wrong at once and nothing of what was
sent.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
MAX_PROBLEMS: Final = 200
Told = Annotated[str, StringConstraints(max_length=300)]


class Problem(BaseModel):
    """What is wrong (RFC 9457). `problems` names each thing with its place in the request; `code` is for machines."""

    type: str = Field("about:blank", max_length=100)
    title: str = Field(max_length=100)
    status: int = Field(ge=400, le=599)
    detail: str = Field(max_length=1000)
    code: str | None = Field(None, max_length=64)
    problems: list[Told] = Field(default_factory=list, max_length=MAX_PROBLEMS)


class Refused(Exception):
    """The request is answered with `status` and these problems."""

    def __init__(
        self, status: int, *problems: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems
        self.code = code
        self.headers = dict(headers or {})
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers.setdefault("WWW-Authenticate", "Bearer")


class ProblemAnswer(JSONResponse):
    """The answer for a request that is refused."""

    media_type = MEDIA_TYPE

    def __init__(self, refused: Refused) -> None:
        told = [problem[:300] for problem in refused.problems[:MAX_PROBLEMS]]
        title = HTTPStatus(refused.status).phrase
        body = Problem(
            title=title,
            status=refused.status,
            detail="; ".join(told)[:1000] or title,
            code=refused.code,
            problems=told,
        )
        super().__init__(body.model_dump(exclude_none=True), refused.status, refused.headers)


def problems_in(error: ValidationError | Any) -> list[str]:
    """Where and why, for every problem; never the value itself."""
    found = error.errors(include_input=False, include_url=False) if isinstance(error, ValidationError) else error
    return [f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}"[:300] for each in found][:MAX_PROBLEMS]


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def answer_problems(app: FastAPI) -> None:
    """Every error of this application has this one form."""

    async def refused(_: Request, error: Exception) -> ProblemAnswer:
        if not isinstance(error, Refused):
            raise error
        return ProblemAnswer(error)

    async def invalid(_: Request, error: Exception) -> ProblemAnswer:
        found = error.errors() if isinstance(error, RequestValidationError) else ()
        return ProblemAnswer(Refused(422, *problems_in(found)))

    async def http(_: Request, error: Exception) -> ProblemAnswer:
        if not isinstance(error, HTTPException):
            raise error
        return ProblemAnswer(Refused(error.status_code, str(error.detail), headers=error.headers))

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
