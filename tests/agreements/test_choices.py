"""Who does what and who decides what alone, where a chain agreed on it: forms differ, the task does not (D#152)."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.agreements import Agreements, InstitutionRole, TeamTask
from schemas.body import Phase
from schemas.care import AssessmentRecorded
from schemas.handovers import HandoverState
from schemas.investigations import Advice
from schemas.manifest import SourceKind
from schemas.parties import Competence, OrganisationKind, Party, Professional
from schemas.refusal import Mend, Reason, Refusal
from schemas.stagnations import JointConsultHeld, StagnationKind, StagnationRaised
from schemas.supports import SupportAccepted, SupportEnded, SupportKind
from services.gate.facts import case_fact
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import SupportRecord
from tests.agreements.chains import agreed, chain
from tests.gate.rules.families import CLINIC, GI, OTHER_TEAM, RVT, TEAM, TODAY, VT, uid, yes
from tests.gate.rules.play import Play, worker_of
from tests.gate.rules.requests import SCIENTIST, asked, request
from tests.gate.rules.test_supports import ask
from tests.oversight.story import LT, MONDAY, Story, at, handover, heard, local

DOCTOR = Professional(ref="d-1", function="confidential-doctor", competences=(Competence.SAFETY,))


def led_by_team(*north: Agreements) -> Play:
    """A case the team of the north leads, in which Veilig Thuis and a clinic have a part."""
    play = Play(TEAM, directory=chain(*north))
    play.put(*yes("mother", "father"))
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, VT.slug, CLINIC.slug)}))
    return play


def found(judgement: Judgement, code: Refusal) -> list[Reason]:
    return [reason for reason in judgement.reasons if reason.code is code]


# Who is consulted before the Raad is asked (D#155)


@pytest.mark.parametrize(
    ("advisers", "adviser", "missing"),
    [
        ([], SCIENTIST, ()),
        ([], DOCTOR, ("ADVICE",)),
        (["SAFETY"], DOCTOR, ()),
        (["SAFETY"], SCIENTIST, ("ADVICE", "ADVICE:SAFETY")),
        (["SAFETY", "BEHAVIOURAL_SCIENCE"], SCIENTIST, ()),
    ],
)
def test_before_the_raad_is_asked_one_of_those_named_is_consulted(
    advisers: list[str], adviser: Professional, missing: tuple[str, ...]
) -> None:
    """Where nobody is named, a behavioural scientist."""
    play = Play(VT, directory=chain(agreed(advisers=advisers)))
    reasons = asked(play, VT, request(advice=Advice(adviser=adviser, held_on=TODAY, view="FOR")))
    told = [reason.missing for reason in reasons if "ADVICE" in reason.missing]
    assert told == ([missing] if missing else [])


# What an institution does without a measure (D#17)


def test_where_it_was_agreed_a_request_says_what_the_institution_is_to_do() -> None:
    """One of what was agreed; the refusal names them."""
    play = led_by_team(agreed(institution=["ADVISES", "BESIDE"]))
    (lacks,) = ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT).reasons
    assert (lacks.code, lacks.missing) == (Refusal.REQUIRED_SECTION_MISSING, ("role", "ADVISES", "BESIDE"))
    other = ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT, role=InstitutionRole.CARRIES)
    assert found(other, Refusal.TERMS_DIFFER)
    assert not ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT, role=InstitutionRole.BESIDE).reasons


def test_the_institution_confirms_what_it_is_to_do() -> None:
    """Saying nothing, or something else, is another term."""
    play = led_by_team(agreed(institution=["ADVISES", "BESIDE"]))
    ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT, role=InstitutionRole.BESIDE)
    for role in (None, InstitutionRole.ADVISES):
        (differs,) = accept(play, role=role).reasons
        assert (differs.code, differs.missing) == (Refusal.TERMS_DIFFER, ("role",))
    assert not accept(play, role=InstitutionRole.BESIDE).reasons


def test_where_nothing_was_agreed_nobody_has_to_say_it() -> None:
    """As it was."""
    play = led_by_team()
    assert not ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT).reasons
    assert not accept(play).reasons


def accept(play: Play, who: Party = GI, to: Party = TEAM, support: str = "s", **more: Any) -> Judgement:
    body = SupportAccepted(support=uid(support), professional=worker_of(who.slug), start=play.today, **more)
    return play.say(who, body, to)


# What who leads decides without talking it over (D#19)


def gives_standstill(play: Play, function: str = "WORKER", owner: Party = CLINIC) -> Judgement:
    body = StagnationRaised(
        stagnation=uid(f"s-{len(play.accepted)}"),
        kind=StagnationKind.NO_PROGRESS,
        owner=owner.slug,
        action="mapping-session",
        act_before=play.today + timedelta(days=7),
        evaluate_on=play.today + timedelta(days=30),
    )
    return play.say(TEAM, body, by=Professional(ref="t-1", function=function))


def talked_over(play: Play, *others: Party) -> None:
    body = JointConsultHeld(
        consult=uid(f"c-{len(play.accepted)}"),
        topic="STAGNATION",
        held_on=play.today,
        took_part=(TEAM.slug, *(other.slug for other in others)),
        adviser="NONE",
        decision="go-on",
    )
    assert not play.say(TEAM, body).reasons


def test_a_decision_for_a_partner_takes_the_power_and_else_points_to_escalation() -> None:
    """Who holds it is named; for its own work nobody needs one."""
    play = led_by_team(agreed(powers={"GIVE_STANDSTILL": ["team-manager"]}))
    (lacks,) = gives_standstill(play).reasons
    assert (lacks.code, lacks.missing) == (Refusal.ROLE_NOT_ALLOWED, ("GIVE_STANDSTILL", "team-manager"))
    assert lacks.mend == (Mend.ESCALATE,)
    assert not gives_standstill(play, function="team-manager").reasons
    assert not gives_standstill(play, owner=TEAM).reasons


def test_what_was_talked_over_with_the_partner_may_be_decided_for_four_weeks() -> None:
    """With this partner, not with another."""
    play = led_by_team(agreed(powers={"GIVE_STANDSTILL": []}))
    talked_over(play, VT)
    assert gives_standstill(play).reasons
    talked_over(play, CLINIC)
    assert not gives_standstill(play.later(days=28)).reasons
    assert gives_standstill(play.later(days=1)).reasons


def test_help_of_a_partner_is_ended_by_who_holds_the_power() -> None:
    """Who gives it may always stop, and a request that was not accepted may always be taken back."""
    play = led_by_team(agreed(powers={"END_HELP": []}))
    ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT)
    end = SupportEnded(support=uid("s"), outcome="RETURNED")
    assert not ask(play, SupportKind.SPECIALIST_CASE_MANAGEMENT, support=uid("other")).reasons
    assert not play.say(TEAM, SupportEnded(support=uid("other"), outcome="RETURNED"), GI).reasons
    accept(play)
    assert [reason.missing for reason in play.say(TEAM, end, GI).reasons] == [("END_HELP",)]
    assert not play.say(GI, end, TEAM).reasons


def test_where_no_powers_were_agreed_who_leads_has_them_all() -> None:
    """As it was."""
    assert not gives_standstill(led_by_team()).reasons
    assert not gives_standstill(led_by_team(agreed())).reasons


# What a team does itself (D#139)

ONLY_DISCUSSES = agreed(teams={OTHER_TEAM.slug: ["SIGNAL_AND_DISCUSS"]})


def offered(*south: Agreements, phase: Phase = Phase.DIRECT_SAFETY, by: Party = VT) -> Play:
    """An unsafe case, offered to the other team, of the south."""
    play = Play(by, directory=chain(south=south), phase=phase)
    play.propose(by, OTHER_TEAM, phase=phase)
    assert not play.last.reasons, play.last.reasons
    return play


def test_a_team_that_signals_and_discusses_takes_no_unsafe_case_alone() -> None:
    """With a safety team beside it, it does; a case that is stable it may take alone."""
    play = offered(ONLY_DISCUSSES)
    (lacks,) = play.accept().reasons
    assert (lacks.code, lacks.missing) == (Refusal.COMPETENCE_MISSING, (TeamTask.ASSESS_AND_INTERVENE,))
    assert lacks.mend == (Mend.LET_JOIN,)
    joined = SupportRecord(
        support=uid("rvt"), type=SupportKind.SAFETY_TEAM, asked_by=OTHER_TEAM.slug, helper=RVT.slug, state="ACCEPTED"
    )
    play.put(joined.model_copy(update={"state": "REQUESTED"}))
    assert play.accept().reasons
    play.put(joined)
    assert not play.accept().reasons
    assert not offered(ONLY_DISCUSSES, phase=Phase.STABLE_SAFETY, by=TEAM).accept().reasons


def test_a_team_of_which_nothing_was_agreed_does_both() -> None:
    """As it was; also where another team was named."""
    assert not offered().accept().reasons
    assert not offered(agreed(teams={"lokaal-team-linde": ["SIGNAL_AND_DISCUSS"]})).accept().reasons
    both = agreed(teams={OTHER_TEAM.slug: ["SIGNAL_AND_DISCUSS", "ASSESS_AND_INTERVENE"]})
    assert not offered(both).accept().reasons


def test_such_a_team_assesses_no_safety_alone() -> None:
    """Whether the family can go on alone it still may say."""
    play = led_by_team(agreed(teams={TEAM.slug: ["SIGNAL_AND_DISCUSS"]}))
    for kind, codes in (("SAFETY", [Refusal.COMPETENCE_MISSING]), ("SELF_RELIANCE", [])):
        body = AssessmentRecorded.model_validate(
            {
                "assessment": uid(kind),
                "children": ("child",),
                "kind": kind,
                "instrument": "ARIJ",
                "made_on": play.today,
                "information_base": (SourceKind.PROFESSIONAL,),
                "phase": Phase.STABLE_SAFETY,
            }
        )
        assert [reason.code for reason in play.say(TEAM, body).reasons] == codes


# A fixed pair (D#187)

PAIR = agreed(pair="VT_ORIGIN")


def taken_over(agreements: Agreements | None = PAIR, **case: Any) -> Story:
    """A case of Veilig Thuis that the local team leads from now on."""
    story = Story(agreed=agreements)
    now_leads = {"regie": LT, "regie_kind": OrganisationKind.LOCAL_TEAM, **case}
    change = handover(HandoverState.WARM, HandoverState.COMPLETED)
    story.tell("handovers.first_contact_held", LT, MONDAY, change, case=now_leads)
    return story


def test_where_a_fixed_pair_was_agreed_its_second_half_is_named_within_a_week() -> None:
    """Who leads owes it; the coordination hears when it does not come."""
    story = taken_over()
    owed = story.owed("PAIR_NAMED")
    assert (owed.responsible, local(owed.due)[:10]) == ((LT,), "2026-03-09")
    assert ("raised", "PAIR_NAMED", 1, {LT}) in heard(story.wait(at("2026-03-10")))
    said = story.tell("supports.accepted", "rvt-noord", at("2026-03-11"), case={"paired": True}, to=(LT,))
    assert ("resolved", "PAIR_NAMED", None, {LT}) in heard(said)
    assert "PAIR_NAMED" not in story.codes


def test_a_pair_is_owed_in_the_cases_for_which_it_was_agreed() -> None:
    """Not where nobody agreed on it, not where another than a local team leads, not twice."""
    for pair, case, owes in (
        ("VT_ORIGIN", {"vt_origin": False}, False),
        ("ALL", {"vt_origin": False}, True),
        ("DIRECT_SAFETY", {}, False),
        ("DIRECT_SAFETY", {"phase": Phase.DIRECT_SAFETY}, True),
        ("ALL", {"regie_kind": OrganisationKind.CERTIFIED_INSTITUTION}, False),
        ("ALL", {"paired": True}, False),
    ):
        assert ("PAIR_NAMED" in taken_over(agreed(pair=pair), **case).codes) is owes, (pair, case)
    assert "PAIR_NAMED" not in taken_over(None).codes


def test_when_the_pair_is_over_it_is_owed_anew_and_without_agreement_no_more() -> None:
    """The safety team stopped; then the chain let go of it."""
    story = taken_over(paired=True)
    story.tell("supports.ended", "rvt-noord", at("2026-03-20"), case={"paired": False}, to=(LT,))
    assert story.owed("PAIR_NAMED")
    story.tell("sight.planned", LT, at("2026-03-21"), case={"agreed": agreed("2026-03-21")})
    assert "PAIR_NAMED" not in story.codes


def test_the_gate_tells_whether_both_are_named() -> None:
    """A safety team that was asked is not there yet."""
    play = led_by_team(PAIR)
    record = SupportRecord(
        support=uid("rvt"), type=SupportKind.SAFETY_TEAM, asked_by=TEAM.slug, helper=RVT.slug, state="REQUESTED"
    )
    named = {"state": "ACCEPTED", "professional": worker_of(RVT.slug)}
    for kept, paired in ((record, False), (record.model_copy(update=named), True)):
        play.put(kept)
        fact = case_fact(play.case, play.directory, play.today)
        assert fact is not None and fact.paired is paired
