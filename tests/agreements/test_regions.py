"""The same messages in two regions that agreed different terms, and agreements that change half-way."""

from datetime import datetime
from typing import Any

import pytest

from schemas.agreements import Agreements
from schemas.body import Phase
from schemas.handovers import HandoverState
from schemas.supports import SupportKind
from schemas.tables.transitions import Effect
from tests.oversight.story import CHILD, LT, MONDAY, VT, Story, at, handover, heard, local, plan, uuid


def agreed(document: str = "noord", terms: dict[str, str] | None = None, **numbers: int) -> Agreements:
    return Agreements.model_validate(
        {"since": "2026-01-01", "document": document, "terms": terms or {}, "numbers": numbers}
    )


QUICK = agreed("noord", {"FIRST_REACTION": "1 working day", "heights.STANDARD.2": "1 working day"})
SLOW = agreed("zuid", {"FIRST_REACTION": "5 working days", "heights.STANDARD.2": "6 working days"})


def days_of_alerts(story: Story, code: str, until: datetime) -> list[tuple[str, int | None]]:
    """On which day each tier of an alert was told."""
    found = []
    while story.now < until:
        for said in story.wait(min(until, story.now.replace(hour=23, minute=59, second=59))):
            if said.body.code == code:
                found.append((local(story.now)[:10], said.tier))
        story.now = at(story.now.strftime("%Y-%m-%d 00:00")).replace(hour=0) + (MONDAY - at("2026-03-01"))
    return found


@pytest.mark.parametrize(
    ("agreements", "days"),
    [
        (None, [("2026-03-05", 1), ("2026-03-10", 2), ("2026-03-19", 3)]),
        (QUICK, [("2026-03-03", 1), ("2026-03-04", 2), ("2026-03-13", 3)]),
        (SLOW, [("2026-03-09", 1), ("2026-03-17", 2), ("2026-03-26", 3)]),
    ],
)
def test_the_same_messages_alarm_on_other_days_where_other_terms_were_agreed(
    agreements: Agreements | None, days: list[tuple[str, int]]
) -> None:
    """A proposal of Monday 2 March 2026 that nobody answers: when who hears of it."""
    story = Story(agreed=agreements)
    story.propose(MONDAY)
    assert days_of_alerts(story, "FIRST_REACTION", at("2026-04-01")) == days


def test_agreements_that_change_half_way_do_not_change_what_was_owed_before() -> None:
    """What opened under the old ones keeps its date; what opens from then on has the new one."""
    story = Story(agreed=SLOW)
    story.propose(MONDAY)
    before = story.owed("FIRST_REACTION").due
    story.tell("handovers.questioned", LT, at("2026-03-03"), questioned(), case={"agreed": QUICK})
    assert story.owed("FIRST_REACTION").due == before
    assert story.watch.head.agreed == QUICK
    story.accept(at("2026-03-04"))
    assert local(story.owed("WARM_CONTACT").due)[:10] == "2026-03-11"


def questioned() -> Any:
    return handover(HandoverState.PROPOSED, HandoverState.PROPOSED)


@pytest.mark.parametrize(
    ("terms", "name", "fields", "code", "due"),
    [
        ({"LONGEST_WAIT": "14 days"}, "handovers.wait_announced", {"until": "2026-04-20"}, "WAIT_REVIEW", "2026-03-16"),
        ({"LONGEST_WAIT": "56 days"}, "handovers.wait_announced", {"until": "2026-04-20"}, "WAIT_REVIEW", "2026-04-20"),
        ({"MEASURE_END.notice": "60 days"}, "measures.started", {}, "MEASURE_END", "2026-12-31"),
        ({"CASE_UPDATE": "30 days"}, "cases.opened", {}, "CASE_UPDATE", "2026-04-01"),
    ],
)
def test_a_term_that_was_agreed_is_counted_from_the_message_that_opens_it(
    terms: dict[str, str], name: str, fields: dict[str, Any], code: str, due: str
) -> None:
    """Those that are no row of the table of obligations too."""
    story = Story(agreed=agreed(terms=terms))
    change = (handover(HandoverState.PROPOSED, HandoverState.WAITING),) if name.startswith("handovers") else ()
    story.tell(name, LT if change else VT, MONDAY, *change, **fields)
    assert local(story.owed(code).due)[:10] == due


def test_an_update_during_a_measure_comes_as_often_as_was_agreed() -> None:
    """Ours is six weeks."""
    story = Story(agreed=agreed(terms={"CASE_UPDATE.measure": "28 days"}), duty=("gi-noord",))
    story.tell("cases.opened", VT, MONDAY)
    assert local(story.owed("CASE_UPDATE").due)[:10] == "2026-03-30"


def test_specialist_case_management_is_looked_at_on_the_days_agreed() -> None:
    """In place of 78, 185 and 249 days after its start."""
    marks = {"SUPPORT_REVIEW.first": "60 days", "SUPPORT_REVIEW.before": "15 days"}
    story = Story(agreed=agreed(terms=marks))
    fact = story.fact("supports.accepted", "gi-noord", MONDAY, to=(LT,))
    story.take(fact.model_copy(update={"support": SupportKind.SPECIALIST_CASE_MANAGEMENT}))
    owed = sorted(story.watch.of("SUPPORT_REVIEW"), key=lambda each: each.due)
    assert [local(each.due)[:10] for each in owed] == ["2026-05-01", "2026-09-03", "2026-11-06"]
    assert local(owed[0].opens_at)[:10] == "2026-04-16"


def test_every_mark_of_specialist_case_management_may_be_agreed() -> None:
    marks = {
        f"SUPPORT_REVIEW.{mark}": f"{days} days" for mark, days in (("first", 60), ("second", 150), ("third", 300))
    }
    story = Story(agreed=agreed(terms=marks))
    fact = story.fact("supports.accepted", "gi-noord", MONDAY, to=(LT,))
    story.take(fact.model_copy(update={"support": SupportKind.SPECIALIST_CASE_MANAGEMENT}))
    owed = sorted(story.watch.of("SUPPORT_REVIEW"), key=lambda each: each.due)
    assert [local(each.due)[:10] for each in owed] == ["2026-05-01", "2026-07-30", "2026-12-27"]


def test_a_warm_contact_that_is_owed_again_leaves_the_time_agreed() -> None:
    """Ours is two working days."""
    story = Story(agreed=agreed(terms={"WARM_CONTACT.least": "4 working days"}))
    story.propose(MONDAY)
    story.accept(MONDAY)
    warm, lapsed = HandoverState.WARM, HandoverState.ACCEPTED
    story.tell("handovers.warm_contact_attested", LT, at("2026-03-08"), handover(lapsed, warm, Effect.AGREED))
    story.tell("handovers.professional_changed", LT, at("2026-03-09"), handover(warm, lapsed, Effect.LAPSED))
    assert local(story.owed("WARM_CONTACT").due)[:10] == "2026-03-13"


def test_a_child_counts_as_unseen_after_the_days_agreed() -> None:
    """Ours is one day after the interval of the plan."""
    story = Story(agreed=agreed(terms={"SIGHT.grace": "2 days"}))
    story.propose(MONDAY, sight=[plan(CHILD, 7)])
    assert not [said for said in story.wait(at("2026-03-10 23:59")) if said.body.code == "NO_OVERSIGHT"]
    assert [said for said in story.wait(at("2026-03-12 00:01")) if said.body.code == "NO_OVERSIGHT"]


def test_helpers_are_too_many_where_the_chain_says_so() -> None:
    """Ours is more than seven."""
    for most, alarmed in ((5, True), (9, False)):
        story = Story(agreed=agreed(HELPERS=most), helpers=6)
        said = story.tell("cases.opened", VT, MONDAY)
        assert bool([each for each in heard(said) if each[1] == "TOO_MANY_HELPERS"]) is alarmed


def test_acknowledging_silences_no_longer_than_agreed() -> None:
    """Ours is ten working days."""
    story = Story(agreed=agreed(terms={"SILENCE": "2 working days"}))
    story.propose(MONDAY)
    raised = story.wait(at("2026-03-06"))[0]
    story.acknowledge(raised.alert, LT, at("2026-03-06"), "2026-03-31")
    assert heard(story.wait(at("2026-03-11"))) == [("escalated", "FIRST_REACTION", 2, {LT, "coordinatie"})]


def test_direct_unsafety_takes_the_short_terms_that_were_agreed() -> None:
    """Also for what was owed already."""
    story = Story(agreed=agreed(terms={"FIRST_REACTION.direct": "6 hours"}))
    story.propose(MONDAY)
    story.tell(
        "assessments.recorded", VT, at("2026-03-02 12:00"), case={"phase": Phase.DIRECT_SAFETY}, assessment=uuid()
    )
    assert local(story.owed("FIRST_REACTION").due) == "2026-03-02 18:00:00"
