"""Every block of a proposal, on every route: what is refused for want of it, and what an honest gap may stand for."""

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.body import Known
from schemas.handovers import ClientResponse, YouthVoice
from schemas.manifest import Category
from schemas.parties import Party
from schemas.refusal import Refusal
from schemas.tables.blocks import BLOCKS, Block, BlockRow, Need, Route
from tests.gate.rules.families import OTHER_TEAM
from tests.gate.rules.play import EVERYTHING, GI, TEAM, VT, H, Play, proposal, words

ROUTES: Mapping[Route, tuple[Party, Party]] = {
    Route.FROM_VEILIG_THUIS: (VT, TEAM),
    Route.TEAM_TO_INSTITUTION: (TEAM, GI),
    Route.BACK_OR_MOVED: (TEAM, OTHER_TEAM),
}
ABSENT: Mapping[Block, dict[str, Any]] = {
    Block.CONDITIONS: {"conditions": ()},
    Block.TOLD: {"told": ()},
    Block.SAFETY_ASSESSMENT: {"safety_assessment": Known.NOT_KNOWN},
    Block.STORY: {"story": Known.NOT_ASKED},
    Block.STORY_APPROVAL: {"story_approval": None},
    Block.YOUTH_VOICE: {"youth_voice": ()},
    Block.CLIENT_RESPONSE: {"client_response": ()},
    Block.TRIED: {"tried": Known.NOT_KNOWN},
    Block.LEAD_WISH: {"lead_wish": None},
    Block.CRITERIA: {"criteria": ()},
    Block.END_DATE: {"end_date": None},
}
"""The coded part left out. A proposal without a reason does not exist; its words may lack."""
SPOKEN: dict[str, Any] = {
    "youth_voice": (YouthVoice(child="child", given=True),),
    "client_response": (ClientResponse(person="mother", state=Known.GIVEN),),
}


def lacking(route: Route, without: Category | None = None, **changed: Any) -> list[str | None]:
    """On which sources such a proposal is refused."""
    sender, receiver = ROUTES[route]
    play = Play(sender)
    carried = words(*(category for category in EVERYTHING if category is not without), by=sender.slug)
    found = play.say(sender, proposal(H, play.case.family, **changed), receiver, sections=carried).reasons
    return [reason.law for reason in found if reason.code is Refusal.REQUIRED_SECTION_MISSING]


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("row", [row for row in BLOCKS if row.block in ABSENT], ids=lambda row: row.block)
def test_what_must_be_known_is_asked_and_what_is_welcome_is_not(row: BlockRow, route: Route) -> None:
    """The cell of the matrix says which."""
    assert (row.source in lacking(route, **ABSENT[row.block])) is (row.need(route) is Need.M)


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("row", [row for row in BLOCKS if row.category is not None], ids=lambda row: row.block)
def test_what_is_said_to_be_given_travels_along(row: BlockRow, route: Route) -> None:
    """Also where it need not be given at all."""
    assert row.source in lacking(route, row.category, **SPOKEN)
