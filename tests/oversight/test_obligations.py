"""What is owed after a message, by whom, until when, and what ends it."""

from datetime import date, timedelta

import pytest

from schemas.body import Phase
from schemas.handovers import HandoverKind, HandoverState
from schemas.refusal import Flag
from schemas.tables.messages import BODIES
from schemas.tables.obligation_row import Per
from schemas.tables.obligations import ROWS, STANDING
from schemas.tables.transitions import TRANSITIONS, Effect
from services.oversight.rules.conditions import CONDITIONS
from tests.oversight.story import (
    CHILD,
    COORDINATION,
    GI,
    HANDOVER,
    LT,
    MONDAY,
    OTHER,
    SISTER,
    VT,
    Story,
    at,
    handover,
    heard,
    local,
    plan,
    seen,
    uuid,
)

S = HandoverState
DIRECT = {"phase": Phase.DIRECT_SAFETY}


def test_every_code_of_the_transition_table_is_a_row_here() -> None:
    """And every condition a row names has its function."""
    named = {code for row in TRANSITIONS for code in (*row.opens, *row.closes)}
    assert named <= {row.code for row in ROWS}
    used = {on.when for row in ROWS for on in (*row.opens, *row.closes) if on.when is not None}
    assert used <= set(CONDITIONS)
    assert len({row.code for row in ROWS}) == len(ROWS)


def test_every_row_can_be_closed_and_names_its_source() -> None:
    """CASE_UPDATE alone is never done: it starts anew with each word of the holder. Each names messages that exist."""
    for row in ROWS:
        assert row.source
        assert row.closes or row.restarts
        assert {on.message for on in (*row.opens, *row.closes) if on.message} <= set(BODIES)


def test_a_proposal_must_be_answered_within_three_working_days() -> None:
    """By the receiver; the sender looks on."""
    story = Story()
    story.propose(MONDAY)
    owed = story.owed("FIRST_REACTION")
    assert (owed.responsible, owed.watcher) == ((LT,), (VT,))
    assert local(owed.due) == "2026-03-05 23:59:59"


def test_in_direct_unsafety_a_first_reaction_is_due_in_24_hours_also_on_good_friday() -> None:
    """Proposed on Thursday before Easter at 17:00: not Tuesday, but Friday at 17:00."""
    story = Story(**DIRECT)
    story.propose(at("2026-04-02 17:00"))
    assert local(story.owed("FIRST_REACTION").due) == "2026-04-03 17:00:00"


def test_our_own_terms_count_24_hours_a_working_day_in_direct_unsafety() -> None:
    """An answer is due two times 24 hours after the question."""
    story = Story(**DIRECT)
    story.propose(at("2026-04-02 17:00"))
    story.tell("handovers.questioned", LT, at("2026-04-03 10:00"), handover(S.PROPOSED, S.PROPOSED))
    assert local(story.owed("ANSWER_QUESTION").due) == "2026-04-05 10:00:00"


def test_a_term_of_law_does_not_change_in_direct_unsafety() -> None:
    """Five working days for the institution (Besluit Jeugdwet 4.2.1), whatever the phase."""
    for phase in Phase:
        story = Story(phase=phase, holders=(VT, GI))
        imposed = handover(None, S.IMPOSED, kind=HandoverKind.TO_MEASURE, receiver=GI)
        story.tell("measures.started", GI, MONDAY, imposed)
        assert local(story.owed("GI_ASSIGN").due) == "2026-03-09 23:59:59"


def test_a_case_that_becomes_directly_unsafe_gets_the_short_terms_from_then_on() -> None:
    """The dates only come nearer."""
    story = Story()
    story.propose(MONDAY)
    story.tell("reports.assessed", VT, at("2026-03-03 12:00"), case=DIRECT)
    assert local(story.owed("FIRST_REACTION").due) == "2026-03-04 12:00:00"


def test_a_question_does_not_stop_the_clock_of_the_first_reaction() -> None:
    """Questions for ever would be a silent refusal."""
    story = Story()
    story.propose(MONDAY)
    before = story.owed("FIRST_REACTION")
    story.tell("handovers.questioned", LT, at("2026-03-04"), handover(S.PROPOSED, S.PROPOSED))
    story.tell("handovers.answered", VT, at("2026-03-05"), handover(S.PROPOSED, S.PROPOSED))
    assert story.owed("FIRST_REACTION") == before
    assert "ANSWER_QUESTION" not in story.codes


def test_a_second_round_of_questions_opens_a_joint_consult_of_both() -> None:
    """It closes when both sent the same."""
    story = Story()
    story.propose(MONDAY)
    effects = (Effect.SECOND_QUESTION, Effect.CONSULT_OPENED)
    story.tell("handovers.questioned", LT, at("2026-03-03"), handover(S.PROPOSED, S.PROPOSED, *effects))
    assert story.owed("JOINT_CONSULT").responsible == (VT, LT)
    story.tell("handovers.consult_held", VT, at("2026-03-04"), handover(S.PROPOSED, S.PROPOSED))
    assert "JOINT_CONSULT" in story.codes
    agreed = handover(S.PROPOSED, S.PROPOSED, Effect.CONSULT_CLOSED)
    story.tell("handovers.consult_held", LT, at("2026-03-04"), agreed)
    assert "JOINT_CONSULT" not in story.codes


def test_a_wait_is_looked_at_again_on_its_day_and_after_four_weeks_at_most() -> None:
    """However long the receiver thinks it will take; a second announcement sets the second date."""
    story = Story()
    story.propose(MONDAY)
    story.tell("handovers.wait_announced", LT, MONDAY, handover(S.PROPOSED, S.WAITING), until="2026-03-20")
    assert local(story.owed("WAIT_REVIEW").due) == "2026-03-20 23:59:59"
    assert "FIRST_REACTION" not in story.codes
    again = handover(S.WAITING, S.WAITING)
    story.tell("handovers.wait_announced", LT, at("2026-03-20"), again, until="2026-07-01")
    assert local(story.owed("WAIT_REVIEW").due) == "2026-04-17 23:59:59"


def test_a_refused_handover_is_rerouted_or_kept_for_a_reason() -> None:
    """The sender owes it; it outlives the handover."""
    story = Story()
    story.propose(MONDAY)
    story.tell("handovers.declined", LT, MONDAY, handover(S.PROPOSED, S.DECLINED))
    assert story.codes >= {"REROUTE"}
    assert local(story.owed("REROUTE").due) == "2026-03-04 23:59:59"
    story.tell("cases.lead_kept", VT, at("2026-03-03"), handover=uuid(99))
    assert "REROUTE" in story.codes
    story.tell("cases.lead_kept", VT, at("2026-03-03"))
    assert "REROUTE" not in story.codes


def test_the_next_proposal_reroutes() -> None:
    """Whoever it goes to."""
    story = Story()
    story.propose(MONDAY)
    story.tell("handovers.declined", LT, MONDAY, handover(S.PROPOSED, S.DECLINED))
    following = handover(None, S.PROPOSED, handover_id=OTHER, receiver=GI)
    story.tell("handovers.proposed", VT, at("2026-03-03"), following, handover=OTHER)
    assert "REROUTE" not in story.codes


def test_acceptance_asks_for_a_warm_contact_of_both_and_a_first_contact_of_the_receiver() -> None:
    """Five working days each; 48 hours in direct unsafety."""
    story = Story()
    story.propose(MONDAY)
    story.accept(at("2026-03-04"))
    assert story.owed("WARM_CONTACT").responsible == (VT, LT)
    assert story.owed("FIRST_CONTACT").responsible == (LT,)
    assert local(story.owed("WARM_CONTACT").due) == "2026-03-11 23:59:59"
    direct = Story(**DIRECT)
    direct.propose(MONDAY)
    direct.accept(at("2026-03-03 10:00"))
    assert local(direct.owed("WARM_CONTACT").due) == "2026-03-05 10:00:00"


def test_a_change_of_professional_keeps_the_old_date_of_the_warm_contact_with_two_days_at_least() -> None:
    """The clock of a case is not reset (D#43)."""
    story = Story()
    story.propose(MONDAY)
    story.accept(MONDAY)
    first = story.owed("WARM_CONTACT").due
    story.tell("handovers.warm_contact_attested", LT, at("2026-03-04"), handover(S.ACCEPTED, S.WARM, Effect.AGREED))
    assert "WARM_CONTACT" not in story.codes
    lapsed = handover(S.WARM, S.ACCEPTED, Effect.LAPSED)
    story.tell("handovers.professional_changed", LT, at("2026-03-04"), lapsed)
    assert story.owed("WARM_CONTACT").due == first
    story.tell("handovers.warm_contact_attested", LT, at("2026-03-08"), handover(S.ACCEPTED, S.WARM, Effect.AGREED))
    story.tell("handovers.professional_changed", LT, at("2026-03-09"), lapsed)
    assert local(story.owed("WARM_CONTACT").due) == "2026-03-11 23:59:59"


def _completed(story: Story, **more: object) -> None:
    done = handover(S.WARM, S.COMPLETED, Effect.FIRST_CONTACT, Effect.COMPLETES)
    story.tell("handovers.first_contact_held", LT, at("2026-03-05"), done, case={"regie": LT}, **more)


def test_a_case_from_veilig_thuis_owes_an_assessment_and_the_sight_of_every_child() -> None:
    """Ten working days, also in direct unsafety; a child seen at the first contact was seen."""
    story = Story(children=(CHILD, SISTER), **DIRECT)
    story.propose(MONDAY)
    story.accept(MONDAY)
    _completed(story)
    assert {o.child for o in story.watch.of("SAFETY_ASSESSMENT")} == {CHILD, SISTER}
    assert [(o.child, local(o.due)) for o in story.watch.of("CHILD_SEEN")] == [(SISTER, "2026-03-19 23:59:59")]
    story.tell("assessments.recorded", LT, at("2026-03-09"), children=[CHILD])
    assert {o.child for o in story.watch.of("SAFETY_ASSESSMENT")} == {SISTER}
    story.tell("assessments.recorded", VT, at("2026-03-09"), children=[SISTER])
    assert {o.child for o in story.watch.of("SAFETY_ASSESSMENT")} == {SISTER}
    story.tell("sight.confirmed", LT, at("2026-03-10"), children=seen(SISTER), seen_at="2026-03-10T07:00:00Z")
    assert not story.watch.of("CHILD_SEEN")


def test_a_case_without_a_report_owes_neither() -> None:
    """They are for cases from Veilig Thuis."""
    story = Story(vt_origin=False)
    story.propose(MONDAY)
    story.accept(MONDAY)
    _completed(story)
    assert not story.codes & {"SAFETY_ASSESSMENT", "CHILD_SEEN"}


def test_an_emergency_overtakes_everything_of_its_handover() -> None:
    """The warm part, the flag, a second look and the story remain, within 24 hours."""
    story = Story()
    story.propose(MONDAY)
    story.tell("handovers.declined", LT, MONDAY, handover(S.PROPOSED, S.DECLINED))
    taken = handover(S.DECLINED, S.EMERGENCY, Effect.TAKES_OVER, Effect.STORY_OWED)
    story.tell("handovers.emergency_taken_over", LT, at("2026-03-07 22:00"), taken, case={"regie": LT}, sight=[plan()])
    ours = {o.code for o in story.watch.owed.values() if o.handover == HANDOVER}
    assert ours == {"EMERGENCY_FLAG", "WARM_FOLLOW_UP", "URGENT_REVIEW", "STORY_OWED"}
    assert local(story.owed("WARM_FOLLOW_UP").due) == "2026-03-08 22:00:00"
    assert story.owed("URGENT_REVIEW").responsible == (LT,)
    story.tell("handovers.urgent_reviewed", LT, at("2026-03-08 10:00"), handover(S.EMERGENCY, S.EMERGENCY))
    assert "URGENT_REVIEW" not in story.codes


def test_the_clocks_of_veilig_thuis_run_from_the_receipt_of_the_report() -> None:
    """Also when it was registered later."""
    story = Story()
    story.tell("reports.registered", VT, at("2026-03-04"), received_at="2026-03-02T08:00:00Z")
    assert local(story.owed("VT_ASSESSMENT").due) == "2026-03-09 23:59:59"
    assert local(story.owed("VT_INFORM").due) == "2026-04-01 23:59:59"
    story.tell("reports.assessed", VT, at("2026-03-06"), outcome="OWN_INVESTIGATION")
    assert "VT_ASSESSMENT" not in story.codes
    assert local(story.owed("VT_START").due) == "2026-03-09 23:59:59"  # five days end on Saturday 7 March and run on
    assert "REPORTER_FEEDBACK" in story.codes
    story.tell("reports.reporter_informed", VT, at("2026-03-06"))
    assert "REPORTER_FEEDBACK" not in story.codes
    story.tell("reports.person_informed", VT, at("2026-03-09"))
    assert "VT_INFORM" not in story.codes and "VT_START" in story.codes
    story.tell("reports.ended", VT, at("2026-04-09"))
    assert "INVESTIGATION_FEEDBACK" in story.codes and "VT_START" not in story.codes


def test_an_investigation_of_veilig_thuis_is_begun_and_decided_within_ten_weeks_of_the_determination() -> None:
    """Not of the report (D3); its reporter hears back once, when it is concluded."""
    story = Story()
    story.tell("reports.registered", VT, MONDAY)
    story.tell("reports.assessed", VT, at("2026-03-04"), outcome="OWN_INVESTIGATION")
    about = {"report": uuid(8), "determined_on": "2026-03-03"}
    story.tell("reports.investigation_determined", VT, at("2026-03-04"), **about)
    assert "VT_START" in story.codes
    assert local(story.owed("VT_DECISION").due) == "2026-05-12 23:59:59"
    story.tell("reports.investigation_determined", VT, at("2026-03-06"), started_on="2026-03-06", **about)
    assert "VT_START" not in story.codes
    assert local(story.owed("VT_DECISION").due) == "2026-05-12 23:59:59"
    story.tell("reports.investigation_concluded", VT, at("2026-04-20"), report=uuid(8), finding="CONFIRMED")
    assert "VT_DECISION" not in story.codes and "INVESTIGATION_FEEDBACK" in story.codes
    story.tell("reports.reporter_informed", VT, at("2026-04-21"), after="INVESTIGATION")
    story.tell("reports.ended", VT, at("2026-04-22"))
    assert "INVESTIGATION_FEEDBACK" not in story.codes


def test_telling_a_person_later_moves_the_date_and_takes_back_the_alarm() -> None:
    """Two weeks each time (Wmo 2015 art. 5.3.1(2))."""
    story = Story()
    story.tell("reports.registered", VT, MONDAY)
    postponed = {"report": uuid(8), "person": "parent-1", "reason": "SAFETY_OF_CHILD"}
    story.tell("reports.informing_postponed", VT, at("2026-03-20"), until="2026-04-13", **postponed)
    assert local(story.owed("VT_INFORM").due) == "2026-04-13 23:59:59"
    raised = [entry[:2] for entry in heard(story.wait(at("2026-04-14"))) if entry[1] == "VT_INFORM"]
    assert raised == [("raised", "VT_INFORM")]
    said = story.tell("reports.informing_postponed", VT, at("2026-04-14"), until="2026-04-27", **postponed)
    assert ("resolved", "VT_INFORM") in [entry[:2] for entry in heard(said)]


def test_a_report_without_investigation_asks_for_no_start() -> None:
    """D1 binds once it is established that an investigation is needed."""
    story = Story()
    story.tell("reports.registered", VT, MONDAY)
    story.tell("reports.assessed", VT, at("2026-03-04"))
    assert "VT_START" not in story.codes


def test_the_institution_is_late_until_the_worker_is_named_and_has_met_the_child() -> None:
    """Both belong to it (Besluit Jeugdwet 4.2.1)."""
    story = Story(holders=(VT, GI))
    imposed = handover(None, S.IMPOSED, kind=HandoverKind.TO_MEASURE, receiver=GI)
    story.tell("measures.started", GI, MONDAY, imposed)
    same = handover(S.IMPOSED, S.IMPOSED, kind=HandoverKind.TO_MEASURE, receiver=GI)
    story.tell("measures.worker_assigned", GI, at("2026-03-03"), same, contact_held_at=None)
    assert "GI_ASSIGN" in story.codes
    met = handover(S.IMPOSED, S.ACCEPTED, kind=HandoverKind.TO_MEASURE, receiver=GI)
    story.tell("measures.worker_assigned", GI, at("2026-03-04"), met)
    assert "GI_ASSIGN" not in story.codes


@pytest.mark.parametrize(
    ("since", "until", "due"),
    [("2026-03-01", "2027-03-01", "2027-01-30"), ("2026-03-01", "2026-03-29", "2026-03-15")],
)
def test_the_end_of_a_measure_is_prepared_30_days_before_or_half_way_a_short_one(
    since: str, until: str, due: str
) -> None:
    """By the institution, with an announcement, an end or a new order."""
    story = Story()
    story.tell("measures.started", GI, MONDAY, handover(None, S.IMPOSED, receiver=GI), since=since, until=until)
    assert local(story.owed("MEASURE_END").due) == f"{due} 23:59:59"
    story.tell("measures.ending", GI, at("2026-03-04"))
    assert "MEASURE_END" not in story.codes


def test_a_date_that_has_passed_is_owed_from_when_it_is_said() -> None:
    """Not overdue before anybody could know of it."""
    story = Story()
    story.tell("monitoring.planned", VT, MONDAY, dates=["2026-01-05"])
    owed = story.owed("MONITORING_CHECK")
    assert owed.due == owed.opened_at


def test_every_planned_monitoring_date_is_owed_by_itself() -> None:
    """Planning anew drops the dates that are not in it."""
    story = Story()
    story.tell("monitoring.planned", VT, MONDAY)
    assert [local(o.due) for o in story.watch.of("MONITORING_CHECK")] == ["2026-06-01 23:59:59", "2026-12-01 23:59:59"]
    story.tell("monitoring.checked", LT, at("2026-06-01"))
    assert [o.day for o in story.watch.of("MONITORING_CHECK")] == [date(2026, 12, 1)]
    story.tell("monitoring.planned", VT, at("2026-06-02"), dates=["2026-09-01"])
    assert [o.day for o in story.watch.of("MONITORING_CHECK")] == [date(2026, 9, 1)]


def test_the_holder_says_something_every_90_days_and_every_six_weeks_during_a_measure() -> None:
    """Each word of a professional of the holder starts it anew, what a machine sends does not."""
    story = Story()
    story.tell("cases.opened", VT, MONDAY)
    assert local(story.owed("CASE_UPDATE").due) == "2026-05-31 23:59:59"
    story.tell("dossiers.shared", VT, at("2026-03-12"), automatic=True)
    story.tell("dossiers.shared", LT, at("2026-03-12"))
    assert local(story.owed("CASE_UPDATE").due) == "2026-05-31 23:59:59"
    story.tell("dossiers.shared", VT, at("2026-03-12"), to=(GI,), case={"duty": (GI,)})
    assert local(story.owed("CASE_UPDATE").due) == "2026-04-23 23:59:59"


def test_what_the_holder_owes_the_next_holder_owes() -> None:
    """From the moment regie moves."""
    story = Story()
    story.tell("cases.opened", VT, MONDAY)
    story.propose(MONDAY)
    story.accept(MONDAY)
    _completed(story)
    assert story.owed("CASE_UPDATE").responsible == (LT,)
    assert local(story.owed("CASE_UPDATE").due) == "2026-06-03 23:59:59"


def test_a_person_who_was_not_told_is_told_later() -> None:
    """On the date given, four weeks at most, six for Veilig Thuis; too young a child is not owed it."""
    story = Story()
    told = [
        {"person": "parent-1", "told": True},
        {"person": "parent-2", "told": False, "unless": "UNSAFE_TO_TELL", "tell_before": "2026-03-10"},
        {"person": "parent-3", "told": False, "unless": "UNREACHABLE"},
        {"person": CHILD, "told": False, "unless": "TOO_YOUNG"},
    ]
    story.propose(MONDAY, told=told)
    dues = {o.child: local(o.due) for o in story.watch.of("INFORM_LATER")}
    assert dues == {"parent-2": "2026-03-10 23:59:59", "parent-3": "2026-04-13 23:59:59"}
    story.tell("reports.person_informed", VT, at("2026-03-09"), person="parent-2")
    assert {o.child for o in story.watch.of("INFORM_LATER")} == {"parent-3"}


def test_consent_is_looked_at_again_in_the_month_before_a_birthday() -> None:
    """A statement long before the birthday does not count; one within 30 days does, and then nothing is owed."""
    story = Story()
    story.birthdays = {CHILD: date(2026, 6, 1), SISTER: date(2026, 6, 1)}
    story.tell("consents.recorded", VT, MONDAY)
    story.tell("consents.recorded", VT, at("2026-03-05"))
    owed = story.owed("CONSENT_REVIEW")
    assert (owed.child, local(owed.opens_at), local(owed.due)) == (CHILD, "2026-05-02 23:59:59", "2026-06-01 23:59:59")
    story.tell("consents.recorded", VT, at("2026-05-10"))
    assert "CONSENT_REVIEW" not in story.codes
    story.birthdays = {CHILD: date(2030, 6, 1)}
    story.tell("cases.lead_person_changed", VT, at("2026-06-02"))
    assert local(story.owed("CONSENT_REVIEW").due) == "2030-06-01 23:59:59"


def test_a_withdrawal_is_a_new_statement_about_that_person() -> None:
    """It names the statement only."""
    story = Story()
    story.birthdays = {CHILD: date(2026, 3, 20)}
    story.tell("consents.recorded", VT, MONDAY)
    story.tell("consents.withdrawn", VT, at("2026-03-05"), statement=uuid(98))
    assert "CONSENT_REVIEW" in story.codes
    story.tell("consents.withdrawn", VT, at("2026-03-05"))
    assert "CONSENT_REVIEW" not in story.codes


def test_what_was_shared_in_haste_is_weighed_by_a_second_person_within_24_hours() -> None:
    """Each message by itself; it reaches the coordination when nobody does (tier 2)."""
    story = Story()
    story.tell("dossiers.shared", VT, at("2026-03-06 17:00"), flags=(Flag.URGENT_GROUND,))
    owed = story.owed("GROUND_REVIEW")
    assert (owed.responsible, local(owed.due)) == ((VT,), "2026-03-07 17:00:00")
    assert ("raised", "URGENT_REVIEW", 2, {VT, COORDINATION}) in heard(story.wait(at("2026-03-07 17:00")))
    said = story.tell("reviews.recorded", VT, at("2026-03-08"), message=owed.cause)
    assert heard(said) == [("resolved", "URGENT_REVIEW", None, {VT, COORDINATION})]


def test_a_closed_case_owes_nothing() -> None:
    """And who was alarmed is told that it is over."""
    story = Story()
    story.propose(MONDAY)
    story.wait(timedelta(days=5))
    said = story.tell("cases.closed", VT, at("2026-03-09"), case={"open": False, "regie": None})
    assert heard(said) == [("resolved", "FIRST_REACTION", None, {LT})]
    assert not story.watch.owed
    assert story.wait(timedelta(days=300)) == []


def test_what_the_law_asks_of_veilig_thuis_does_not_end_with_the_case() -> None:
    """People are still told what was done with the report about them; a new report on a closed case has its clocks."""
    closed = {"open": False, "regie": None}
    story = Story()
    story.tell("reports.registered", VT, MONDAY)
    story.tell("reports.assessed", VT, at("2026-03-04"))
    story.tell("sight.planned", VT, at("2026-03-04"))
    story.tell("cases.closed", VT, at("2026-03-09"), case=closed)
    assert story.codes == {"VT_INFORM", "REPORTER_FEEDBACK"}
    assert heard(story.wait(at("2026-03-31")))[:1] == [("raised", "REPORTER_FEEDBACK", 1, {VT})]
    said = story.tell("reports.reporter_informed", VT, at("2026-03-31"))
    assert [entry[:2] for entry in heard(said)] == [("resolved", "REPORTER_FEEDBACK")]
    story.tell("reports.registered", VT, at("2026-04-01"), report=uuid(55))
    assert local(story.owed("VT_ASSESSMENT").due) == "2026-03-09 23:59:59"


def test_rows_of_a_handover_are_opened_by_handovers_only() -> None:
    """So that each has two sides to name."""
    assert all(row.per is Per.HANDOVER for row in ROWS if row.code in STANDING.values())


def test_a_correction_is_sent_on_within_a_working_day_along_every_hop() -> None:
    """The author owes its recipients, and each of them who passed it on from when it hears (GDPR art. 19)."""
    story = Story()
    item = uuid(16)
    story.correct(VT, (LT,), ((VT, GI), (LT, "school")))
    assert {(owed.to, owed.responsible) for owed in story.watch.of("CORRECTION_SEND")} == {
        (GI, (VT,)),
        ("school", (LT,)),
    }
    assert {(local(owed.due), owed.ref) for owed in story.watch.of("CORRECTION_SEND")} == {
        ("2026-03-03 23:59:59", item)
    }
    story.correct(VT, (GI,), ((LT, "school"),))
    story.correct(LT, ("school",), ())
    assert "CORRECTION_SEND" not in story.codes


def test_a_hop_further_on_is_owed_when_the_correction_has_come_that_far() -> None:
    """Who has not heard it cannot pass it on."""
    story = Story()
    story.correct(VT, (LT,), ((GI, "school"),))
    assert "CORRECTION_SEND" not in story.codes
    story.correct(LT, (GI,), ((GI, "school"),))
    assert story.owed("CORRECTION_SEND").responsible == (GI,)
