"""Standstill: whoever sees it says so, somebody gets it moving, and it is looked at afterwards."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.parties import Party
from schemas.refusal import Refusal
from schemas.stagnations import (
    ConsultRequested,
    JointConsultHeld,
    StagnationActioned,
    StagnationKind,
    StagnationRaised,
    StagnationResolved,
)
from services.gate.rules.case import Judgement
from services.gate.rules.help_records import ConsultRecord, StagnationRecord
from tests.gate.rules.families import CLINIC, OTHER_TEAM, uid
from tests.gate.rules.play import TEAM, VT, Play


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def played() -> Play:
    """A case the team leads, in which Veilig Thuis and a clinic have a part."""
    play = Play(TEAM)
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, VT.slug, CLINIC.slug)}))
    return play


def raised(play: Play, who: Party = CLINIC, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "stagnation": uid("s"),
        "kind": StagnationKind.NO_PROGRESS,
        "owner": TEAM.slug,
        "action": "mapping-session",
        "act_before": play.today + timedelta(days=7),
        "evaluate_on": play.today + timedelta(days=30),
    }
    return play.say(who, StagnationRaised(**(given | more)))


@pytest.mark.parametrize("kind", StagnationKind)
def test_any_helper_raises_any_of_the_four(kind: StagnationKind) -> None:
    """Not only who leads (D#64, D#66)."""
    play = played()
    assert not raised(play, kind=kind).reasons
    assert play.case.of(StagnationRecord)[uid("s")].owner == TEAM.slug
    assert codes(raised(play)) == {Refusal.WRONG_STATE}


def test_it_gets_an_owner_who_is_in_the_case_and_a_day_to_come() -> None:
    play = played()
    assert codes(raised(play, owner=OTHER_TEAM.slug)) == {Refusal.UNKNOWN_REFERENCE}
    assert codes(raised(play, act_before=play.today - timedelta(days=1))) == {Refusal.DATE_NOT_ALLOWED}
    with pytest.raises(ValueError, match="evaluated after"):
        raised(play, evaluate_on=play.today)


def test_the_owner_acts_and_only_then_it_is_resolved() -> None:
    """It must happen, and be evaluated (D#65)."""
    play = played()
    raised(play)
    acted = StagnationActioned(stagnation=uid("s"), action="mapping-session")
    over = StagnationResolved(stagnation=uid("s"), result="MOVING_AGAIN", with_family=("mother",))
    assert codes(play.say(CLINIC, acted)) == {Refusal.UNKNOWN_REFERENCE}
    assert codes(play.say(TEAM, over)) == {Refusal.WRONG_STATE}
    assert not play.say(TEAM, acted).reasons
    assert codes(play.say(VT, over)) == {Refusal.UNKNOWN_REFERENCE}
    assert not play.say(TEAM, over).reasons
    assert codes(play.say(TEAM, over)) == {Refusal.WRONG_STATE}
    assert codes(play.say(TEAM, acted)) == {Refusal.WRONG_STATE}


def test_a_false_alarm_needs_no_action() -> None:
    play = played()
    raised(play)
    assert not play.say(TEAM, StagnationResolved(stagnation=uid("s"), result="NO_STANDSTILL")).reasons


def held(play: Play, who: Party = VT, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "consult": uid("c"),
        "topic": "STAGNATION",
        "held_on": play.today,
        "took_part": (TEAM.slug, VT.slug),
        "adviser": "REGIONAL_SAFETY_TEAM",
        "decision": "letter-to-family",
    }
    return play.say(who, JointConsultHeld(**(given | more)))


def test_a_consult_is_asked_of_parties_and_said_by_one_who_took_part() -> None:
    """Apart from any handover; who was invited and did not come is written down (D#180)."""
    play = played()
    raised(play)
    asked = ConsultRequested(
        consult=uid("c"), topic="STAGNATION", invited=(VT.slug,), before=play.today, stagnation=uid("s")
    )
    strange = asked.model_copy(update={"invited": (OTHER_TEAM.slug,), "stagnation": uid("other")})
    assert [reason.missing for reason in play.say(TEAM, strange).reasons] == [("invited",), ("stagnation",)]
    assert not play.say(TEAM, asked).reasons
    assert codes(held(play, CLINIC)) == {Refusal.ROLE_NOT_ALLOWED}
    assert codes(held(play, held_on=play.today + timedelta(days=1))) == {Refusal.DATE_NOT_ALLOWED}
    assert not held(play, absent=(CLINIC.slug,)).reasons
    assert play.case.of(ConsultRecord)[uid("c")].held_on == play.today
    assert codes(held(play)) == {Refusal.WRONG_STATE}


def test_a_consult_nobody_asked_for_in_writing_counts_as_well() -> None:
    assert not held(played()).reasons
