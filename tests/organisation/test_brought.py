"""The page of a case shows what the last proposal brought, and what nobody asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.brought import LifeArea
from schemas.manifest import Category, StatementKind
from services.organisation.brought import brought
from services.organisation.letters import _shown
from services.organisation.said import Told
from services.organisation.sections import Opened
from tests.gate.rules.families import section
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import VT, opened_case

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
GOAL = {"person": "child-1", "measure": "DAYS_AT_SCHOOL", "due": "2026-06-01"}


def proposed(day: int = 0, **more: Any) -> Told:
    return Told("handovers.proposed", VT, {"handover": "h-1", **more}, DAY + timedelta(days=day))


def test_an_area_of_life_that_nobody_named_was_not_asked() -> None:
    """Allowed, and visible (D#169)."""
    found = brought([proposed(areas=[{"area": "MONEY", "state": "GIVEN"}, {"area": "WORK", "state": "REFUSED"}])])
    assert found is not None and set(found["areas"]) == set(LifeArea)
    assert {area for area, state in found["areas"].items() if state != "NOT_ASKED"} == {"MONEY", "WORK"}


def test_goals_stand_in_the_order_of_their_priority() -> None:
    goals = [GOAL | {"id": "b", "priority": 2}, GOAL | {"id": "a", "priority": 1}]
    found = brought([proposed(goals=goals)])
    assert found is not None and [goal["id"] for goal in found["goals"]] == ["a", "b"]


def test_it_shows_who_was_given_it_to_read_and_who_was_not() -> None:
    """Parents say: we see no reports (D#121)."""
    response = {"person": "mother", "state": "GIVEN", "shown_on": "2026-03-01"}
    told = [{"person": "mother", "told": True}, {"person": "father", "told": False}]
    found = brought([proposed(told=told, client_response=[response])])
    assert found is not None and found["family"] == [
        {"person": "mother", "told": True, "shown_on": "2026-03-01", "response": "GIVEN"},
        {"person": "father", "told": False, "shown_on": None, "response": None},
    ]


def test_the_latest_proposal_counts() -> None:
    plans = [
        proposed(day, group_plan={"state": state, "on": "2026-03-01"}) for day, state in ((3, "MADE"), (0, "OFFERED"))
    ]
    found = brought(plans)
    assert found is not None and found["group_plan"]["state"] == "MADE"
    assert brought([]) is None


@pytest.mark.parametrize(
    ("category", "kind", "rests_on", "bare"),
    [
        (Category.CONCERNS, StatementKind.OPINION, (), True),
        (Category.CONCERNS, StatementKind.OPINION, ("11111111-1111-4111-8111-111111111111",), False),
        (Category.CONCERNS, StatementKind.OBSERVATION, (), False),
        (Category.STRENGTHS, StatementKind.OPINION, (), False),
    ],
)
def test_who_opens_a_letter_sees_a_worry_of_which_no_facts_are_named(
    category: Category, kind: StatementKind, rests_on: tuple[str, ...], bare: bool
) -> None:
    """D#189."""
    made = section(category, "mother").model_copy(update={"kind": kind, "rests_on": rests_on})
    assert ("without_facts" in _shown(Opened(made, None, None), frozenset())) is bare


async def test_it_stands_on_the_page_of_the_case(any_street: Any, gate: SmallGate) -> None:
    office = await any_street.office(VT)
    case = await opened_case(office)
    assert (await office.get(f"/api/cases/{case}", "vt-1"))["brought"] is None
