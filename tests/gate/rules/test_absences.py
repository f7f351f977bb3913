"""Who is away and who stands in; and what nobody decides over the head of who leads."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.absences import AbsenceEnded, AbsencePlanned, AbsenceStarted, Agreement
from schemas.cases import CaseClosed, Closing, LeadToFamily
from schemas.handovers import HandoverKind, StoryAcknowledged
from schemas.manifest import Purpose
from schemas.parties import Competence, Party, Professional
from schemas.refusal import Flag, Mend, Refusal
from schemas.stagnations import AgreementStand, JointConsultHeld
from services.gate.rules.case import Judgement
from services.gate.rules.help_records import AbsenceRecord
from tests.gate.rules.families import RAAD, uid
from tests.gate.rules.play import GI, TEAM, VT, H, Play, proposal, worker_of
from tests.gate.rules.requests import request, words

LEAD, STAND_IN = worker_of(TEAM.slug, 1), worker_of(TEAM.slug, 7)
MANAGER = Professional(ref="manager", function="TEAM_MANAGER", competences=(Competence.MANAGEMENT,))
GRANDMOTHER_FIRST = Agreement(id="call-grandmother", kind="FIRST_CALL")


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def go_away(play: Play, who: Party = TEAM, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "absence": uid("away"),
        "professional": LEAD.ref,
        "since": play.today,
        "until": play.today + timedelta(days=14),
        "stand_in": STAND_IN,
        "agreements": (GRANDMOTHER_FIRST,),
    }
    return play.say(who, AbsencePlanned(**(given | more)))


def fall_ill(play: Play, by: Professional = MANAGER, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "absence": uid("away"),
        "professional": LEAD.ref,
        "since": play.today,
        "reason": "ILLNESS",
    }
    return play.say(TEAM, AbsenceStarted(**(given | more)), by=by)


def ask_raad(play: Play, by: Professional, second: Professional | None = None, *, acute: bool = False) -> Judgement:
    team = TEAM.model_copy(update={"designated_for_vto": True})
    body = request(uid(f"vto-{len(play.accepted)}"), acute_danger=acute)
    more = {"second": second} if second else {}
    return play.say(team, body, RAAD, by=by, sections=words(), purpose=Purpose.INVESTIGATION, **more)


def test_a_planned_absence_names_who_stands_in() -> None:
    """There is time to find somebody; the law asks it of an institution (Besluit Jeugdwet 4.2.2(2)a)."""
    found = go_away(Play(TEAM), stand_in=None)
    assert codes(found) == {Refusal.NO_NAMED_PROFESSIONAL}
    assert found.reasons[0].missing == ("stand_in",)
    assert found.reasons[0].mend == (Mend.NAME_PROFESSIONAL,)
    assert codes(go_away(Play(TEAM), stand_in=LEAD)) == {Refusal.NO_NAMED_PROFESSIONAL}
    assert not go_away(Play(TEAM)).reasons


def test_only_somebody_who_carries_the_case_can_be_away_from_it() -> None:
    """The lead, the worker of a measure, the named professional of a handover or a support: of the sender itself."""
    assert codes(go_away(Play(TEAM), professional="stranger")) == {Refusal.UNKNOWN_REFERENCE}
    play = Play(VT).accepted_by(VT, TEAM)
    assert not go_away(play).reasons
    assert codes(go_away(play, VT, absence=uid("other"))) == {Refusal.UNKNOWN_REFERENCE}


def test_a_stand_in_may_carry_the_case() -> None:
    """Where Veilig Thuis handed over: registered and trained in safety."""
    play = Play(VT).completed(VT, TEAM)
    assert codes(go_away(play, stand_in=Professional(ref="x", function="WORKER"))) == {Refusal.COMPETENCE_MISSING}


def test_an_unplanned_absence_is_said_by_whoever_coordinates_the_team() -> None:
    """And may begin without a stand-in; the same message again names one."""
    play = Play(TEAM)
    assert codes(fall_ill(play, by=worker_of(TEAM.slug, 2))) == {Refusal.COMPETENCE_MISSING}
    assert not fall_ill(play).reasons
    assert play.case.of(AbsenceRecord)[uid("away")].stand_in is None
    assert not fall_ill(play, by=worker_of(TEAM.slug, 2), stand_in=STAND_IN).reasons
    assert play.case.of(AbsenceRecord)[uid("away")].stand_in == STAND_IN


def test_who_leaves_gives_no_day_of_return() -> None:
    with pytest.raises(ValueError, match="does not come back"):
        fall_ill(Play(TEAM), reason="LEAVING", until=Play(TEAM).today)


def test_a_key_decision_without_a_named_stand_in_is_refused() -> None:
    """The reason names what is missing and how to mend it (D#82)."""
    play = Play(TEAM)
    fall_ill(play)
    found = ask_raad(play, by=worker_of(TEAM.slug, 2))
    assert (codes(found), found.reasons[0].missing) == ({Refusal.NO_NAMED_PROFESSIONAL}, ("stand_in",))
    assert found.reasons[0].mend == (Mend.NAME_PROFESSIONAL,)
    closing = play.say(TEAM, CaseClosed(closing=Closing.END_BY_LAW), by=worker_of(TEAM.slug, 2))
    assert codes(closing) == {Refusal.NO_NAMED_PROFESSIONAL}
    letting_go = LeadToFamily(holder="mother", backup=STAND_IN, review_on=play.today + timedelta(days=90))
    assert codes(play.say(TEAM, letting_go, by=worker_of(TEAM.slug, 2))) == {Refusal.NO_NAMED_PROFESSIONAL}


def test_the_stand_in_signs_what_is_decided_in_an_absence() -> None:
    """As first or as second person; it is seen either way."""
    play = Play(TEAM)
    go_away(play)
    colleague = worker_of(TEAM.slug, 2)
    assert codes(ask_raad(play, by=colleague)) == {Refusal.NO_NAMED_PROFESSIONAL}
    signed = ask_raad(play, by=colleague, second=STAND_IN)
    assert not signed.reasons
    assert Flag.DECIDED_DURING_ABSENCE in signed.effects.flags


def test_in_acute_danger_nobody_waits_for_the_stand_in() -> None:
    """A second professional looks at it within a day, and it is seen all the same."""
    play = Play(TEAM)
    fall_ill(play)
    asked = ask_raad(play, by=worker_of(TEAM.slug, 2), acute=True)
    assert not asked.reasons
    assert Flag.DECIDED_DURING_ABSENCE in asked.effects.flags


def test_who_leads_decides_from_away_as_always() -> None:
    play = Play(TEAM)
    go_away(play)
    assert Flag.DECIDED_DURING_ABSENCE not in ask_raad(play, by=LEAD).effects.flags


def test_an_agreement_nobody_spoke_about_is_overridden_until_a_consult_says_that_it_is_kept() -> None:
    """The young parents and the five officers (JB Noord 2016 §3.3)."""
    for stand, seen in (
        (None, True), (AgreementStand.OVERRIDDEN, True), (AgreementStand.KEPT, False),
        (AgreementStand.CHANGED_WITH_FAMILY, False),
    ):  # fmt: skip
        play = Play(TEAM)
        go_away(play)
        if stand is not None:
            held = JointConsultHeld(
                consult=uid("c"),
                topic="KEY_DECISION",
                held_on=play.today,
                took_part=(TEAM.slug,),
                adviser="BEHAVIOURAL_SCIENTIST",
                decision="ask-raad",
                absent_lead="TRIED",
                agreements=((GRANDMOTHER_FIRST.id, stand),),
            )
            assert not play.say(TEAM, held).reasons
        flags = ask_raad(play, by=STAND_IN).effects.flags
        assert (Flag.AGREEMENT_OVERRIDDEN in flags) is seen


def test_before_and_after_the_absence_nothing_is_asked() -> None:
    """A planned one counts from its first day to its last, an ended one no more."""
    play = Play(TEAM)
    go_away(play, since=play.today + timedelta(days=3))
    colleague = worker_of(TEAM.slug, 2)
    assert not ask_raad(play, by=colleague).effects.flags
    play.later(days=20)
    assert not ask_raad(play, by=colleague).effects.flags
    back = Play(TEAM)
    fall_ill(back)
    assert not back.say(TEAM, AbsenceEnded(absence=uid("away"))).reasons
    assert not ask_raad(back, by=colleague).effects.flags
    assert codes(back.say(TEAM, AbsenceEnded(absence=uid("away")))) == {Refusal.WRONG_STATE}
    assert codes(fall_ill(back)) == {Refusal.WRONG_STATE}


def test_a_return_after_a_measure_is_a_key_decision_too() -> None:
    play = Play(GI)
    play.order()
    play.say(GI, AbsencePlanned(
        absence=uid("away"), professional=worker_of(GI.slug).ref, since=play.today, until=play.today,
        stand_in=worker_of(GI.slug, 7),
    ))  # fmt: skip
    colleague = worker_of(GI.slug, 2)
    body = proposal(H, play.case.persons, kind=HandoverKind.FROM_MEASURE)
    assert Refusal.NO_NAMED_PROFESSIONAL in codes(play.say(GI, body, TEAM, by=colleague))
    assert not play.say(GI, body, TEAM, by=worker_of(GI.slug, 7)).reasons


def test_the_stand_in_reads_the_story_for_the_one_who_is_away() -> None:
    """Whoever meets the family has read it: also in the holiday."""
    play = Play(VT).accepted_by(VT, TEAM)
    early = play.say(TEAM, StoryAcknowledged(handover=H, professional=STAND_IN.ref), VT, by=STAND_IN)
    assert codes(early) == {Refusal.NO_NAMED_PROFESSIONAL}
    go_away(play)
    read = play.say(TEAM, StoryAcknowledged(handover=H, professional=STAND_IN.ref), VT, by=STAND_IN)
    assert not read.reasons
