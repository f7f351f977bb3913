"""What is asked beside the lead: of whom, by whom, on which terms, and that none of it moves regie."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.consents import Decision
from schemas.handovers import HandoverKind
from schemas.manifest import Purpose
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Flag, Mend, Refusal
from schemas.supports import (
    ClientWish,
    SupportAccepted,
    SupportDeclined,
    SupportEnded,
    SupportKind,
    SupportReason,
    SupportRequested,
    SupportReviewed,
    SupportWaitAnnounced,
)
from schemas.tables.messages import BY_NAME
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import SightRecord, SupportRecord
from tests.gate.rules.families import CLINIC, MOTHER, RVT, UNSAFE, child, said, uid, yes
from tests.gate.rules.play import GI, TEAM, VT, H, Play, plan, proposal, worker_of

K = SupportKind
UNDER_VT = {"acting_under": OrganisationKind.VEILIG_THUIS}
WISH = ClientWish(asked="ASKED", wish="KEEP_CURRENT", followed=True)


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def missing(judgement: Judgement) -> set[str]:
    return {what for reason in judgement.reasons for what in reason.missing}


def agreed(play: Play) -> Play:
    """Both parents agree to everything."""
    play.put(*yes("mother", "father"))
    return play


def ask(play: Play, kind: K, who: Party = TEAM, to: Party = GI, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "support": uid("s"),
        "kind": kind,
        "task": "COACHING",
        "until": play.today + timedelta(days=90),
        "reason": SupportReason.STAGNATION,
        "expected_result": "SCHOOL_AGAIN",
    }
    if kind is K.SPECIALIST_CASE_MANAGEMENT:
        given |= {"criteria": ("A", "B"), "wish": WISH}
    return play.say(who, SupportRequested(**(given | more)), to)


def join(play: Play, who: Party = GI, to: Party = TEAM, support: str = "s", **more: Any) -> Judgement:
    body = SupportAccepted(support=uid(support), professional=worker_of(who.slug), start=play.today, **more)
    data = UNDER_VT if who is RVT else {}
    return play.say(who, body, to, **data)


def state(play: Play, support: str = "s") -> str:
    return play.case.of(SupportRecord)[uid(support)].state


def test_a_support_is_accepted_by_who_was_asked_and_never_moves_regie() -> None:
    """Its professional then stands on the roster."""
    for kind in K:
        play = agreed(Play(TEAM))
        play.order(handover=H) if kind is K.AFTERCARE else None
        helper = RVT if kind is K.SAFETY_TEAM else GI
        asked = ask(play, kind, to=helper)
        assert not asked.reasons, (kind, asked.reasons)
        assert not join(play, helper).reasons
        assert (state(play), play.head.regie) == ("ACCEPTED", TEAM.slug)


def test_only_who_was_asked_answers() -> None:
    play = agreed(Play(TEAM))
    ask(play, K.SIDE_CARE, to=CLINIC)
    play.put(play.head.model_copy(update={"parties": (*play.head.parties, GI.slug)}))
    assert codes(join(play, GI)) == {Refusal.UNKNOWN_REFERENCE}


# An institution without a measure


def test_joining_identified_needs_consent() -> None:
    """An institution learns of no child without it (D#5, D#101); who is asked for it is named."""
    play = Play(TEAM)
    found = ask(play, K.JOIN_SUPPORT)
    assert codes(found) == {Refusal.CONSENT_INCOMPLETE}
    assert (found.reasons[0].person, missing(found)) == ("child", {"mother", "father"})
    assert Mend.ASK_CONSENT in found.reasons[0].mend
    assert not ask(agreed(Play(TEAM)), K.JOIN_SUPPORT).reasons


def test_a_refusal_of_one_parent_keeps_the_institution_out() -> None:
    play = agreed(Play(TEAM))
    play.put(said("no", "father", Decision.REFUSED, seq=9))
    assert codes(ask(play, K.JOIN_SUPPORT)) == {Refusal.NO_BASIS}


def test_nobody_is_told_to_ask_a_parent_whom_it_is_not_safe_to_ask() -> None:
    play = Play(TEAM, (child(), MOTHER, UNSAFE))
    found = ask(play, K.JOIN_SUPPORT)
    assert found.reasons
    assert "father" not in missing(found)


def test_only_the_children_named_need_consent() -> None:
    """And of all, where none is named."""
    play = Play(TEAM, (child(), child(ref="sister"), MOTHER, UNSAFE.model_copy(update={"contact_unsafe": False})))
    play.put(*yes("mother", "father"))
    assert not ask(play, K.JOIN_SUPPORT, children=("child",)).reasons
    assert {reason.person for reason in ask(play, K.JOIN_SUPPORT, support=uid("t")).reasons} == {"sister"}


def test_an_institution_that_carries_out_the_measure_already_knows_the_child() -> None:
    play = Play(TEAM)
    play.order()
    assert not ask(play, K.JOIN_SUPPORT).reasons


@pytest.mark.parametrize("who", [VT, GI])
def test_specialist_case_management_is_asked_by_the_local_team_that_leads(who: Party) -> None:
    """Nobody else scales up over its head (D#6)."""
    play = Play(who)
    other = Party(slug="gi-zuid", kind=GI.kind) if who is GI else GI
    assert Refusal.ROLE_NOT_ALLOWED in codes(ask(play, K.SPECIALIST_CASE_MANAGEMENT, who, other))
    beside = Play(VT)
    beside.propose(VT, TEAM)
    assert codes(ask(beside, K.SPECIALIST_CASE_MANAGEMENT)) == {Refusal.NOT_REGIE_HOLDER}
    assert codes(ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT, to=CLINIC)) == {Refusal.ROLE_NOT_ALLOWED}


def test_specialist_case_management_names_criteria_end_result_reason_and_wish() -> None:
    """It is a service for a time, not a way to lose a family (D#2, D#6, D#8, D#9, D#109-110)."""
    asked = SupportRequested(support=uid("s"), kind=K.SPECIALIST_CASE_MANAGEMENT, task="LEAD")
    found = Play(TEAM).say(TEAM, asked, GI)
    assert codes(found) == {Refusal.REQUIRED_SECTION_MISSING}
    assert missing(found) == {"criteria", "until", "expected_result", "reason", "wish"}
    for name in missing(found):
        without: dict[str, Any] = {name: () if name == "criteria" else None}
        one = ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT, **without)
        assert missing(one) == {name}
    assert not ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT).reasons
    past = ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT, until=Play(TEAM).today)
    assert codes(past) == {Refusal.DATE_NOT_ALLOWED}


@pytest.mark.parametrize(
    "wrong",
    [
        {"asked": "ASKED"},
        {"asked": "ASKED", "wish": "NEW_LEAD"},
        {"asked": "ASKED", "wish": "NEW_LEAD", "followed": False},
        {"asked": "ASKED", "wish": "NEW_LEAD", "followed": True, "unless": "x"},
        {"asked": "UNREACHABLE", "wish": "NEW_LEAD", "followed": True},
    ],
)
def test_the_clients_wish_is_asked_known_and_followed_or_not_with_a_reason(wrong: dict[str, Any]) -> None:
    """Asked, the wish, followed or why not (D#2); who could not be asked has none."""
    with pytest.raises(ValidationError):
        ClientWish.model_validate(wrong)
    assert ClientWish(asked="UNSAFE_TO_ASK").wish is None
    assert ClientWish(asked="ASKED", wish="KEEP_CURRENT", followed=False, unless="LEAD_ILL").unless == "LEAD_ILL"


def test_capacity_is_no_reason_unless_it_is_for_now_and_then_it_is_counted() -> None:
    """D#110: an argument of opportunity."""
    refused = ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT, reason=SupportReason.CAPACITY)
    assert (codes(refused), missing(refused)) == ({Refusal.REASON_NOT_ALLOWED}, {"not_structural"})
    for_now = ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT, reason=SupportReason.CAPACITY, not_structural=True)
    assert for_now.effects.flags == (Flag.CAPACITY_REASON,)
    assert not ask(Play(TEAM), K.SPECIALIST_CASE_MANAGEMENT).effects.flags


def test_aftercare_is_asked_by_a_local_team_after_a_measure_and_by_nobody_else() -> None:
    """Also by the team to which the case is handed back, and to go on with it (D#7)."""
    assert codes(ask(Play(TEAM), K.AFTERCARE)) == {Refusal.WRONG_STATE}
    play = Play(GI)
    play.order()
    play.propose(GI, TEAM, kind=HandoverKind.FROM_MEASURE)
    assert not play.last.reasons, play.last.reasons
    other = Party(slug="gi-zuid", kind=GI.kind)
    assert Refusal.ROLE_NOT_ALLOWED in codes(ask(play, K.AFTERCARE, GI, other))
    assert not ask(play, K.AFTERCARE).reasons
    assert not join(play).reasons
    longer = ask(play, K.AFTERCARE, support=uid("longer"), extends=uid("s"))
    assert not longer.reasons
    assert codes(ask(play, K.AFTERCARE, support=uid("x"), extends=uid("nothing"))) == {Refusal.UNKNOWN_REFERENCE}
    assert not join(play, support="longer").reasons
    assert (state(play), state(play, "longer")) == ("ENDED", "ACCEPTED")
    again = ask(play, K.AFTERCARE, support=uid("x"), extends=uid("s"))
    assert codes(again) == {Refusal.WRONG_STATE}


@pytest.mark.parametrize("outcome", ["TASK_DONE", "STOPPED"])
def test_an_institutions_service_ends_with_one_of_three_outcomes(outcome: Any) -> None:
    """Back, scaled up, or a measure (D#11); other help just ends."""
    play = agreed(Play(TEAM))
    ask(play, K.JOIN_SUPPORT)
    join(play)
    wrong = play.say(GI, SupportEnded(support=uid("s"), outcome=outcome), TEAM)
    assert codes(wrong) == {Refusal.REASON_NOT_ALLOWED}
    assert not play.say(TEAM, SupportEnded(support=uid("s"), outcome="RETURNED"), GI).reasons
    assert state(play) == "ENDED"
    ask(play, K.SIDE_CARE, to=CLINIC, support=uid("c"))
    join(play, CLINIC, support="c")
    assert not play.say(TEAM, SupportEnded(support=uid("c"), outcome=outcome), CLINIC).reasons


def test_who_joins_says_the_same_task() -> None:
    """Who expected what is not left to chance (D#17-18)."""
    play = agreed(Play(TEAM))
    ask(play, K.JOIN_SUPPORT)
    assert codes(join(play, task="LEAD")) == {Refusal.TERMS_DIFFER}
    assert not join(play, task="COACHING").reasons


# Waiting, reviewing


def wait(play: Play, days: int = 14, **more: Any) -> Judgement:
    given: dict[str, Any] = {
        "support": uid("s"),
        "reason": "CAPACITY",
        "until": play.today + timedelta(days=days),
        "bridging": "LOCAL_TEAM",
    }
    return play.say(CLINIC, SupportWaitAnnounced(**(given | more)), TEAM)


def test_a_wait_is_registered_with_what_there_is_meanwhile() -> None:
    """At most four weeks at a time; no bridging help and no suitable offer are seen (D#56-57, D#63)."""
    play = Play(TEAM)
    ask(play, K.SIDE_CARE, to=CLINIC)
    assert codes(wait(play, 29)) == {Refusal.DATE_NOT_ALLOWED}
    waiting = wait(play, bridging="NONE", reason="NO_SUITABLE_OFFER", sight=(plan(),))
    assert waiting.effects.flags == (Flag.NO_BRIDGING_HELP, Flag.NO_SUITABLE_OFFER)
    assert state(play) == "WAITING"
    assert any(record.owner == CLINIC.slug for record in play.case.of(SightRecord).values())
    assert not wait(play).effects.flags
    assert not join(play, CLINIC).reasons
    assert codes(wait(play)) == {Refusal.WRONG_STATE}


def test_who_waits_may_still_be_told_no() -> None:
    play = Play(TEAM)
    ask(play, K.SIDE_CARE, to=CLINIC)
    wait(play)
    declined = SupportDeclined(support=uid("s"), reason="NOT_OUR_TASK")
    assert not play.say(CLINIC, declined, TEAM).reasons
    assert state(play) == "DECLINED"


def test_a_running_support_is_reviewed_by_who_gives_it() -> None:
    play = agreed(Play(TEAM))
    ask(play, K.SPECIALIST_CASE_MANAGEMENT)
    review = SupportReviewed(support=uid("s"), reviewed_on=play.today, outcome="GO_ON", with_family=("mother",))
    assert codes(play.say(GI, review, TEAM)) == {Refusal.WRONG_STATE}
    join(play)
    assert codes(play.say(TEAM, review, GI)) == {Refusal.UNKNOWN_REFERENCE}
    later = review.model_copy(update={"reviewed_on": play.today + timedelta(days=1)})
    assert codes(play.say(GI, later, TEAM)) == {Refusal.DATE_NOT_ALLOWED}
    assert not play.say(GI, review, TEAM).reasons


# The regional safety team


def test_the_safety_team_joins_either_side_of_a_handover_and_says_under_whose_powers() -> None:
    """It has none of its own (D#91)."""
    play = Play(VT)
    play.propose(VT, TEAM)
    assert not ask(play, K.SAFETY_TEAM, TEAM, RVT).reasons
    body = SupportAccepted(support=uid("s"), professional=worker_of(RVT.slug), start=play.today)
    assert codes(play.say(RVT, body, TEAM)) == {Refusal.ROLE_NOT_ALLOWED}
    assert not join(play, RVT).reasons
    assert play.head.regie == VT.slug


def test_no_word_of_a_safety_team_can_lead() -> None:
    """It sends nothing that opens, takes or moves a case; nor can anything be handed to it."""
    may = {name for name, row in BY_NAME.items() if RVT.kind in row.senders}
    assert not any(name.startswith(("cases.", "handovers.", "measures.", "reports.")) for name in may)
    handed = {name for name, row in BY_NAME.items() if RVT.kind in row.recipients and name.startswith("handovers.")}
    assert not handed
    play = Play(TEAM)
    assert Refusal.ROLE_NOT_ALLOWED in codes(play.say(TEAM, proposal(), RVT, purpose=Purpose.HANDOVER))


# An institution that leads before a measure


def test_an_institution_leads_before_a_measure_only_for_a_time_on_criteria_and_asked() -> None:
    """Whoever proposes it (D#1-2, D#6-9)."""
    for who in (VT, TEAM):
        play = Play(who)
        found = play.propose(who, GI, lead_wish=None, criteria=(), end_date=None)
        assert missing(found) >= {"LEAD_WISH", "CRITERIA", "END_DATE"}
        assert missing(play.propose(who, GI, end_date=play.today)) == {"END_DATE"}
        assert not play.propose(who, GI).reasons
    assert not Play(VT).propose(VT, TEAM, lead_wish=None, criteria=(), end_date=None).reasons
