"""The routes that show."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from schemas.base import Slug, Subject, Uuid
from schemas.days import dutch_day, midnight
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from services.organisation import views
from services.organisation.access import ALERTS, CONTENT, OWED, OWN_WORDS, TRAIL, Doors
from services.organisation.agreed import agreed_in
from services.organisation.cautions import cautions, for_family
from services.organisation.front import Front
from services.organisation.withheld import withheld_of
from services.organisation.worklist import worklist
from services.runtime.guard import routes_of
from services.runtime.problems import Refused, described
from services.runtime.sql import reading
from services.runtime.tokens import Caller, Role

After = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,3}:[0-9]{1,15}(,[0-9]{1,3}:[0-9]{1,15})*$", max_length=4000)
]
Status = Literal["queued", "sent", "delivered", "refused", "blocked"]
Rows = list[dict[str, Any]]


def reading_routes(front: Front, doors: Doors) -> APIRouter:
    """Every GET of the edge but /health."""
    router = routes_of("look", 401, 403, 422, 429, 503)
    for add in (_sent, _inbox, _letters, _cases, _held_back, _owed):
        add(router, front, doors)
    return router


def _sent(router: APIRouter, front: Front, doors: Doors) -> None:
    @router.get(
        "/api/messages/{message}", dependencies=[Depends(doors.admits(OWN_WORDS))], responses=described(404, 405)
    )
    async def message(message: Uuid) -> dict[str, Any]:
        """A message this organisation sent, and what became of it."""
        async with reading(front.engine) as connection:
            found = await views.message(connection, message)
        if found is None:
            raise Refused(404, "no such message was sent here")
        return found

    @router.get("/api/sent", dependencies=[Depends(doors.admits(TRAIL))])
    async def sent(case: Subject | None = None, status: Status | None = None) -> Rows:
        """What was sent, newest first."""
        async with reading(front.engine) as connection:
            return await views.sent(connection, case, status)


def _inbox(router: APIRouter, front: Front, doors: Doors) -> None:
    look = Depends(doors.admits(TRAIL))

    @router.get("/api/inbox", dependencies=[look])
    async def inbox(
        after: Annotated[After | None, Query(description="last sequence seen of each partition, as 0:17,1:4")] = None,
    ) -> Rows:
        """What came in, by partition and sequence. A row with `missing` is a hole: that delivery never came."""
        seen = {int(p): int(s) for p, s in re.findall(r"(\d+):(\d+)", after or "")}
        async with reading(front.engine) as connection:
            return await views.inbox(connection, front.epoch, seen, front.slots)

    @router.get("/api/received", dependencies=[look])
    async def received(
        kind: OrganisationKind | None = None, since: date | None = None, until: date | None = None
    ) -> Rows:
        """What organisations of a kind delivered here from day `since` to day `until`, both included."""
        known = front.directory().organisations.items()
        sources = frozenset(slug for slug, each in known if kind in (None, each.kind))
        async with reading(front.engine) as connection:
            return await views.received(connection, sources, midnight(since), midnight(until, 1))


def _letters(router: APIRouter, front: Front, doors: Doors) -> None:
    @router.get("/api/inbox/{message}/content", responses=described(404))
    async def content(message: Uuid, caller: Annotated[Caller, Depends(doors.admits(CONTENT))]) -> dict[str, Any]:
        """Open a letter. The first opening is told to its sender."""
        found = await front.letters.open(message, caller.professional)
        if found is None:
            raise Refused(404, "no such letter was received here")
        front.wake()
        async with reading(front.engine) as connection:
            return {**found, "caution": (await cautions(connection, {found["case"]})).get(found["case"])}


def _cases(router: APIRouter, front: Front, doors: Doors) -> None:
    look = Depends(doors.admits(TRAIL))

    @router.get("/api/cases", dependencies=[look])
    async def cases() -> Rows:
        """The cases this organisation knows."""
        async with reading(front.engine) as connection:
            return await views.cases(connection)

    def kind_of(slug: Slug) -> OrganisationKind | None:
        organisation = front.directory().find(slug)
        return organisation.kind if organisation else None

    @router.get("/api/cases/{case}", dependencies=[look], responses=described(404))
    async def case(case: Subject, shown_to: Literal["professional", "family"] = "professional") -> dict[str, Any]:
        """One case: who has regie, who sees each child, where each handover stands, what the chain agreed, and all that
        was said. For the family: where an address is secret, with kinds in the place of organisations.
        """
        today = dutch_day(front.clock.now())
        async with reading(front.engine) as connection:
            found = await views.case(connection, case, today)
        if found is None:
            raise Refused(404, "no such case is known here")
        found["agreed"] = agreed_in(front.directory(), found["regie"], today)
        return for_family(found, front.slug, kind_of) if shown_to == "family" else found


def _held_back(router: APIRouter, front: Front, doors: Doors) -> None:
    @router.get("/api/cases/{case}/persons/{person}/withheld", dependencies=[Depends(doors.admits(TRAIL))])
    async def held_back(case: Subject, person: PersonRef) -> Rows:
        """Items held back from a person who asked who saw what: by which article, and when it is looked at again."""
        async with reading(front.engine) as connection:
            return await withheld_of(connection, case, person)


def _owed(router: APIRouter, front: Front, doors: Doors) -> None:
    @router.get("/api/alerts")
    async def alerts(
        who: Annotated[Caller, Depends(doors.admits(ALERTS))],
        case: Subject | None = None,
        state: Literal["open", "resolved", "all"] = "open",
    ) -> Rows:
        """Alerts this organisation was told of, in their latest state; some only for a privacy officer."""
        async with reading(front.engine) as connection:
            return await views.alerts(connection, case, state, officer=who.role is Role.PRIVACY_OFFICER)

    @router.get("/api/worklist", dependencies=[Depends(doors.admits(OWED))])
    async def work() -> Rows:
        """What this organisation owes or should look at."""
        async with reading(front.engine) as connection:
            return await worklist(connection, front.slug, front.clock.now())
