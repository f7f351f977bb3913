"""Two that had a part in one case become one; and what a word for the old name is worth."""

import pytest

from schemas.consents import Decision, Scope
from schemas.handovers import HandoverState
from services.gate.rules.case_records import CaseHead, HandoverRecord, StatementRecord
from services.gate.rules.succession import Ended, goes_over
from tests.gate.rules.families import uid
from tests.invariants.stories import accepted
from tests.invariants.talk import OTHER_TEAM, TEAM, Talk
from tests.invariants.world import World

BOTH = Ended(TEAM.slug, OTHER_TEAM.slug)


def talk() -> Talk:
    return Talk(World())


def test_a_handover_between_two_that_become_one_ends_and_the_lead_is_there() -> None:
    """Within one organisation the lead changes without a handover."""
    told = talk()
    accepted(told)
    effects = goes_over(told.case, BOTH)
    after = told.case.after(effects)
    assert after.of(HandoverRecord)[uid("h1")].state is HandoverState.CANCELLED
    assert [(fact.before, fact.after) for fact in effects.also] == [(HandoverState.ACCEPTED, HandoverState.CANCELLED)]
    head = after.of(CaseHead)[""]
    assert (head.regie, head.parties) == (OTHER_TEAM.slug, (OTHER_TEAM.slug,))


@pytest.mark.parametrize("decision", Decision)
def test_a_word_for_the_old_name_counts_for_the_new_one(decision: Decision) -> None:
    """A refusal as much as a grant (BW 2:309)."""
    told = talk()
    told.consent("father", "child", decision, Scope(recipients=(TEAM.slug,)))
    after = told.case.after(goes_over(told.case, BOTH))
    assert [s.scope.recipients for s in after.of(StatementRecord).values() if s.scope.recipients] == [
        (OTHER_TEAM.slug,)
    ]


def test_a_grant_does_not_go_over_where_the_new_name_was_refused() -> None:
    """It would widen what that person allowed; consent is asked anew."""
    told = talk()
    told.consent("father", "child", Decision.REFUSED, Scope(recipients=(OTHER_TEAM.slug,)))
    told.consent("father", "child", Decision.GRANTED, Scope(recipients=(TEAM.slug,)))
    after = told.case.after(goes_over(told.case, BOTH))
    granted = [s for s in after.of(StatementRecord).values() if s.decision is Decision.GRANTED and s.scope.recipients]
    assert [s.scope.recipients for s in granted] == [(TEAM.slug,)]
