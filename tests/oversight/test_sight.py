"""Sight of the child: per child, alarmed at once when a case waits and nobody sees it."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from schemas.handovers import HandoverKind, HandoverState
from schemas.tables.transitions import Effect
from services.oversight.rules.case import Say
from tests.oversight.story import (
    CHILD,
    COORDINATION,
    GI,
    LT,
    MONDAY,
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
    seen,
)

S = HandoverState
LOST = "NO_OVERSIGHT"


def confirm(
    story: Story, day: str, child: str = CHILD, by: str = VT, source: str = "PROFESSIONAL", seen_on: str | None = None
) -> list[tuple[str, str, int | None, set[str]]]:
    """`by` tells that the child was seen."""
    fact = story.fact("sight.confirmed", by, at(day), children=seen(child), seen_at=at(seen_on or day).isoformat())
    fact.body["by"] = {"kind": source, "function": "worker"}
    return heard(story.take(fact))


def test_a_plan_starts_the_clock_and_every_confirmation_sets_it_anew() -> None:
    """The day of the plan is day 0."""
    story = Story()
    story.tell("sight.planned", VT, MONDAY)
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-09 23:59:59"
    confirm(story, "2026-03-06")
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-13 23:59:59"


def test_a_missed_check_is_told_to_the_owner_of_the_plan() -> None:
    """Tier 1 at the interval, while nothing waits."""
    story = Story()
    story.tell("sight.planned", VT, MONDAY)
    assert heard(story.wait(at("2026-03-11"))) == [("raised", "SIGHT_CHECK", 1, {VT})]
    assert confirm(story, "2026-03-11") == [("resolved", "SIGHT_CHECK", None, {VT})]


def test_a_waiting_case_in_which_nobody_saw_the_child_for_interval_and_a_day_is_tier_3_for_all() -> None:
    """Both organisations and the coordinator, at once."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=7)])
    story.accept(MONDAY)
    story.tell("handovers.warm_contact_attested", LT, MONDAY, handover(S.ACCEPTED, S.WARM, Effect.AGREED))
    assert LOST not in [say.body.code for say in story.wait(at("2026-03-10 23:59"))]
    said = [say for say in story.wait(at("2026-03-11 00:00")) if say.body.code == LOST]
    assert heard(said) == [("raised", LOST, 3, {VT, LT, COORDINATION})]
    assert (alert_body(said[0]).child, alert_body(said[0]).responsible) == (CHILD, (VT,))
    assert local(alert_body(said[0]).due) == "2026-03-10 23:59:59"
    assert ("resolved", LOST, None, {VT, LT, COORDINATION}) in confirm(story, "2026-03-11")


def test_a_second_child_has_its_own_alarm() -> None:
    """Seeing one is not seeing the other."""
    story = Story(children=(CHILD, SISTER))
    story.propose(MONDAY, sight=[plan(CHILD, 7), plan(SISTER, 7)])
    confirm(story, "2026-03-06", CHILD)
    lost = [alert_body(say).child for say in story.wait(at("2026-03-12")) if say.body.code == LOST]
    assert lost == [SISTER]


def test_a_case_that_waits_without_any_plan_is_alarmed_at_once() -> None:
    """For every child that nobody is named for."""
    story = Story(children=(CHILD, SISTER))
    story.propose(MONDAY, sight=[plan(CHILD)])
    said = [say for say in story.wait(MONDAY) if say.body.code == LOST]
    assert [(alert_body(say).child, alert_body(say).tier) for say in said] == [(SISTER, 3)]


def test_a_plan_that_ends_while_the_case_waits_leaves_the_child_without_oversight() -> None:
    """From the end of its last day."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=28, until="2026-03-04")])
    assert heard(story.wait(at("2026-03-04 23:59"))) == []
    assert heard(story.wait(at("2026-03-05 00:00")))[0][:3] == ("raised", LOST, 3)


def test_a_new_plan_of_another_ends_the_alarm() -> None:
    """The receiver who takes over in an emergency names who sees the child tonight."""
    story = Story()
    story.propose(MONDAY, sight=[])
    story.wait(MONDAY)
    said = story.tell("sight.planned", LT, MONDAY)
    assert heard(said) == [("resolved", LOST, None, {VT, LT, COORDINATION})]


def test_planning_anew_does_not_win_time() -> None:
    """Only seeing the child does."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=7)])
    story.tell("sight.planned", VT, at("2026-03-08"))
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-09 23:59:59"


def test_a_parents_word_is_no_sight() -> None:
    """A parent may stand beside another, never alone."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=7)])
    confirm(story, "2026-03-06", source="PARENT")
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-09 23:59:59"


def test_a_child_counts_as_seen_from_the_day_it_was_seen_not_of_the_report() -> None:
    """And never from a day in the future."""
    story = Story()
    story.tell("sight.planned", VT, MONDAY)
    confirm(story, "2026-03-09", seen_on="2026-03-04")
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-11 23:59:59"
    confirm(story, "2026-03-10", seen_on="2026-12-01")
    assert local(story.owed("SIGHT_CHECK").due) == "2026-03-17 23:59:59"


def test_after_completion_the_sender_no_longer_owes_sight() -> None:
    """And a case that waits for nothing has no NO_OVERSIGHT."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=7)])
    done = handover(S.WARM, S.COMPLETED, Effect.COMPLETES)
    story.tell("handovers.first_contact_held", LT, at("2026-03-05"), done, case={"regie": LT})
    assert not story.watch.of("SIGHT_CHECK")
    assert LOST not in [say.body.code for say in story.wait(timedelta(days=60))]


def test_a_refused_case_still_waits_until_it_is_rerouted() -> None:
    """A child does not fall between two proposals."""
    story = Story()
    story.propose(MONDAY, sight=[plan(every_days=1)])
    story.tell("handovers.declined", LT, MONDAY, handover(S.PROPOSED, S.DECLINED))
    assert LOST in [say.body.code for say in story.wait(at("2026-03-05"))]


def test_a_child_that_waits_for_help_is_watched_too() -> None:
    """The one who is waited for hears of it, when it holds something of the case."""
    story = Story(holders=(VT, SCHOOL))
    story.tell("supports.requested", VT, MONDAY, to=(SCHOOL,))
    assert heard(story.wait(MONDAY)) == [("raised", LOST, 3, {VT, SCHOOL, COORDINATION})]
    said = story.tell("supports.declined", SCHOOL, MONDAY)
    assert heard(said) == [("resolved", LOST, None, {VT, SCHOOL, COORDINATION})]


def test_an_imposed_handover_waits_for_its_own_child_only() -> None:
    """Measures are per child."""
    story = Story(children=(CHILD, SISTER), holders=(VT, GI))
    story.tell("measures.started", GI, MONDAY, handover(None, S.IMPOSED, kind=HandoverKind.TO_MEASURE, receiver=GI))
    lost = [alert_body(say).child for say in story.wait(MONDAY) if say.body.code == LOST]
    assert lost == [CHILD]


def test_when_the_family_breaks_with_the_watcher_its_plans_fall() -> None:
    """Someone else must be named in the same word."""
    story = Story(children=(CHILD, SISTER))
    story.propose(MONDAY, sight=[plan(CHILD), plan(SISTER)])
    story.tell("sight.trust_broken", VT, MONDAY, plans=[plan(CHILD)])
    lost = [alert_body(say).child for say in story.wait(MONDAY) if say.body.code == LOST]
    assert lost == [SISTER]


def test_when_the_family_breaks_with_the_watcher_what_is_late_goes_a_tier_up() -> None:
    """D#61. What nobody is late with stays as it is."""
    story, quiet = Story(), Story()
    for told in (story, quiet):
        told.tell("sight.planned", VT, MONDAY)
    story.wait(at("2026-03-11"))
    story.tell("sight.trust_broken", VT, at("2026-03-11"), plans=[plan(by="NETWORK")])
    quiet.tell("sight.trust_broken", VT, MONDAY, plans=[plan(by="NETWORK")])
    assert heard(story.wait(at("2026-03-11 10:00"))) == [("escalated", "SIGHT_CHECK", 2, {VT, COORDINATION})]
    assert heard(quiet.wait(at("2026-03-09"))) == []


def checks(said: Iterable[Say]) -> list[tuple[str, int | None]]:
    return [(how, tier) for how, code, tier, _ in heard(said) if code == "SIGHT_CHECK"]


def test_broken_trust_makes_no_sight_heard_a_tier_higher() -> None:
    """The only one with sight has lost its way in (D#61): the manager and the coordinator hear it at once."""
    calm, broken = Story(regie=LT, phase="RECOVERY"), Story(regie=LT, phase="RECOVERY")
    for story in (calm, broken):
        story.tell("sight.planned", LT, MONDAY, plans=[plan(CHILD, 7)])
    broken.tell("sight.trust_broken", LT, MONDAY, plans=[plan(CHILD, 7, by="NETWORK")])
    until = at("2026-03-10 01:00")
    assert (checks(calm.wait(until)), checks(broken.wait(until))) == ([("raised", 1)], [("raised", 2)])


def test_what_was_late_when_trust_broke_climbs_at_once() -> None:
    story = Story(regie=LT)
    story.tell("sight.planned", LT, MONDAY, plans=[plan(CHILD, 7)])
    story.wait(at("2026-03-10 01:00"))
    story.tell("sight.trust_broken", LT, at("2026-03-10 09:00"), plans=[plan(CHILD, 7, by="NETWORK")])
    assert checks(story.wait(timedelta(minutes=1))) == [("escalated", 2)]


@pytest.mark.parametrize(("by", "tier"), [("PROFESSIONAL", 1), ("NETWORK", 2)])
def test_trust_is_back_when_a_professional_of_the_team_sees_the_child_again(by: str, tier: int) -> None:
    """That grandmother saw it is sight, and no way in."""
    story = Story(regie=LT)
    story.tell("sight.trust_broken", LT, MONDAY, plans=[plan(CHILD, 7, by="NETWORK")])
    confirm(story, "2026-03-05", by=LT, source=by)
    assert checks(story.wait(at("2026-03-13 01:00"))) == [("raised", tier)]
