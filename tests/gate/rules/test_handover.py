"""What a handover asks beyond its table: names, terms, sight, the story, and who may say it."""

from typing import Any

import pytest

from schemas.body import Known, Phase, SafetyCondition, Staying
from schemas.care import DossierShared
from schemas.cases import LeadToFamily
from schemas.handovers import HandoverKind
from schemas.handovers import HandoverState as S
from schemas.manifest import Category
from schemas.parties import Professional
from schemas.refusal import Flag, Refusal
from schemas.service import HandoverCancelledNotice, RegieMoved
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import ConditionRecord, SightRecord
from tests.gate.rules.families import OTHER_TEAM, RVT, uid
from tests.gate.rules.play import GI, OTHER_GI, TEAM, VT, H, Play, plan, proposal, words, worker_of

H2 = uid("second")


def codes(judgement: Judgement) -> set[Refusal]:
    """What was refused, and that nothing changed."""
    assert not judgement.reasons or judgement.effects.put == ()
    return {reason.code for reason in judgement.reasons}


def missing(judgement: Judgement) -> set[str]:
    return {what for reason in judgement.reasons for what in reason.missing}


def test_a_proposal_says_everything_it_lacks_at_once() -> None:
    """Nobody has to try again and again to learn what else is missing."""
    play = Play(TEAM)
    found = play.propose(
        TEAM, GI, sight=(), told=(), youth_voice=(), story=Known.NOT_ASKED, story_approval=None, tried=Known.NOT_KNOWN,
        lead_wish=None, criteria=(), end_date=None, conditions=(), client_response=(),
    )  # fmt: skip
    assert codes(found) == {Refusal.NO_INTERIM_OVERSIGHT, Refusal.REQUIRED_SECTION_MISSING}
    assert missing(found) == {
        "child", "TOLD:mother", "TOLD:father", "YOUTH_VOICE:child", "STORY", "STORY_APPROVAL", "TRIED", "LEAD_WISH",
        "CRITERIA", "END_DATE", "CONDITIONS", "CLIENT_RESPONSE",
    }  # fmt: skip


def test_veilig_thuis_need_not_know_what_the_family_tried() -> None:
    """After a police report there is no story yet: an honest gap is a value, a missing safety assessment is not."""
    lean: dict[str, Any] = {
        "story": Known.NOT_KNOWN,
        "story_approval": None,
        "tried": Known.NOT_KNOWN,
        "client_response": (),
    }
    assert not Play(VT).propose(VT, TEAM, lead_wish=None, criteria=(), end_date=None, **lean).reasons
    assert missing(Play(VT).propose(VT, TEAM, safety_assessment=Known.NOT_KNOWN, **lean)) == {"SAFETY_ASSESSMENT"}


def test_what_is_said_to_travel_along_travels_along() -> None:
    """GIVEN without the section that gives it is refused."""
    play = Play(TEAM)
    body = proposal(H, play.case.persons)
    found = play.say(TEAM, body, OTHER_TEAM, sections=words(Category.ACCOUNT, Category.SAFETY, by="x"))
    assert missing(found) == {"STORY", "HELP_HISTORY", "CLIENT_RESPONSE"}


def test_only_who_leads_proposes_and_only_one_handover_runs() -> None:
    """Two that lead one family is what this prevents (D#14)."""
    play = Play(VT).accepted_by(VT, TEAM)
    assert codes(play.propose(VT, OTHER_TEAM, H2)) == {Refusal.DUAL_REGIE}
    assert Refusal.NOT_REGIE_HOLDER in codes(play.propose(TEAM, OTHER_TEAM, H2))


def test_veilig_thuis_hands_its_report_into_running_help_and_regie_stays() -> None:
    """Only to who leads; it may run beside another handover."""
    play = Play(TEAM).accepted_by(TEAM, GI)
    assert not play.propose(VT, TEAM, H2, kind=HandoverKind.INTO_RUNNING_HELP).reasons
    assert play.head.vt_origin
    wrong = play.propose(VT, OTHER_TEAM, uid("third"), kind=HandoverKind.INTO_RUNNING_HELP)
    assert codes(wrong) == {Refusal.NOT_REGIE_HOLDER}


@pytest.mark.parametrize("kind", [HandoverKind.TO_MEASURE, HandoverKind.GI_TO_GI])
def test_what_the_court_imposes_is_not_proposed(kind: HandoverKind) -> None:
    """A measure opens its own handover: nothing that such a proposal lacks would cure it."""
    assert codes(Play(TEAM).propose(TEAM, GI, kind=kind, told=(), conditions=())) == {Refusal.ROLE_NOT_ALLOWED}


def test_what_the_court_imposed_is_not_declined_handed_back_or_cancelled() -> None:
    """The institution is charged; it may not refuse (Jeugdwet 3.2)."""
    play = Play(TEAM)
    play.order()
    play.assign()
    for said_no in (play.decline(), play.hand_back(), play.cancel(), play.consult("R", "RETURN")):
        assert Refusal.ROLE_NOT_ALLOWED in codes(said_no)


def test_acceptance_names_someone_registered_and_trained_when_it_comes_from_veilig_thuis() -> None:
    """A yes without a name, or by someone who may not, is no yes."""
    play = Play(VT)
    play.propose(VT, TEAM)
    assert codes(play.accept(professional=None)) == {Refusal.NO_NAMED_PROFESSIONAL}
    assert codes(play.accept(professional=Professional(ref="x", function="INTERN"))) == {Refusal.COMPETENCE_MISSING}
    assert not play.accept().reasons


def test_a_light_case_between_teams_asks_no_registration_but_direct_unsafety_does() -> None:
    """Heavier cases ask more."""
    intern = Professional(ref="x", function="WORKER")
    for phase, expected in ((Phase.STABLE_SAFETY, set()), (Phase.DIRECT_SAFETY, {Refusal.COMPETENCE_MISSING})):
        play = Play(TEAM)
        play.propose(TEAM, OTHER_TEAM, phase=phase)
        assert codes(play.accept(professional=intern)) == expected


def test_acceptance_restates_who_stays_involved() -> None:
    """The order does not matter, the persons and tasks do."""
    play = Play(VT)
    other = (Staying(organisation="gi-noord", function="COACH", task="SUPPORT"),)
    play.propose(VT, TEAM)
    assert codes(play.accept(stays=other)) == {Refusal.TERMS_DIFFER}


@pytest.mark.parametrize(
    ("reason", "more", "allowed"),
    [
        ("COST", {}, False), ("CAPACITY", {}, False), ("NO_COMPETENT_STAFF", {}, False), ("NOT_OUR_AREA", {}, False),
        ("NOT_OUR_AREA", {"right_area": "GM0106"}, True), ("FAMILY_OBJECTS", {}, True),
    ],
)  # fmt: skip
def test_some_reasons_are_no_reason_to_decline(reason: str, more: dict[str, str], allowed: bool) -> None:
    """Money and lack of hands do not send a family away; a wrong area names the right one."""
    play = Play(VT)
    play.propose(VT, TEAM)
    assert codes(play.decline(reason=reason, **more)) == (set() if allowed else {Refusal.REASON_NOT_ALLOWED})


def test_lack_of_competent_staff_counts_between_team_and_institution() -> None:
    """There the region finds somebody else (D#40)."""
    play = Play(TEAM)
    play.propose(TEAM, GI)
    assert not play.decline(reason="NO_COMPETENT_STAFF").reasons


def test_handing_back_for_want_of_contact_shows_the_attempts() -> None:
    """No attempts, no hand-back; cost and capacity never."""
    play = Play(VT).accepted_by(VT, TEAM)
    for reason in ("NO_CONTACT", "COST", "CAPACITY"):
        assert codes(play.hand_back(reason=reason)) == {Refusal.REASON_NOT_ALLOWED}
    assert not play.hand_back(reason="NO_CONTACT", attempts=2).reasons


def test_the_second_bounce_between_the_same_two_is_a_loop() -> None:
    """It opens a joint consult and is flagged (D#43)."""
    play = Play(VT).accepted_by(VT, TEAM)
    play.hand_back()
    play.answer_back("TAKEN_BACK")
    play.accepted_by(VT, TEAM, H2)
    judged = play.hand_back(H2)
    fact = judged.effects.handover
    assert fact is not None
    assert {"BOUNCE_LOOP", "CONSULT_OPENED"} <= set(fact.effects)
    assert Flag.BOUNCE_LOOP in judged.effects.flags
    assert play.head.bounces == 2


@pytest.mark.parametrize("decision", ["VTO", "GO_ON"])
def test_a_disputed_hand_back_may_go_on_or_to_the_court_by_a_consult_of_both(decision: str) -> None:
    """Only while a joint consult is open, and only when both say the same; the hand-back stands and is answered."""
    play = Play(VT).accepted_by(VT, TEAM)
    play.hand_back()
    assert codes(play.consult("R", decision)) == {Refusal.WRONG_STATE}
    play.answer_back("DISPUTED")
    assert not play.consult("R", decision).reasons
    assert play.handover().consult_open
    judged = play.consult("S", decision)
    fact = judged.effects.handover
    assert fact is not None
    assert set(fact.effects) == {"CONSULT_CLOSED"} | ({"VTO_OWED"} if decision == "VTO" else set())
    assert (play.state(), play.handover().consult_open, play.head.regie) == (S.HANDED_BACK, False, VT.slug)
    assert not play.answer_back("TAKEN_BACK").reasons


def test_attestations_that_differ_do_not_make_it_warm_until_corrected() -> None:
    """The latest word of each side counts."""
    play = Play(VT).accepted_by(VT, TEAM)
    play.attest("S", family=("mother",))
    play.attest("R")
    assert play.state() is S.ACCEPTED
    play.attest("S")
    assert play.state() is S.WARM


def test_the_one_who_was_named_is_the_one_who_speaks_reads_and_meets() -> None:
    """A named person, not a function."""
    play = Play(VT).warm(VT, TEAM)
    play.change("R", took_part=True, number=7)
    assert Refusal.WRONG_STATE in codes(play.meet())
    play.read()
    body = play.context(TEAM, play.accepted[-1][0].body, VT)
    assert codes(play.say(TEAM, body.body, VT, by=worker_of(TEAM.slug, 1))) == {Refusal.NO_NAMED_PROFESSIONAL}
    assert not play.meet().reasons


def test_reading_after_the_first_talk_with_the_family_is_flagged() -> None:
    """Delivered all the same, but counted (D#27)."""
    play = Play(VT).accepted_by(VT, TEAM)
    play.attest("S")
    assert play.read().effects.flags == (Flag.STORY_READ_LATE,)


def test_a_visit_before_the_reading_is_no_first_contact() -> None:
    """The story is read before the family is met, so a visit before it only makes the handover warm."""
    play = Play(VT).accepted_by(VT, TEAM)
    before = play.now
    play.later(hours=2).read()
    play.attest("S", at=before)
    play.attest("R", at=before, first=True)
    assert play.state() is S.WARM


def test_regie_moves_with_a_notice_to_every_party_but_the_sender() -> None:
    """In the very decision that completes the handover."""
    play = Play(TEAM).completed(TEAM, GI)
    told = {n.to: n.body for n in play.last.effects.notices}
    assert set(told) == {TEAM.slug}
    moved = told[TEAM.slug]
    assert isinstance(moved, RegieMoved)
    assert (moved.regie_from, moved.regie_to, moved.how) == (TEAM.slug, GI.slug, "HANDOVER")
    assert play.head.lead == worker_of(GI.slug)


@pytest.mark.parametrize("agrees", [True, False])
def test_a_measure_moves_regie_only_when_both_say_so(agrees: bool) -> None:
    """The court moves the duty; who coordinates is for the two to agree (D#1, D#3)."""
    play = Play(TEAM)
    play.order()
    play.tell_story()
    play.assign(regie=True)
    if agrees:
        play.accept(side="S")
    play.read()
    play.attest("S")
    play.attest("R")
    play.meet()
    assert play.state() is S.COMPLETED
    assert play.head.regie == (GI.slug if agrees else TEAM.slug)


def test_an_emergency_needs_somebody_who_sees_each_child_tonight() -> None:
    """Taking over without sight of the child is no rescue."""
    assert codes(Play(TEAM).take_over(VT, sight=False)) == {Refusal.NO_INTERIM_OVERSIGHT}


def test_in_an_emergency_only_veilig_thuis_the_receiver_or_the_charged_institution_takes_over() -> None:
    """A third may report to Veilig Thuis; the holder has the case already."""
    play = Play(TEAM)
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, GI.slug, OTHER_TEAM.slug)}))
    assert codes(play.take_over(GI)) == {Refusal.ROLE_NOT_ALLOWED}
    assert codes(play.take_over(OTHER_TEAM)) == {Refusal.ROLE_NOT_ALLOWED}
    play.order(GI, H2)
    assert not play.take_over(GI, uid("third")).reasons
    assert Refusal.ROLE_NOT_ALLOWED in codes(play.take_over(GI, uid("fourth"), to=TEAM))


def test_an_emergency_moves_regie_at_once_and_ends_an_offer_to_a_third_with_notice() -> None:
    """Both sides of the offer learn that it ended."""
    play = Play(TEAM)
    play.propose(TEAM, GI)
    judged = play.take_over(VT, H2)
    assert (play.head.regie, play.state(), play.state(H2)) == (VT.slug, S.CANCELLED, S.EMERGENCY)
    cancelled = {n.to for n in judged.effects.notices if isinstance(n.body, HandoverCancelledNotice)}
    assert cancelled == {TEAM.slug, GI.slug}
    assert [fact.after for fact in judged.effects.also] == [S.CANCELLED]
    assert Flag.EMERGENCY_OPEN in judged.effects.flags


def test_where_no_proposal_existed_the_story_must_come_before_it_can_be_read() -> None:
    """Or the coded reason why there is none."""
    play = Play(TEAM)
    play.take_over(VT)
    assert codes(play.read()) == {Refusal.WRONG_STATE}
    play.tell_story(missing=True)
    assert not play.read().reasons


def test_the_family_not_met_is_taken_over_only_with_a_third_party_who_sees_the_child() -> None:
    """By both sides' consult, and flagged."""
    play = Play(VT).accepted_by(VT, TEAM)
    own = plan().model_copy(update={"by": (plan().by[0].model_copy(update={"kind": "PROFESSIONAL"}),)})
    play.put(*(record.model_copy(update={"plan": own}) for record in play.case.of(SightRecord).values()))
    assert codes(play.consult("R", "TAKE_OVER_WITHOUT_FAMILY", sight=False)) == {Refusal.NO_INTERIM_OVERSIGHT}
    assert play.both("TAKE_OVER_WITHOUT_FAMILY").effects.flags == (Flag.FAMILY_NOT_MET,)


def test_a_condition_once_set_is_not_rewritten() -> None:
    """A bottom line means the same all along the chain (TSD 2017 §2.1)."""
    play = Play(VT).completed(VT, TEAM)
    changed = (SafetyCondition(id="no-violence", kind="NO_VIOLENCE", digest="other"),)
    assert codes(play.propose(TEAM, OTHER_TEAM, H2, conditions=changed)) == {Refusal.TERMS_DIFFER}
    assert play.case.of(ConditionRecord)["no-violence"].condition.digest == "d1"


def test_the_lead_does_not_go_to_the_family_while_a_condition_is_open() -> None:
    """Nor to somebody who must not be approached."""
    play = Play(VT).completed(VT, TEAM)
    body = LeadToFamily(holder="mother", backup=worker_of(TEAM.slug), review_on=play.today.replace(year=2027))
    assert Refusal.SAFETY_CONDITIONS_UNMET in codes(play.say(TEAM, body))


def test_a_stranger_to_the_handover_learns_nothing_of_it() -> None:
    """An id that does not exist and a handover of two others get the same answer."""
    play = Play(VT).accepted_by(VT, TEAM)
    play.put(play.head.model_copy(update={"parties": (VT.slug, TEAM.slug, OTHER_GI.slug)}))
    body = play.context(TEAM, play.accepted[-1][0].body, VT).body
    stranger = play.say(OTHER_GI, body, VT)
    nothing = play.say(OTHER_GI, body.model_copy(update={"handover": H2}), VT)
    assert stranger.reasons == nothing.reasons
    assert codes(stranger) == {Refusal.UNKNOWN_REFERENCE}


def test_a_regional_safety_team_never_gets_the_lead() -> None:
    """It joins and monitors (D#91)."""
    assert Refusal.ROLE_NOT_ALLOWED in codes(Play(TEAM).propose(TEAM, RVT))


def test_findings_that_speak_against_the_conclusion_travel_or_are_named_as_withheld() -> None:
    """What was received once is not dropped in silence."""
    play = Play(TEAM)
    contrary = words(Category.ACCOUNT, Category.SAFETY, Category.CONTRARY, by="first")
    assert not play.say(TEAM, DossierShared(), OTHER_TEAM, sections=contrary).reasons
    assert missing(play.propose(TEAM, OTHER_TEAM)) == {uid("first-CONTRARY")}


def test_one_institution_cannot_give_another_what_it_does_not_hold() -> None:
    """Between institutions the duty moved by order; the team that leads goes on leading, whatever the two agree."""
    play = Play(TEAM)
    play.order()
    play.transfer(OTHER_GI, GI, H2)
    play.assign(OTHER_GI, regie=True)
    play.accept(H2, side="S")
    play.tell_story(H2)
    play.read(H2)
    play.attest("S", H2)
    play.attest("R", H2)
    play.meet(H2)
    assert (play.state(H2), play.head.regie) == (S.COMPLETED, TEAM.slug)


def test_an_emergency_asks_for_a_new_talk() -> None:
    """What was attested before the danger does not count as the warm part after it."""
    play = Play(VT).warm(VT, TEAM)
    play.take_over(TEAM)
    play.attest("S")
    assert play.state() is S.EMERGENCY
    play.attest("R")
    assert play.state() is S.COMPLETED
