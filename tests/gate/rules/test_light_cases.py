"""A light case brings less along, where nothing says that it is heavier (D#135)."""

from typing import Any

import pytest

from schemas.body import Known, Phase
from schemas.handovers import Weight
from schemas.manifest import Category
from tests.gate.rules.families import GI, OTHER_TEAM, TEAM
from tests.gate.rules.play import H, Play, proposal, words


def light(play: Play, **more: Any) -> list[str]:
    """What a light proposal that brings only what it must lacks."""
    few: dict[str, Any] = {
        "safety_assessment": Known.NOT_ASKED,
        "story": Known.NOT_ASKED,
        "story_approval": None,
        "client_response": (),
        "tried": Known.NOT_ASKED,
        "lead_wish": None,
        "criteria": (),
        "end_date": None,
        "weight": Weight.LIGHT,
    }
    to = more.pop("to", OTHER_TEAM)
    sections = words(Category.ACCOUNT, Category.SAFETY, by="few")
    said = play.say(TEAM, proposal(H, play.case.persons, **(few | more)), to, sections=sections)
    return sorted({name for reason in said.reasons for name in reason.missing})


def test_a_light_case_between_teams_brings_the_first_row_and_the_childs_voice() -> None:
    """Few questions, and still why, what must be safe, who was told, and what the child says."""
    assert light(Play()) == []
    assert light(Play(), youth_voice=()) == ["YOUTH_VOICE:child"]
    assert light(Play(), conditions=()) == ["CONDITIONS"]
    assert "TOLD:mother" in light(Play(), told=())


@pytest.mark.parametrize(
    "heavier",
    [
        {"weight": Weight.MEDIUM},
        {"weight": Weight.HEAVY},
        {"phase": Phase.DIRECT_SAFETY},
        {"to": GI},
    ],
)
def test_what_is_called_light_and_is_not_brings_everything(heavier: dict[str, Any]) -> None:
    """The word of who sends does not make it so."""
    assert "STORY" in light(Play(), **heavier)


def test_a_case_with_a_report_or_a_measure_is_not_light() -> None:
    """Somebody saw a danger, or a court did."""
    reported = Play()
    reported.put(reported.head.model_copy(update={"vt_origin": True}))
    assert "SAFETY_ASSESSMENT" in light(reported)
    measured = Play()
    measured.order()
    assert "SAFETY_ASSESSMENT" in light(measured)
