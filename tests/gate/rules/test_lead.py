"""What comes with the lead is what the page says: nobody else may say it, and who leads may."""

from typing import Any

import pytest

from schemas.refusal import Refusal
from schemas.tables.lead import ALONE, OWED
from schemas.tables.messages import BODIES, BY_NAME, Shape
from schemas.tables.obligations import BY_CODE
from services.cli.documents.handover import document
from tests.gate.rules.families import GI, OTHER_TEAM, TEAM
from tests.gate.rules.play import Play
from tests.oversight.story import body


def says(message: str, leads: bool) -> set[Refusal]:
    play = Play(TEAM)
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, OTHER_TEAM.slug)}))
    to = GI if BY_NAME[message].shape is Shape.LETTER else None
    words = BODIES[message].model_validate(body(message, **MORE.get(message, {})))
    said = play.say(TEAM if leads else OTHER_TEAM, words, to)
    return {reason.code for reason in said.reasons}


PERSON = {"ref": "p1", "function": "social-worker", "registration": "SKJ", "competences": ["SAFETY"]}
MORE: dict[str, dict[str, Any]] = {
    "cases.lead_to_family": {"holder": "mother", "backup": PERSON, "review_on": "2026-12-01"},
    "handovers.proposed": {"sight": []},
}


@pytest.mark.parametrize("message", ALONE)
def test_only_who_leads_may_say_it(message: str) -> None:
    assert Refusal.NOT_REGIE_HOLDER in says(message, leads=False)
    assert Refusal.NOT_REGIE_HOLDER not in says(message, leads=True)


def test_the_page_of_the_handover_says_what_goes_over_with_it() -> None:
    """One answer to what regie is (D#12): every power and every duty."""
    page = document()
    assert all(what in page for what in (*ALONE, *ALONE.values(), *OWED))
    assert {"CASE_UPDATE"} <= set(OWED) <= set(BY_CODE)
