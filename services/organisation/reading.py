"""The routes that show."""

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from schemas.base import Subject, Uuid
from schemas.parties import OrganisationKind
from services.organisation import views
from services.organisation.access import CONTENT, LOOK, WORK, Doors, Refused, errors
from services.organisation.worklist import worklist
from services.runtime.sql import reading
from services.runtime.tokens import Caller

if TYPE_CHECKING:
    from services.organisation.app import Edge

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
After = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,3}:[0-9]{1,15}(,[0-9]{1,3}:[0-9]{1,15})*$", max_length=4000)
]
Status = Literal["queued", "sent", "delivered", "refused", "blocked"]
Rows = list[dict[str, Any]]


def reading_routes(edge: "Edge", doors: Doors) -> APIRouter:
    """Every GET of the edge but /health."""
    router = APIRouter(tags=["look"], responses=errors(401, 403, 422))
    _of_messages(router, edge, doors)
    _of_cases(router, edge, doors)
    return router


def _of_messages(router: APIRouter, edge: "Edge", doors: Doors) -> None:
    look, open_ = Depends(doors.admits(LOOK)), doors.admits(CONTENT)

    @router.get("/api/messages/{message}", dependencies=[look], responses=errors(404))
    async def message(message: Uuid) -> dict[str, Any]:
        """A message this organisation sent, and what became of it."""
        async with reading(edge.engine) as connection:
            found = await views.message(connection, message)
        if found is None:
            raise Refused(404, "no such message was sent here")
        return found

    @router.get("/api/sent", dependencies=[look])
    async def sent(case: Subject | None = None, status: Status | None = None) -> Rows:
        """What was sent, newest first."""
        async with reading(edge.engine) as connection:
            return await views.sent(connection, case, status)

    @router.get("/api/inbox", dependencies=[look])
    async def inbox(
        after: Annotated[After | None, Query(description="last sequence seen of each partition, as 0:17,1:4")] = None,
    ) -> Rows:
        """What came in, by partition and sequence. A row with `missing` is a hole: that delivery never came."""
        seen = {int(p): int(s) for p, s in re.findall(r"(\d+):(\d+)", after or "")}
        async with reading(edge.engine) as connection:
            return await views.inbox(connection, edge.epoch, seen, edge.cluster.slots)

    @router.get("/api/inbox/{message}/content", responses=errors(404))
    async def content(message: Uuid, caller: Annotated[Caller, Depends(open_)]) -> dict[str, Any]:
        """Open a letter. The first opening is told to its sender."""
        found = await edge.letters.open(message, caller.professional)
        if found is None:
            raise Refused(404, "no such letter was received here")
        edge.publisher.wake()
        return found

    @router.get("/api/received", dependencies=[look])
    async def received(
        kind: OrganisationKind | None = None, since: date | None = None, until: date | None = None
    ) -> Rows:
        """What organisations of a kind delivered here from day `since` to day `until`, both included."""
        sources = frozenset(
            slug for slug, each in edge.known.directory.organisations.items() if kind in (None, each.kind)
        )
        begin, end = (_midnight(since), _midnight(until, 1))
        async with reading(edge.engine) as connection:
            return await views.received(connection, sources, begin, end)


def _of_cases(router: APIRouter, edge: "Edge", doors: Doors) -> None:
    look = Depends(doors.admits(LOOK))

    @router.get("/api/cases", dependencies=[look])
    async def cases() -> Rows:
        """The cases this organisation knows."""
        async with reading(edge.engine) as connection:
            return await views.cases(connection)

    @router.get("/api/cases/{case}", dependencies=[look], responses=errors(404))
    async def case(case: Subject) -> dict[str, Any]:
        """One case: who has regie, who sees each child, where each handover stands, and all that was said."""
        async with reading(edge.engine) as connection:
            found = await views.case(connection, case)
        if found is None:
            raise Refused(404, "no such case is known here")
        return found

    @router.get("/api/alerts", dependencies=[look])
    async def alerts(case: Subject | None = None, state: Literal["open", "resolved", "all"] = "open") -> Rows:
        """Alerts this organisation was told of, in their latest state."""
        async with reading(edge.engine) as connection:
            return await views.alerts(connection, case, state)

    @router.get("/api/worklist", dependencies=[Depends(doors.admits(WORK))])
    async def work() -> Rows:
        """What this organisation owes or should look at."""
        async with reading(edge.engine) as connection:
            return await worklist(connection, edge.slug, edge.clock.now())


def _midnight(day: date | None, later: int = 0) -> datetime | None:
    """The first moment of a day, `later` days on, as the Netherlands count it."""
    if day is None:
        return None
    shifted = date.fromordinal(min(day.toordinal() + later, date.max.toordinal()))
    return datetime.combine(shifted, time.min, AMSTERDAM).astimezone(UTC) if shifted.year > 1 else None
