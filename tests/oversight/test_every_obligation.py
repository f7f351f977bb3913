"""Each obligation of the table is owed, heard when nobody does it, and ends in each of its ways."""

from datetime import timedelta

import pytest

from schemas.body import Phase
from schemas.handovers import HandoverState as S
from schemas.refusal import Flag
from schemas.tables.ladder import LADDERS
from schemas.tables.obligations import ROWS, STANDING
from services.oversight.rules.flagged import FLAGGED
from tests.oversight.begun import ALL, ASKED, FROM_MEASURE, RAAD, Act, moved
from tests.oversight.story import GI, LT, MONDAY, OTHER, VT, Story, handover, plan, uuid


def test_every_row_has_a_story_in_which_it_begins() -> None:
    """One that is added is told here too."""
    assert set(ALL) == {row.code for row in ROWS}


@pytest.mark.parametrize("code", ALL)
def test_what_nobody_does_is_heard_once_it_is_due_and_not_before(code: str) -> None:
    """By at least one organisation, under the name of its alert."""
    story = ALL[code]()
    owed = min(story.watch.of(code), key=lambda owed: owed.due)
    story.wait(owed.due - timedelta(seconds=1))
    assert not [say for say in story.said if say.body.code == owed.row.alert_code]
    story.wait(owed.due)
    raised = [say for say in story.said if say.body.code == owed.row.alert_code]
    assert raised and raised[0].to


REGIE_TO_TEAM = Act("cases.lead_person_changed", LT, case={"regie": LT})
REGIE_TO_INSTITUTION = Act("cases.lead_person_changed", GI, case={"regie": GI})
REGIE_TO_VT = Act("cases.lead_person_changed", VT, case={"regie": VT})
OTHER_MEASURE = Act("measures.started", GI, measure=uuid(70), handover=uuid(99))
NAMED_ANEW = Act("handovers.professional_changed", VT, handover(S.WARM, S.WARM), to=(LT,))
REPORT_ENDED = Act("reports.ended", VT)
TO_GI = {"sender": LT, "receiver": GI}

ENDS: tuple[tuple[str, Act], ...] = (
    ("REROUTE", REPORT_ENDED),
    ("REROUTE", REGIE_TO_INSTITUTION),
    ("VTO_OWED", REGIE_TO_TEAM),
    ("SAFETY_ASSESSMENT", REGIE_TO_INSTITUTION),
    ("CHILD_SEEN", REGIE_TO_INSTITUTION),
    ("INFORM_LATER", Act("handovers.proposed", VT, handover=OTHER, told=[{"person": "parent-1", "told": True}])),
    ("VT_ASSESSMENT", REPORT_ENDED),
    ("VT_START", Act("reports.investigation_concluded", VT)),
    ("VT_DECISION", REPORT_ENDED),
    ("RAAD_RECEIPT", Act("investigations.concluded", RAAD)),
    ("RAAD_WAIT_NOTICE", Act("investigations.concluded", RAAD)),
    ("CORV_REFERENCE", Act("investigations.concluded", RAAD)),
    ("TABLE_REQUEST", OTHER_MEASURE),
    ("TABLE_REVIEW", ASKED),
    ("MEASURE_END", OTHER_MEASURE),
    ("INFORMATION_REPLY", Act("information.provided", LT, to=(GI,))),
    ("STAND_IN_NAMED", NAMED_ANEW),
    ("LEAD_PERSON_NAMED", Act("measures.worker_assigned", VT)),
    ("LEAD_PERSON_NAMED", NAMED_ANEW),
    ("LEAD_PERSON_NAMED", Act("absences.ended", VT)),
    ("LEAD_PERSON_NAMED", REGIE_TO_TEAM),
    ("STAGNATION_ACTION", Act("stagnations.resolved", LT)),
    ("INTENDED_REQUEST", Act("tables.requested", VT)),
    ("INTENDED_REQUEST", OTHER_MEASURE),
    ("SCALE_UP", Act("supports.requested", LT, to=(GI,))),
    ("SCALE_UP", Act("handovers.proposed", VT)),
    ("SCALE_UP", Act("tables.requested", VT)),
    ("SCALE_UP", Act("consults.held", LT)),
    ("SCALE_UP", ASKED),
    ("SCALE_UP", OTHER_MEASURE),
    ("GOAL_REVIEW", Act("supports.reviewed", VT)),
    ("SUPPORT_REVIEW", OTHER_MEASURE),
    ("SUPPORT_WAIT_REVIEW", Act("supports.declined", GI, to=(LT,))),
    ("SUPPORT_WAIT_REVIEW", Act("supports.ended", LT, to=(GI,))),
    ("LEAD_END", OTHER_MEASURE),
    ("LEAD_END", Act("handovers.hand_back_answered", LT, moved(S.HANDED_BACK, S.RETURNED, **TO_GI))),
    ("LEAD_END", Act("handovers.return_waived", LT, moved(S.RETURNING, S.SUPERSEDED, **TO_GI))),
    ("CONSENT_NEEDED_AT_MEASURE_END", OTHER_MEASURE),
    ("RETURN_HANDOVER", REGIE_TO_TEAM),
    ("RETURN_HANDOVER", OTHER_MEASURE),
    ("RETURN_STALLED", REGIE_TO_VT),
    ("RETURN_STALLED", Act("handovers.cancelled", GI, moved(S.PROPOSED, S.CANCELLED, **FROM_MEASURE), handover=OTHER)),
)
"""What ends an obligation, where no other test tells it."""


@pytest.mark.parametrize(("code", "end"), ENDS, ids=[f"{code}-{end.name}" for code, end in ENDS])
def test_what_ends_an_obligation_ends_it(code: str, end: Act) -> None:
    """Also where it ends because it no longer applies."""
    story = ALL[code]()
    owed = {owed.key for owed in story.watch.of(code)}
    assert owed
    end(story)
    assert not owed & set(story.watch.owed)


def test_a_review_of_a_take_over_is_one_whatever_it_is_called() -> None:
    """A second professional who looked at the very message has looked at the emergency."""
    story = ALL["URGENT_REVIEW"]()
    Act("reviews.recorded", LT, message=story.owed("URGENT_REVIEW").cause)(story)
    assert "URGENT_REVIEW" not in story.codes


def test_a_lead_for_a_time_that_goes_on_to_another_is_over() -> None:
    """The institution led, and leads no more."""
    story = ALL["LEAD_END"]()
    REGIE_TO_INSTITUTION(story)
    assert "LEAD_END" in story.codes
    REGIE_TO_TEAM(story)
    assert "LEAD_END" not in story.codes


@pytest.mark.parametrize("state", STANDING)
def test_who_hears_of_a_handover_half_way_knows_what_its_state_asks(state: S) -> None:
    """After a gap nothing is known of how it came there; still somebody owes something (I5)."""
    story = Story()
    story.tell("handovers.professional_changed", LT, MONDAY, handover(state, state), to=(VT,))
    assert story.codes >= {STANDING[state]}


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("name", LADDERS)
def test_an_alarm_climbs_every_rung_of_its_ladder_and_no_other(name: str, direct: bool) -> None:
    """Within five weeks, when nobody does anything and somebody sees the child."""
    row = next(row for row in ROWS if row.heights == name)
    story = ALL[row.code](phase=Phase.DIRECT_SAFETY if direct else Phase.STABLE_SAFETY)
    story.tell("sight.planned", VT, plans=[plan(every_days=92)])
    story.wait(min(owed.due for owed in story.watch.of(row.code)) + timedelta(weeks=5))
    heard = [say.tier for say in story.said if say.body.code == row.alert_code]
    assert heard == [rung.tier for rung in LADDERS[name][direct]]


@pytest.mark.parametrize(("flag", "over"), [(row.flag, over) for row in FLAGGED for over in row.over])
def test_what_was_flagged_is_over_once_it_was_looked_at(flag: Flag, over: str) -> None:
    """And whoever heard of it hears that."""
    story = Story()
    told = story.tell("dossiers.shared", VT, MONDAY, flags=(flag,))
    assert [say.body.code for say in told] == [flag]
    assert flag in [say.body.code for say in story.tell(over, VT) if say.tier is None]
