"""The HTTP interface of an edge, described by /openapi.json."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from schemas.parties import OrganisationKind
from services.organisation.access import Doors, Refused, install
from services.organisation.reading import reading_routes
from services.organisation.sending import Accepted, described, sending_routes
from services.runtime.health import add_pages
from services.runtime.telemetry import Traced

if TYPE_CHECKING:
    from services.organisation.app import Edge


def build(edge: "Edge") -> FastAPI:
    """The application of one edge. Nothing is read or opened before the first request."""
    app = FastAPI(title=edge.profile.title, version="1", docs_url=None, redoc_url=None)
    doors = Doors(edge.verifier, edge.slug)

    def ready() -> None:
        if edge.known.directory.find(edge.slug) is None:
            raise Refused(503, "starting: the directory was never read here yet")

    install(app)
    app.include_router(sending_routes(edge.profile.kind, edge.desk, doors, ready))
    app.include_router(reading_routes(edge, doors))

    @app.get("/health", tags=["operate"], responses={503: {"description": "not ready; `reason` says why"}})
    async def health() -> JSONResponse:
        """Ready, and the lowest barrier that this edge has passed on every partition."""
        answer = await edge.health()
        return JSONResponse(answer, 200 if answer["ready"] else 503)

    add_pages(app, edge.health, edge.metrics())
    app.add_middleware(Traced)
    _describe(app, edge.profile.kind)
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
