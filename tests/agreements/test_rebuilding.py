"""Agreements that changed half-way, and the state of oversight made anew: the past stays what it was."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.agreements import Agreements
from schemas.handovers import HandoverState
from tests.agreements.chains import agreed
from tests.oversight.story import LT, VT, Story, handover, plan, uuid
from tests.oversight.test_rebuild import Slot

S = HandoverState
QUICK = agreed(document="quick", terms={"FIRST_REACTION": "1 working day", "heights.STANDARD.2": "1 working day"})
SLOW = agreed("2026-03-05", document="slow", terms={"FIRST_REACTION": "6 working days", "CASE_UPDATE": "30 days"})


def say(slot: Slot, case: int, name: str, by: str, *change: Any, agreements: Agreements | None, **more: Any) -> None:
    fact = Story(agreed=agreements).fact(name, by, slot.now, *change, **more)
    slot.fact(fact.model_copy(update={"subject": f"case:{uuid(case)}"}))


def proposed(slot: Slot, case: int, agreements: Agreements | None) -> None:
    say(slot, case, "cases.opened", VT, agreements=agreements)
    change = handover(None, S.PROPOSED, handover_id=uuid(100 + case))
    say(slot, case, "handovers.proposed", VT, change, agreements=agreements, sight=[plan(every_days=60)])


@pytest.mark.parametrize("lost", [False, True])
def test_a_state_made_anew_after_agreements_changed_has_the_same_alerts(lost: bool) -> None:
    """Each case by what was agreed when it was spoken of: from the facts alone, whatever is agreed today."""
    slot = Slot()
    proposed(slot, 1, QUICK)
    slot.tick(slot.now + timedelta(days=1, hours=16))  # tier 1 of the quick ones
    proposed(slot, 2, SLOW)
    asked = handover(S.PROPOSED, S.PROPOSED, handover_id=uuid(101))
    say(slot, 1, "handovers.questioned", LT, asked, agreements=SLOW, handover=uuid(101))
    slot.tick(slot.now + timedelta(days=12))
    slot.watch()
    before, said = slot.kept, slot.said
    assert [code for _, code, _ in said if code == "FIRST_REACTION"]
    if lost:
        slot.forget()
    slot.rebuild()
    assert slot.kept == before
    assert {alert for _, _, alert in slot.said[len(said) :]} <= {alert for _, _, alert in said}
