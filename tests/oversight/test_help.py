"""What is owed around the help itself: who stands in, what stands still, what is talked over."""

import pytest

from schemas.handovers import HandoverKind
from schemas.handovers import HandoverState as S
from schemas.manifest import Category
from schemas.refusal import Flag
from schemas.supports import SupportKind
from tests.oversight.story import (
    COORDINATION,
    GI,
    LT,
    MONDAY,
    OTHER,
    VT,
    WORKER,
    Story,
    at,
    handover,
    heard,
    local,
)


def test_an_unplanned_absence_gets_a_stand_in_within_a_working_day() -> None:
    """Named in the same message again, or the lead goes to another, or who was ill is back."""
    for closing in ("absences.started", "cases.lead_person_changed", "absences.ended"):
        story = Story()
        story.tell("absences.started", VT, MONDAY)
        owed = story.owed("STAND_IN_NAMED")
        assert (owed.responsible, local(owed.due)) == ((VT,), "2026-03-03 23:59:59")
        story.tell("absences.started", VT, MONDAY, absence="00000000-0000-4000-8000-000000000099", stand_in=WORKER)
        assert "STAND_IN_NAMED" in story.codes, "that was another's"
        more = {"stand_in": WORKER} if closing == "absences.started" else {}
        story.tell(closing, VT, at("2026-03-03"), **more)
        assert "STAND_IN_NAMED" not in story.codes


def test_who_leaves_is_followed_by_name_within_two_working_days() -> None:
    """A stand-in is not enough: the family gets somebody (D#13)."""
    story = Story()
    story.tell("absences.started", VT, MONDAY, reason="LEAVING", stand_in=WORKER)
    owed = story.owed("LEAD_PERSON_NAMED")
    assert (owed.responsible, local(owed.due)) == ((VT,), "2026-03-04 23:59:59")
    assert "STAND_IN_NAMED" not in story.codes
    story.tell("cases.lead_person_changed", LT, at("2026-03-03"))
    assert "LEAD_PERSON_NAMED" in story.codes, "another organisation's lead is another matter"
    story.tell("cases.lead_person_changed", VT, at("2026-03-03"))
    assert "LEAD_PERSON_NAMED" not in story.codes


def test_who_is_ill_need_not_be_followed() -> None:
    story = Story()
    story.tell("absences.started", VT, MONDAY)
    assert "LEAD_PERSON_NAMED" not in story.codes


@pytest.mark.parametrize("ends", ["absences.ended", "cases.lead_person_changed", "reviews.recorded"])
def test_what_was_decided_in_an_absence_is_seen_until_the_lead_has_looked(ends: str) -> None:
    """Tier 2: the team manager and the coordinator; the agreement with the family on the team's own list."""
    story = Story()
    both = (Flag.DECIDED_DURING_ABSENCE, Flag.AGREEMENT_OVERRIDDEN)
    said = story.tell("investigations.registered", VT, MONDAY, flags=both)
    assert heard(said) == [
        ("raised", "DECIDED_DURING_ABSENCE", 2, {VT, COORDINATION}),
        ("raised", "AGREEMENT_OVERRIDDEN", 1, {VT}),
    ]
    assert not story.tell("investigations.registered", VT, MONDAY, flags=both), "one alert a case and code"
    over = story.tell(ends, VT, at("2026-03-10"))
    assert {code for _, code, _, _ in heard(over)} == {"DECIDED_DURING_ABSENCE", "AGREEMENT_OVERRIDDEN"}


def test_closing_the_case_in_an_absence_does_not_end_the_alert_about_it() -> None:
    story = Story()
    closed = {"open": False, "regie": None}
    flags = (Flag.DECIDED_DURING_ABSENCE,)
    assert heard(story.tell("cases.closed", VT, MONDAY, flags=flags, case=closed))[0][1] == "DECIDED_DURING_ABSENCE"
    assert not story.tell("reports.reporter_informed", VT, at("2026-03-03"))
    assert heard(story.tell("absences.ended", VT, at("2026-03-10")))[0][:2] == ("resolved", "DECIDED_DURING_ABSENCE")


def test_a_standstill_is_acted_on_by_its_owner_by_the_day_named_and_then_evaluated() -> None:
    """Raised by whoever saw it (D#65)."""
    story = Story()
    story.tell("stagnations.raised", VT, MONDAY)
    acted, evaluated = story.owed("STAGNATION_ACTION"), story.owed("STAGNATION_EVALUATION")
    assert (acted.responsible, local(acted.due)) == ((LT,), "2026-03-10 23:59:59")
    assert (evaluated.responsible, local(evaluated.due)) == ((LT,), "2026-04-10 23:59:59")
    story.tell("stagnations.actioned", LT, at("2026-03-09"))
    assert "STAGNATION_ACTION" not in story.codes
    assert "STAGNATION_EVALUATION" in story.codes
    story.tell("stagnations.resolved", LT, at("2026-04-09"))
    assert "STAGNATION_EVALUATION" not in story.codes


def test_a_standstill_nobody_acts_on_is_heard() -> None:
    story = Story()
    story.tell("stagnations.raised", VT, MONDAY)
    assert ("raised", "STAGNATION_ACTION", 1, {LT}) in heard(story.wait(at("2026-03-11")))


def test_a_consult_is_held_before_the_day_it_was_asked_for() -> None:
    story = Story()
    story.tell("consults.requested", VT, MONDAY)
    owed = story.owed("CONSULT_HELD")
    assert (owed.responsible, local(owed.due)) == ((VT,), "2026-03-06 23:59:59")
    story.tell("consults.held", LT, at("2026-03-05"))
    assert "CONSULT_HELD" not in story.codes


# Supports


def accepted(story: Story, kind: SupportKind) -> None:
    fact = story.fact("supports.accepted", GI, MONDAY, to=(LT,))
    story.take(fact.model_copy(update={"support": kind}))


def marks(story: Story) -> list[str]:
    return [local(owed.due)[:10] for owed in story.watch.of("SUPPORT_REVIEW")]


def test_specialist_case_management_is_looked_at_after_78_185_and_249_days() -> None:
    """Counted from its start; other supports are not (D#98)."""
    story = Story(holders=(LT, GI))
    accepted(story, SupportKind.SPECIALIST_CASE_MANAGEMENT)
    assert marks(story) == ["2026-05-19", "2026-09-03", "2026-11-06"]
    assert {owed.responsible for owed in story.watch.of("SUPPORT_REVIEW")} == {(GI,)}
    for kind in (SupportKind.JOIN_SUPPORT, SupportKind.AFTERCARE, SupportKind.SIDE_CARE, SupportKind.SAFETY_TEAM):
        other = Story(holders=(LT, GI))
        accepted(other, kind)
        assert "SUPPORT_REVIEW" not in other.codes


def test_a_review_closes_the_mark_that_is_near_and_not_those_to_come() -> None:
    story = Story(holders=(LT, GI))
    accepted(story, SupportKind.SPECIALIST_CASE_MANAGEMENT)
    story.tell("supports.reviewed", GI, at("2026-03-20"), to=(LT,))
    assert len(marks(story)) == 3, "too early to count"
    story.tell("supports.reviewed", GI, at("2026-05-10"), to=(LT,))
    assert marks(story) == ["2026-09-03", "2026-11-06"]
    assert ("raised", "SUPPORT_REVIEW", 1, {GI}) in heard(story.wait(at("2026-09-04")))
    assert ("resolved", "SUPPORT_REVIEW", None, {GI}) in heard(
        story.tell("supports.ended", GI, at("2026-09-05"), to=(LT,))
    )
    assert not marks(story)


def test_a_support_that_makes_wait_is_asked_again_at_the_end_it_named() -> None:
    story = Story(holders=(LT, GI))
    story.tell("supports.wait_announced", GI, MONDAY, to=(LT,))
    assert local(story.owed("SUPPORT_WAIT_REVIEW").due) == "2026-03-20 23:59:59"
    story.tell("supports.accepted", GI, at("2026-03-19"), to=(LT,))
    assert "SUPPORT_WAIT_REVIEW" not in story.codes


def test_that_there_is_no_suitable_offer_reaches_the_coordinator() -> None:
    """D#57."""
    story = Story(holders=(LT, GI))
    said = story.tell("supports.wait_announced", GI, MONDAY, to=(LT,), flags=(Flag.NO_SUITABLE_OFFER,))
    assert heard(said) == [("raised", "NO_SUITABLE_OFFER", 2, {GI, COORDINATION})]
    over = story.tell("supports.accepted", GI, at("2026-03-09"), to=(LT,))
    assert ("resolved", "NO_SUITABLE_OFFER", None, {GI, COORDINATION}) in heard(over)


# Around a measure

ORDERED = handover(None, S.IMPOSED, kind=HandoverKind.TO_MEASURE, sender=LT, receiver=GI)
LED_LOCALLY = {"regie": LT, "duty": (GI,), "holders": (LT, GI), "vt_origin": False}


def measured(**case: object) -> Story:
    story = Story(**(LED_LOCALLY | case))
    story.tell("measures.started", GI, MONDAY, ORDERED)
    return story


def test_the_plan_of_a_measure_is_sent_within_six_weeks() -> None:
    """A term of law; another letter is no plan (Jeugdwet 4.1.3(4))."""
    story = measured()
    assert local(story.owed("PLAN").due) == "2026-04-13 23:59:59"
    story.tell("dossiers.shared", GI, at("2026-04-01"), to=(LT,))
    assert "PLAN" in story.codes
    fact = story.fact("dossiers.shared", GI, at("2026-04-02"), to=(LT,))
    story.take(fact.model_copy(update={"categories": (Category.PLAN,)}))
    assert "PLAN" not in story.codes


def test_during_a_measure_the_institution_tells_who_leads_every_six_weeks() -> None:
    """Silence is heard as LOCAL_TEAM_OUT_OF_SIGHT; what is told to nobody breaks no silence (D#25)."""
    story = measured()
    assert story.owed("LOCAL_TEAM_OUT_OF_SIGHT").responsible == (GI,)
    story.tell("sight.confirmed", GI, at("2026-04-01"))
    assert local(story.owed("LOCAL_TEAM_OUT_OF_SIGHT").due) == "2026-04-13 23:59:59"
    story.tell("dossiers.shared", GI, at("2026-04-01"), to=(LT,))
    assert local(story.owed("LOCAL_TEAM_OUT_OF_SIGHT").due) == "2026-05-13 23:59:59"
    assert ("raised", "LOCAL_TEAM_OUT_OF_SIGHT", 1, {GI}) in heard(story.wait(at("2026-05-14")))
    story.tell("measures.ended", GI, at("2026-05-15"), case={"duty": ()})
    assert "LOCAL_TEAM_OUT_OF_SIGHT" not in story.codes


def test_and_the_other_way_round() -> None:
    """What the local team says to itself is no update for the institution."""
    story = measured()
    story.tell("sight.confirmed", LT, at("2026-03-03"), to=(GI,))
    first = story.owed("CASE_UPDATE").due
    story.tell("sight.confirmed", LT, at("2026-03-20"))
    assert story.owed("CASE_UPDATE").due == first
    story.tell("sight.confirmed", LT, at("2026-03-20"), to=(GI,))
    assert local(story.owed("CASE_UPDATE").due) == "2026-05-01 23:59:59"


def test_thirty_days_before_a_measure_ends_consent_for_what_comes_after_is_asked() -> None:
    """The ground of the order ends with it; a consent of that child from the last weeks is one."""
    story = measured()
    assert local(story.owed("CONSENT_NEEDED_AT_MEASURE_END").due) == "2027-01-30 23:59:59"
    story.tell("consents.recorded", GI, at("2026-06-01"))
    assert "CONSENT_NEEDED_AT_MEASURE_END" in story.codes, "too long before"
    story.tell("consents.recorded", GI, at("2027-01-10"))
    assert "CONSENT_NEEDED_AT_MEASURE_END" not in story.codes


def test_who_leads_at_the_end_of_a_measure_hands_back_before_it() -> None:
    """Announced or not; a team that kept the lead has nothing to get back."""
    kept = measured()
    kept.tell("measures.ending", GI, at("2026-03-10"), on="2026-05-01")
    assert "RETURN_HANDOVER" not in kept.codes
    story = measured(regie=GI)
    story.tell("measures.ending", GI, at("2026-03-10"), on="2026-05-01")
    assert local(story.owed("RETURN_HANDOVER").due) == "2026-05-01 23:59:59"
    back = handover(None, S.PROPOSED, kind=HandoverKind.FROM_MEASURE, sender=GI, receiver=LT, handover_id=OTHER)
    story.tell("handovers.proposed", GI, at("2026-04-01"), back, to=(LT,), kind="FROM_MEASURE", handover=OTHER)
    assert "RETURN_HANDOVER" not in story.codes
    sudden = measured(regie=GI)
    sudden.tell("measures.ended", GI, at("2026-03-10"), case={"duty": ()})
    assert local(sudden.owed("RETURN_HANDOVER").due) == "2026-03-12 23:59:59"


def test_a_return_that_nobody_takes_is_heard_by_the_coordinator_whatever_is_answered() -> None:
    """A wait does not stop the clock; who takes it does (D#38)."""
    story = measured(regie=GI)
    back = handover(None, S.PROPOSED, kind=HandoverKind.FROM_MEASURE, sender=GI, receiver=LT, handover_id=OTHER)
    story.tell("handovers.proposed", GI, MONDAY, back, to=(LT,), kind="FROM_MEASURE", handover=OTHER)
    waits = handover(S.PROPOSED, S.WAITING, kind=HandoverKind.FROM_MEASURE, sender=GI, receiver=LT, handover_id=OTHER)
    story.tell("handovers.wait_announced", LT, at("2026-03-04"), waits, to=(GI,), handover=OTHER)
    said = story.wait(at("2026-03-17"))
    assert ("raised", "RETURN_STALLED", 2, {GI, LT, COORDINATION}) in heard(said)
    taken = handover(S.WAITING, S.ACCEPTED, kind=HandoverKind.FROM_MEASURE, sender=GI, receiver=LT, handover_id=OTHER)
    over = story.tell("handovers.accepted", LT, at("2026-03-18"), taken, to=(GI,), handover=OTHER)
    assert ("resolved", "RETURN_STALLED", None, {GI, LT, COORDINATION}) in heard(over)


def test_a_lead_for_a_time_is_over_at_the_end_it_was_given_for() -> None:
    """Unless a court charges the institution, or it never got it (D#6, D#9)."""
    story = Story(regie=LT, holders=(LT, GI), vt_origin=False)
    offer = handover(None, S.PROPOSED, sender=LT, receiver=GI)
    story.tell("handovers.proposed", LT, MONDAY, offer, to=(GI,), end_date="2026-09-01")
    owed = story.owed("LEAD_END")
    assert (owed.responsible, local(owed.due)) == ((GI,), "2026-09-01 23:59:59")
    story.tell("handovers.declined", GI, at("2026-03-03"), handover(S.PROPOSED, S.DECLINED, sender=LT, receiver=GI))
    assert "LEAD_END" not in story.codes


# Monitoring


def test_a_new_report_during_monitoring_is_heard_at_tier_2_and_lifts_what_is_late() -> None:
    """Whoever monitors and whoever leads; until it is assessed (D§6.1)."""
    story = Story(holders=(VT, LT))
    story.tell("monitoring.planned", VT, MONDAY)
    story.tell("stagnations.raised", VT, MONDAY)
    story.wait(at("2026-03-11"))
    said = story.tell("reports.registered", VT, at("2026-03-11 12:00"))
    assert heard(said) == [("raised", "REPORT_DURING_MONITORING", 2, {VT, LT, COORDINATION})]
    assert ("escalated", "STAGNATION_ACTION", 2, {LT, COORDINATION}) in heard(story.wait(at("2026-03-11 12:01")))
    over = story.tell("reports.assessed", VT, at("2026-03-12"))
    assert ("resolved", "REPORT_DURING_MONITORING", None, {VT, LT, COORDINATION}) in heard(over)


def test_a_report_outside_monitoring_is_no_such_thing() -> None:
    story = Story()
    assert not story.tell("reports.registered", VT, MONDAY)


CONSULT = {"topic": "KEY_DECISION"}


def test_an_intended_request_is_made_within_two_working_days_or_dropped_in_so_many_words() -> None:
    """If it is unavoidable: act at once (D#86). In direct unsafety within a day."""
    for closing, more in (("investigations.registered", {}), ("consults.held", {"request": "DROPPED"})):
        story = Story()
        story.tell("consults.held", LT, MONDAY, **CONSULT)
        assert "INTENDED_REQUEST" not in story.codes, "talked over is not intended"
        story.tell("consults.held", LT, MONDAY, **CONSULT, request="INTENDED")
        owed = story.owed("INTENDED_REQUEST")
        assert (owed.responsible, local(owed.due)) == ((VT,), "2026-03-04 23:59:59")
        story.tell("consults.held", LT, at("2026-03-03"), **CONSULT)
        assert "INTENDED_REQUEST" in story.codes
        story.tell(closing, VT, at("2026-03-03"), **more)
        assert "INTENDED_REQUEST" not in story.codes
    direct = Story(phase="DIRECT_SAFETY")
    direct.tell("consults.held", LT, MONDAY, **CONSULT, request="INTENDED")
    assert local(direct.owed("INTENDED_REQUEST").due) == "2026-03-03 09:00:00"


@pytest.mark.parametrize(
    ("said", "more", "failed"),
    [
        ("supports.ended", {"outcome": "STOPPED"}, True),
        ("supports.ended", {"outcome": "TASK_DONE"}, False),
        ("supports.reviewed", {"outcome": "SCALE_UP"}, True),
        ("supports.reviewed", {"outcome": "GO_ON"}, False),
    ],
)
def test_help_that_failed_is_followed_by_something(said: str, more: dict[str, str], failed: bool) -> None:
    """Within two weeks: other help, the Raad, or a talk about it (D#176)."""
    story = Story()
    story.tell(said, LT, MONDAY, **more)
    assert ("SCALE_UP" in story.codes) is failed
    if failed:
        assert local(story.owed("SCALE_UP").due) == "2026-03-16 23:59:59"
        story.tell("stagnations.raised", LT, at("2026-03-10"))
        assert "SCALE_UP" not in story.codes


@pytest.mark.parametrize("said", ["assessments.recorded", "supports.reviewed"])
def test_another_need_asks_for_another_plan(said: str) -> None:
    """By a talk about the plan or by the plan itself (D#177); a talk about something else is none."""
    story = Story()
    story.tell(said, LT, MONDAY)
    assert "PLAN_REVIEW" not in story.codes
    story.tell(said, LT, MONDAY, need_changed=True)
    story.tell("consults.held", LT, at("2026-03-03"), topic="SAFETY")
    assert story.owed("PLAN_REVIEW").responsible == (VT,)
    sent = story.fact("dossiers.shared", VT, at("2026-03-04"), to=(LT,))
    story.take(sent.model_copy(update={"categories": (Category.PLAN,)}))
    assert "PLAN_REVIEW" not in story.codes
    story.tell(said, LT, at("2026-03-05"), need_changed=True)
    story.tell("consults.held", LT, at("2026-03-06"), topic="PLAN_REVIEW")
    assert "PLAN_REVIEW" not in story.codes


def test_goals_are_looked_at_on_the_day_that_the_first_names() -> None:
    """By who leads by then (D#174-175)."""
    story = Story()
    goal = {"person": "child-1", "measure": "DAYS_AT_SCHOOL"}
    goals = [
        {**goal, "id": "b", "priority": 1, "due": "2026-06-30"},
        {**goal, "id": "a", "priority": 2, "due": "2026-05-29"},
    ]
    story.propose(goals=goals)
    assert local(story.owed("GOAL_REVIEW").due) == "2026-05-29 23:59:59"
    story.tell("cases.lead_kept", VT, at("2026-03-03"), case={"regie": LT})
    assert story.owed("GOAL_REVIEW").responsible == (LT,)
    story.tell("consults.held", LT, at("2026-05-20"), topic="PLAN_REVIEW")
    assert "GOAL_REVIEW" not in story.codes
    plain = Story()
    plain.propose()
    assert "GOAL_REVIEW" not in plain.codes
