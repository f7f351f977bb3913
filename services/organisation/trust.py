"""Whom this organisation trusts: the directory as it holds it, and every record that it ignored."""

from typing import Any

from fastapi import APIRouter, Depends

from services.organisation.access import Doors
from services.organisation.front import Front
from services.runtime.conflicts import warnings
from services.runtime.guard import routes_of
from services.runtime.tokens import Role


def trust_routes(front: Front, doors: Doors) -> APIRouter:
    """For everyone who works here: it holds no word about any case."""
    router = routes_of("look", 401, 403, 429)

    @router.get("/api/directory", dependencies=[Depends(doors.admits(frozenset(Role)))])
    async def directory() -> dict[str, Any]:
        """Who takes part, how to reach them, which keys count now; `warnings` tells of records that were ignored
        because someone tried to swap, undo or forge an entry. A privacy officer asks the operator about those."""
        held, now = front.directory(), front.clock.now()
        return {
            "revision": held.revision,
            "warnings": warnings(held.conflicts),
            "organisations": [
                {
                    "slug": each.slug,
                    "name": each.name,
                    "kind": each.kind,
                    "contact": each.contact.model_dump() if each.contact else None,
                    "complaint_route": each.complaint_route,
                    "successor": each.successor,
                    "version": each.version,
                    "keys": [key.kid for key in each.keys if key.in_use(now)],
                }
                for each in held.organisations.values()
            ],
        }

    return router
