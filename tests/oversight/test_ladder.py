"""How an alarm is raised, climbs, is silenced and resolved; and who hears of it."""

from typing import Any

import pytest

from schemas.body import Phase
from schemas.handovers import HandoverState
from schemas.refusal import Flag
from schemas.tables.ladder import LADDERS
from schemas.tables.obligations import ROWS
from schemas.tables.transitions import Effect
from services.oversight.rules import ladder
from services.oversight.rules.case import Say
from services.oversight.rules.ladder import event_id
from tests.oversight.story import (
    CHILD,
    COORDINATION,
    GI,
    LT,
    MONDAY,
    OTHER,
    SCHOOL,
    SISTER,
    VT,
    Story,
    alert_body,
    at,
    handover,
    heard,
    local,
    plan,
)

S = HandoverState
FIRST = "FIRST_REACTION"


def test_every_row_names_a_ladder() -> None:
    """And every rung but the first says how long after the one below."""
    assert {row.heights for row in ROWS} <= set(LADDERS)
    for pair in LADDERS.values():
        for rungs in pair:
            assert rungs[0].after is None
            assert all(rung.after is not None for rung in rungs[1:])


def test_no_reaction_climbs_at_due_after_three_and_after_ten_working_days() -> None:
    """First the responsible, then the coordination too, then both organisations."""
    story = Story()
    story.propose(MONDAY)  # due on Thursday 5 March
    assert story.wait(at("2026-03-05 23:59")) == []
    assert heard(story.wait(at("2026-03-06 00:00"))) == [("raised", FIRST, 1, {LT})]
    assert story.wait(at("2026-03-10 23:59")) == []
    assert heard(story.wait(at("2026-03-11 00:00"))) == [("escalated", FIRST, 2, {LT, COORDINATION})]
    assert story.wait(at("2026-03-19 23:59")) == []
    assert heard(story.wait(at("2026-03-20 00:00"))) == [("escalated", FIRST, 3, {LT, VT, COORDINATION})]
    assert FIRST not in [say.body.code for say in story.wait(at("2026-05-20"))]


def test_the_alert_names_what_is_owed_by_whom_since_when() -> None:
    """Enough for a coordinator to call the right desk."""
    story = Story()
    story.propose(MONDAY)
    (said,) = story.wait(at("2026-03-06"))
    body = alert_body(said)
    assert (body.responsible, body.child, local(body.due)) == ((LT,), None, "2026-03-05 23:59:59")
    assert body.handover == story.owed(FIRST).handover


def test_meeting_the_obligation_resolves_it_for_everyone_who_heard() -> None:
    """Also when it is late."""
    story = Story()
    story.propose(MONDAY)
    story.wait(at("2026-03-11 00:00"))
    said = story.accept(at("2026-03-11 09:00"))
    assert heard(said) == [("resolved", FIRST, None, {LT, COORDINATION})]
    assert said[0].body.how == "MET"  # type: ignore[union-attr]  # a resolved one has it


def test_what_no_longer_applies_is_said_as_such() -> None:
    """The sender took it back."""
    story = Story()
    story.propose(MONDAY)
    story.wait(at("2026-03-06 00:00"))
    (said,) = story.tell("handovers.cancelled", VT, at("2026-03-06"), handover(S.PROPOSED, S.CANCELLED))
    assert said.body.how == "NO_LONGER_APPLIES"  # type: ignore[union-attr]  # a resolved one has it


def test_direct_unsafety_skips_the_first_tier_and_is_at_the_top_a_day_later() -> None:
    """Clock hours, also at Easter."""
    story = Story(phase=Phase.DIRECT_SAFETY)
    story.propose(at("2026-04-02 17:00"))
    assert heard(story.wait(at("2026-04-03 17:00"))) == [("raised", FIRST, 2, {LT, COORDINATION})]
    assert heard(story.wait(at("2026-04-04 17:00"))) == [("escalated", FIRST, 3, {LT, VT, COORDINATION})]


def test_a_running_alarm_climbs_when_the_case_becomes_directly_unsafe() -> None:
    """It does not wait for the slow ladder."""
    story = Story()
    story.propose(MONDAY)
    story.wait(at("2026-03-06"))
    story.tell("reports.assessed", VT, at("2026-03-06 10:00"), case={"phase": Phase.DIRECT_SAFETY})
    assert ("escalated", FIRST, 2, {LT, COORDINATION}) in heard(story.wait(at("2026-03-06 10:00")))
    assert ("escalated", FIRST, 3, {LT, VT, COORDINATION}) in heard(story.wait(at("2026-03-07 10:00")))


def test_an_acknowledged_alert_is_silent_until_its_end_and_then_one_tier_up() -> None:
    """Then it goes on climbing from there."""
    story = Story()
    story.propose(MONDAY)
    (said,) = story.wait(at("2026-03-06 00:00"))
    story.acknowledge(said.alert, LT, at("2026-03-06"), "2026-03-18")
    assert story.wait(at("2026-03-18 23:59")) == []
    assert heard(story.wait(at("2026-03-19 00:00"))) == [("escalated", FIRST, 2, {LT, COORDINATION})]
    assert story.wait(at("2026-03-27 23:59")) == []
    assert heard(story.wait(at("2026-03-28 00:00"))) == [("escalated", FIRST, 3, {LT, VT, COORDINATION})]


def test_nobody_silences_an_alert_for_more_than_ten_working_days_however_often() -> None:
    """The second acknowledgement counts from the first."""
    story = Story()
    story.propose(MONDAY)
    (said,) = story.wait(at("2026-03-06 00:00"))
    story.acknowledge(said.alert, LT, at("2026-03-06"), "2027-01-01")
    story.acknowledge(said.alert, LT, at("2026-03-19"), "2027-01-01")
    assert heard(story.wait(at("2026-03-21 00:00"))) == [("escalated", FIRST, 2, {LT, COORDINATION})]


def test_at_the_top_an_acknowledged_alert_sounds_again() -> None:
    """There is no tier above it, and no silence for ever."""
    story = Story()
    story.propose(MONDAY, sight=[])
    said = next(say for say in story.wait(MONDAY) if say.body.code == "NO_OVERSIGHT")
    story.acknowledge(said.alert, COORDINATION, MONDAY, "2026-03-04")
    everybody = {LT, VT, COORDINATION}
    assert heard(story.wait(at("2026-03-05 00:00"))) == [("escalated", "NO_OVERSIGHT", 3, everybody)]


def test_only_who_heard_of_an_alert_may_acknowledge_it() -> None:
    """Another organisation's word changes nothing."""
    story = Story()
    story.propose(MONDAY)
    (said,) = story.wait(at("2026-03-06 00:00"))
    story.acknowledge(said.alert, VT, at("2026-03-06"), "2026-03-18")
    assert heard(story.wait(at("2026-03-11 00:00"))) == [("escalated", FIRST, 2, {LT, COORDINATION})]


def test_who_holds_nothing_of_the_case_is_not_told_of_it() -> None:
    """An alert would reveal that there is a handover."""
    story = Story(holders=(VT,))
    story.propose(MONDAY)
    assert heard(story.wait(at("2026-03-06 00:00"))) == [("raised", FIRST, 1, {COORDINATION})]
    assert heard(story.wait(at("2026-03-20 00:00")))[-1] == ("escalated", FIRST, 3, {VT, COORDINATION})


def test_two_that_are_late_with_the_same_are_one_alert() -> None:
    """One a case and code; it is over when the last of them is."""
    story = Story()
    story.tell("monitoring.planned", VT, MONDAY, dates=["2026-03-04", "2026-03-05"])
    said = story.wait(at("2026-03-06 00:00"))
    assert heard(said) == [("raised", "MONITORING_CHECK", 1, {LT})]
    assert story.tell("monitoring.checked", LT, at("2026-03-06"), planned_for="2026-03-04") == []
    over = story.tell("monitoring.checked", LT, at("2026-03-06"), planned_for="2026-03-05")
    assert heard(over) == [("resolved", "MONITORING_CHECK", None, {LT})]


def test_a_late_assessment_of_veilig_thuis_never_climbs_beyond_tier_2() -> None:
    """Four in ten run late: tier 2 after twenty days, tier 3 only without sight. Direct unsafety does not change it."""
    story = Story(phase=Phase.DIRECT_SAFETY, children=())
    story.tell("reports.registered", VT, MONDAY)
    said = [entry for entry in heard(story.wait(at("2026-05-01"))) if entry[1] == "VT_ASSESSMENT"]
    assert said == [("raised", "VT_ASSESSMENT", 1, {VT}), ("escalated", "VT_ASSESSMENT", 2, {VT, COORDINATION})]


def test_an_emergency_nobody_reviewed_starts_at_tier_2() -> None:
    """A second professional looks within 24 hours."""
    story = Story()
    taken = handover(None, S.EMERGENCY, Effect.TAKES_OVER)
    story.tell("handovers.emergency_taken_over", LT, at("2026-03-07 22:00"), taken, case={"regie": LT}, sight=[plan()])
    said = heard(story.wait(at("2026-03-08 22:00")))
    assert ("raised", "URGENT_REVIEW", 2, {LT, COORDINATION}) in said
    assert ("raised", "WARM_FOLLOW_UP", 1, {VT, LT}) in said


def test_a_child_of_a_report_that_was_not_seen_is_tier_3_by_child() -> None:
    """CHILD_NOT_SEEN, ten working days after completion."""
    story = Story(children=(CHILD, SISTER))
    done = handover(S.WARM, S.COMPLETED, Effect.COMPLETES)
    story.tell("handovers.first_contact_held", LT, at("2026-03-05"), done, case={"regie": LT})
    said = [say for say in story.wait(at("2026-03-20 00:00")) if say.body.code == "CHILD_NOT_SEEN"]
    assert [(alert_body(say).child, alert_body(say).tier) for say in said] == [(SISTER, 3)]


def test_a_second_bounce_is_tier_2_at_once_and_over_after_the_joint_consult() -> None:
    """Ping-pong with a family."""
    story = Story()
    story.propose(MONDAY)
    story.accept(MONDAY)
    effects = (Effect.BOUNCE, Effect.BOUNCE_LOOP, Effect.CONSULT_OPENED)
    said = story.tell("handovers.handed_back", LT, at("2026-03-05"), handover(S.ACCEPTED, S.HANDED_BACK, *effects))
    assert heard(said) == [("raised", "BOUNCE_LOOP", 2, {VT, LT, COORDINATION})]
    agreed = handover(S.HANDED_BACK, S.ACCEPTED, Effect.TRY_AGAIN, Effect.CONSULT_CLOSED)
    over = story.tell("handovers.consult_held", LT, at("2026-03-06"), agreed, decision="TRY_AGAIN")
    assert heard(over) == [("resolved", "BOUNCE_LOOP", None, {VT, LT, COORDINATION})]


def test_a_case_closed_with_an_open_concern_is_tier_2_until_it_is_taken_up() -> None:
    """The family stopped and the danger did not."""
    story = Story()
    closed = {"open": False, "regie": None}
    flags = (Flag.CLOSED_WITH_OPEN_CONCERN,)
    said = story.tell("cases.closed", LT, MONDAY, closing="NO_COOPERATION", flags=flags, case=closed)
    assert heard(said) == [("raised", "CLOSED_WITH_OPEN_CONCERN", 2, {LT, COORDINATION})]
    over = story.tell("cases.reopened", LT, at("2026-03-09"), case={"open": True, "regie": LT})
    assert heard(over) == [("resolved", "CLOSED_WITH_OPEN_CONCERN", None, {LT, COORDINATION})]


def test_an_assessment_on_the_parents_word_alone_is_told_to_the_holder_of_regie_only() -> None:
    """Until there is one that heard somebody else."""
    story = Story(regie=LT)
    said = story.tell("assessments.recorded", LT, MONDAY, information_base=["PARENT"])
    assert heard(said) == [("raised", "SINGLE_SOURCE", 1, {LT})]
    assert "SINGLE_SOURCE" not in [say.body.code for say in story.wait(at("2026-05-01"))]
    over = story.tell("assessments.recorded", LT, at("2026-05-04"))
    assert ("resolved", "SINGLE_SOURCE", None, {LT}) in heard(over)


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_course_gives_the_same_ids(again: int) -> None:
    """Decided anew after a crash, a message is the same message; two messages never share an id."""

    def course() -> list[str]:
        story = Story()
        story.propose(MONDAY)
        story.wait(at("2026-03-20 00:00"))
        story.accept(at("2026-03-20"))
        other = handover(None, S.PROPOSED, handover_id=OTHER, receiver=GI)
        story.tell("handovers.proposed", VT, at("2026-03-23"), other, handover=OTHER)
        story.wait(at("2026-05-01"))
        return [str(event_id(say)) for say in story.said]

    first = course()
    assert len(first) > 6 and len(set(first)) == len(first)
    assert course() == first


def hidden(**case: Any) -> Story:
    """A case with a secret address, of which a school holds a letter."""
    return Story(**{"holders": (VT, SCHOOL), "outside": (SCHOOL,), **case})


def raised(story: Story, *responsible: str) -> list[Say]:
    """An alert about these, told at once."""
    watch = story.watch.copy()
    watch.head = watch.head.model_copy(update={"holders": story.case.holders, "outside": story.case.outside})
    watch.head = watch.head.model_copy(update={"coordination": story.case.coordination, "regie": story.case.regie})
    ladder.raise_alert(watch, FIRST, 1, story.now, responsible)
    story.watch = watch
    return list(watch.say)


def test_an_alert_that_only_a_school_would_hear_goes_to_the_coordination() -> None:
    """It names another, so it must not go to the school (Wmo 2015 5.3.2(4)); nobody else holds anything of the case."""
    story = hidden(holders=(SCHOOL,))
    assert heard(raised(story, SCHOOL, LT)) == [("raised", FIRST, 1, {COORDINATION})]
    (alert,) = story.watch.alerts.values()
    assert alert.told == (COORDINATION,), "who heard it may acknowledge it"
    alone = hidden(holders=(SCHOOL,), coordination=None)
    assert heard(raised(alone, SCHOOL, LT)) == [("raised", FIRST, 1, {VT})]


def test_an_alert_about_a_school_alone_is_the_schools() -> None:
    """It learns nothing of others from it; without a secret address it hears what others hear."""
    assert heard(raised(hidden(), SCHOOL)) == [("raised", FIRST, 1, {SCHOOL})]
    assert heard(raised(hidden(), SCHOOL, VT)) == [("raised", FIRST, 1, {VT})]
    assert heard(raised(hidden(outside=()), SCHOOL, VT)) == [("raised", FIRST, 1, {SCHOOL, VT})]


def test_that_it_is_over_a_school_hears_apart() -> None:
    """In a message that shows it no other, and with ids of their own."""
    story = hidden()
    raised(story, SCHOOL)
    watch = story.watch.copy()
    (alert,) = watch.alerts.values()
    ladder.resolve(watch, alert.model_copy(update={"told": (SCHOOL, VT, COORDINATION)}), "MET")
    assert [set(say.to) for say in watch.say] == [{VT, COORDINATION}, {SCHOOL}]
    assert len({event_id(say) for say in watch.say}) == 2
