"""Who may ask the Raad for an investigation, and who sees the child until it begins."""

from typing import Any

import pytest

from schemas.investigations import InvestigationRegistered
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Refusal
from services.gate.rules.case import SightRecord
from tests.gate.rules.families import TEAM, VT, uid
from tests.gate.rules.play import DIRECTORY, Play, plan

RAAD = next(party for party in DIRECTORY.values() if party.kind is OrganisationKind.RAAD)
DESIGNATED = TEAM.model_copy(update={"designated_for_vto": True})


def asked(play: Play, by: Party, to: Party = RAAD, **more: Any) -> set[Refusal]:
    body = InvestigationRegistered(investigation=uid("vto"), **{"children": ("child",), "sight": (plan(),), **more})
    return {reason.code for reason in play.say(by, body, to).reasons}


@pytest.mark.parametrize(("by", "codes"), [(VT, set()), (DESIGNATED, set()), (TEAM, {Refusal.ROLE_NOT_ALLOWED})])
def test_a_local_team_asks_the_raad_only_when_the_municipality_designated_it(by: Party, codes: set[Refusal]) -> None:
    """Jeugdwet 3.1(1). Its directory entry says so, not its own word."""
    assert asked(Play(by), by) == codes


def test_only_the_raad_is_asked() -> None:
    assert asked(Play(VT), VT, TEAM) == {Refusal.ROLE_NOT_ALLOWED}


def test_without_anybody_who_sees_the_child_it_is_not_asked() -> None:
    """A plan in the request or an earlier one of who asks will do; that of another will not."""
    play = Play(VT)
    assert asked(play, VT, sight=()) == {Refusal.NO_INTERIM_OVERSIGHT}
    assert asked(play, VT) == set()
    assert [record.owner for record in play.case.of(SightRecord).values()] == [VT.slug]
    assert asked(play, VT, sight=()) == set()


def test_it_names_children_of_the_case() -> None:
    assert asked(Play(VT), VT, children=("somebody",)) == {Refusal.PERSON_UNKNOWN}
    assert asked(Play(VT), VT, sight=(plan("somebody"),)) == {Refusal.PERSON_UNKNOWN}
