"""The routes of the privacy officer: dossiers to erase, what must not be erased, and what was."""

import uuid
from datetime import date
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import Field

from schemas.base import Frozen, Instant, Subject, Uuid
from schemas.parties import Professional
from services.organisation import retention
from services.organisation import tables as t
from services.organisation.access import Doors
from services.organisation.erasure import RECORDED, Asked, Erasure, Hold
from services.organisation.front import Front
from services.organisation.strictly import only_one_meaning
from services.runtime.guard import routes_of
from services.runtime.problems import Refused, described
from services.runtime.sql import reading
from services.runtime.tokens import Caller, Role

OFFICER = frozenset({Role.PRIVACY_OFFICER})


class NewHold(Frozen):
    """A reason not to erase a dossier; `until` is the last day on which it holds."""

    reason: Hold
    until: date | None = None


class Placed(NewHold):
    """A hold that stands, or stood."""

    id: Uuid
    subject: Subject
    placed_at: Instant
    placed_by: str
    lifted_at: Instant | None = None
    lifted_by: str | None = None


class Over(Frozen):
    """A closed case that need not be kept any more."""

    case: Subject
    kept_until: date


class Erasures(Frozen):
    """What was asked and what became of it, the oldest first."""

    erasures: list[Erasure] = Field(max_length=100_000)
    holds: list[Placed] = Field(max_length=100_000)


def privacy_routes(front: Front, doors: Doors) -> APIRouter:
    """Two persons erase: a privacy officer, and a professional who knows the family."""
    router = routes_of("privacy", 401, 403, 422, 429)
    officer = doors.admits(OFFICER)
    _of_erasures(router, front, officer, doors)
    _of_holds(router, front, officer)
    return router


def _of_erasures(router: APIRouter, front: Front, officer: Any, doors: Doors) -> None:
    @router.post(
        "/api/cases/{case}/erasures",
        response_model=Erasure,
        responses={409: {"model": Erasure}, **described(404)},
        dependencies=[Depends(only_one_meaning)],
    )
    async def erase(
        case: Subject,
        asked: Asked,
        caller: Annotated[Caller, Depends(officer)],
        second: Annotated[Professional | None, Depends(doors.second)],
    ) -> JSONResponse:
        """Erase a dossier for good, or say why it must stay (409). Header Second-Person: a professional."""
        if second is None:
            raise Refused(422, "Second-Person: a dossier is erased by two persons")
        if asked.requested_on > front.clock.now().date():
            raise Refused(422, "requested_on: lies ahead")
        found = await front.eraser.erase(case, asked, caller.ref, second.ref, front.clock.now())
        if found is None:
            raise Refused(404, "no such dossier is held here")
        return JSONResponse(found.model_dump(mode="json"), 200 if found.outcome == "ERASED" else 409)

    @router.get("/api/erasures", dependencies=[Depends(officer)])
    async def erasures() -> Erasures:
        """Every request to erase, with what became of it, and every hold."""
        async with reading(front.engine) as connection:
            done = (await connection.execute(sa.select(t.erasures).order_by(t.erasures.c.at))).mappings().all()
            held = (await connection.execute(sa.select(t.holds).order_by(t.holds.c.placed_at))).mappings().all()
        return Erasures(erasures=[Erasure(**row) for row in done], holds=[Placed(**row) for row in held])

    @router.get("/api/retention", dependencies=[Depends(officer)])
    async def kept_long_enough() -> list[Over]:
        """Closed cases whose term is over: they may be erased, with ground TERM_OVER."""
        async with reading(front.engine) as connection:
            found = await retention.over(connection, front.profile.kind, front.clock.now())
        return [Over(case=case, kept_until=day) for case, day in sorted(found.items())]


def _of_holds(router: APIRouter, front: Front, officer: Any) -> None:
    @router.post("/api/cases/{case}/holds", status_code=201, dependencies=[Depends(only_one_meaning)])
    async def hold(case: Subject, wanted: NewHold, caller: Annotated[Caller, Depends(officer)]) -> Placed:
        """A dossier must not be erased, whoever asks, until this is lifted or its last day has passed."""
        if wanted.reason not in RECORDED:
            raise Refused(422, "reason: follows from what is going on, and is not recorded")
        placed = Placed(
            id=str(uuid.uuid4()), subject=case, placed_at=front.clock.now(), placed_by=caller.ref, **dict(wanted)
        )
        async with front.engine.begin() as connection:
            await connection.execute(sa.insert(t.holds).values(**dict(placed)))
        return placed

    @router.delete("/api/holds/{hold}", responses=described(404))
    async def lift(hold: Uuid, caller: Annotated[Caller, Depends(officer)]) -> Placed:
        """It holds no longer."""
        h = t.holds.c
        told = {"lifted_at": front.clock.now(), "lifted_by": caller.ref}
        async with front.engine.begin() as connection:
            change = sa.update(t.holds).where(h.id == hold, h.lifted_at.is_(None)).values(**told).returning(t.holds)
            row = (await connection.execute(change)).mappings().first()
        if row is None:
            raise Refused(404, "no such hold stands here")
        return Placed(**row)
