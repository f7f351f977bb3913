"""Two invented chains, each with a desk that says what was agreed in it."""

from typing import Any

from schemas.agreements import Agreements
from schemas.parties import OrganisationKind, Party
from tests.gate.rules.families import GI, OTHER_TEAM, RAAD, RVT, TEAM, VT
from tests.gate.rules.play import DIRECTORY

NORTH, SOUTH = "coordinatie-noord", "coordinatie-zuid"


def agreed(since: str = "2026-01-01", /, document: str = "noord", **said: Any) -> Agreements:
    """Agreements from a day on."""
    return Agreements.model_validate({"since": since, "document": document, **said})


def chain(*north: Agreements, south: tuple[Agreements, ...] = ()) -> dict[str, Party]:
    """Everyone is of the north but the other team, which is of the south."""
    desks = {
        slug: Party(slug=slug, kind=OrganisationKind.COORDINATION, agreements=agreements)
        for slug, agreements in ((NORTH, north), (SOUTH, south))
    }
    of_north = {p.slug: p.model_copy(update={"coordination": NORTH}) for p in (TEAM, VT, GI, RAAD, RVT)}
    other = OTHER_TEAM.model_copy(update={"coordination": SOUTH})
    return {**DIRECTORY, **of_north, other.slug: other, **desks}
