"""How the body of a request is read before anything else is made of it."""

from fastapi import Request

from schemas.event import MalformedMessage, strict_json
from services.runtime.problems import Refused


async def only_one_meaning(request: Request) -> None:
    """For routes that take a body: JSON that no other reader would understand otherwise. Raises Refused."""
    try:
        strict_json(await request.body())
    except MalformedMessage as error:
        raise Refused(422, *error.problems) from None
