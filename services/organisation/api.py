"""The HTTP interface of an edge, described by /openapi.json."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from schemas.parties import OrganisationKind
from services.organisation.access import Doors
from services.organisation.front import Front
from services.organisation.privacy import privacy_routes
from services.organisation.reading import reading_routes
from services.organisation.sending import MAX_REQUEST, Accepted, described, sending_routes
from services.organisation.trust import trust_routes
from services.runtime.api_page import add_page
from services.runtime.guard import ANSWERS, guard, take
from services.runtime.health import add_pages
from services.runtime.problems import Refused
from services.runtime.rates import Rate
from services.runtime.telemetry import Traced

ADDRESS_PER_SECOND, ADDRESS_BURST = 200, 2000
"""How often one network address may ask: a case system, or the proxy that a whole organisation comes through."""


def build(front: Front) -> FastAPI:
    """The application of one edge. Nothing is read or opened before the first request."""
    app = FastAPI(title=front.profile.title, version="1", docs_url=None, redoc_url=None, responses=ANSWERS)
    doors = Doors(front.callers, front.slug)

    def ready() -> None:
        if front.directory().find(front.slug) is None:
            raise Refused(503, "starting: the directory was never read here yet")
        if not front.can_sign():
            raise Refused(503, "no key to sign with that the directory accepts now: the administrator makes a new one")

    guard(app, MAX_REQUEST, Rate(ADDRESS_PER_SECOND, ADDRESS_BURST))
    take(app, sending_routes(front.profile.kind, front.desk, doors, ready))
    take(app, reading_routes(front, doors))
    take(app, trust_routes(front, doors))
    take(app, privacy_routes(front, doors))

    @app.get("/health", tags=["operate"], responses={503: {"description": "not ready; `reason` says why"}})
    async def health() -> JSONResponse:
        """Ready, and the lowest barrier that this edge has passed on every partition."""
        answer = await front.health()
        return JSONResponse(answer, 200 if answer["ready"] else 503)

    add_pages(app, front.health, front.metrics, front.barrier)
    add_page(app)
    app.add_middleware(Traced)
    _describe(app, front.profile.kind)
    return app


def _describe(app: FastAPI, kind: OrganisationKind) -> None:
    """Bodies are read by the routes themselves, strictly; here their schemas are added to the description."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        description = plain()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        if Accepted.__name__ not in schemas:
            schemas.update(described(kind))
        return description

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to add to the description
