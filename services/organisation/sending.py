"""The routes that send: one for each message this kind of organisation may say, typed by its own body."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ValidationError

from schemas.base import Slug, Subject, Uuid
from schemas.event import MAX_OUTBOX
from schemas.parties import OrganisationKind, Professional
from schemas.service import AlertAcknowledged
from schemas.tables.messages import ROWS, MessageRow
from services.organisation.access import CONTENT, OWED, Doors, Roles
from services.organisation.composing import Unsendable
from services.organisation.desk import Answer, Desk
from services.organisation.orders import Order, order_model
from services.organisation.strictly import only_one_meaning
from services.runtime.guard import routes_of
from services.runtime.problems import Problem, Refused, problems_in
from services.runtime.problems import described as errors
from services.runtime.tokens import Caller

MAX_REQUEST = MAX_OUTBOX + 64 * 1024
"""Bytes of a request; what is larger cannot become a message."""


class Queued(BaseModel):
    """A message that will be published. What became of it: GET /api/messages/{id}."""

    id: Uuid
    to: list[Slug]
    subject: Subject
    status: Literal["queued"]


class Accepted(BaseModel):
    """One message for a statement, one for each recipient of a letter."""

    messages: list[Queued]


def may_send(row: MessageRow) -> Roles:
    """A coordinator takes up alerts, and decides nothing in a case."""
    return OWED if row.body is AlertAcknowledged else CONTENT


def sendable(kind: OrganisationKind) -> tuple[MessageRow, ...]:
    """What a professional of such an organisation may be able to say."""
    return tuple(row for row in ROWS if kind in row.senders and row.by_hand)


def sending_routes(kind: OrganisationKind, desk: Desk, doors: Doors, ready: Any) -> APIRouter:
    """`ready` is a dependency that turns the caller away while nothing can be sent."""
    router = routes_of("send")
    for row in sendable(kind):
        _add(router, row, order_model(row), desk, doors, ready)
    return router


def _add(router: APIRouter, row: MessageRow, model: type[Order], desk: Desk, doors: Doors, ready: Any) -> None:
    async def send(
        request: Request,
        caller: Annotated[Caller, Depends(doors.admits(may_send(row)))],
        second: Annotated[Professional | None, Depends(doors.second)],
        idempotency_key: Annotated[
            str | None,
            Header(pattern=r"^[!-~]{1,64}$", description="the same key has one effect and one answer"),
        ] = None,
    ) -> Answer:
        order = await _order(request, model)
        try:
            return await desk.take(row, order, caller.professional, second, idempotency_key)
        except Unsendable as error:
            raise Refused(413 if error.too_large else 422, *error.problems) from None

    router.add_api_route(
        f"/api/messages/{row.name}",
        send,
        methods=["POST"],
        status_code=202,
        name=row.name,
        operation_id=row.name,
        description=row.body.__doc__,
        response_model=None,
        responses={202: _accepted(), **errors(400, 401, 403, 408, 413, 415, 422, 429, 503)},
        dependencies=[Depends(ready)],
        openapi_extra={"requestBody": _described(model)},
    )


def _accepted() -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Accepted.__name__}"}
    return {"description": "queued", "content": {"application/json": {"schema": schema}}}


def _described(model: type[Order]) -> dict[str, Any]:
    return {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}},
    }


async def _order(request: Request, model: type[Order]) -> Order:
    """Strictly: JSON of one meaning, exact types, no unknown field; every problem at once."""
    await only_one_meaning(request)
    try:
        return model.model_validate_json(await request.body(), strict=True)
    except ValidationError as error:
        raise Refused(422, *problems_in(error)) from None


def described(kind: OrganisationKind) -> dict[str, Any]:
    """The JSON Schemas that the routes name, for the components of the description."""
    found: dict[str, Any] = {}
    models: tuple[type[BaseModel], ...] = (Problem, Accepted, *(order_model(row) for row in sendable(kind)))
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found
