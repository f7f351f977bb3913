"""What is owed around the help itself: who stands in, what stands still, what is talked over."""

import pytest

from schemas.refusal import Flag
from tests.oversight.story import COORDINATION, LT, MONDAY, VT, WORKER, Story, at, heard, local

AWAY = {"absence": "00000000-0000-4000-8000-000000000018"}


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
