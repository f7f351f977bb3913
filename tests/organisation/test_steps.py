"""The family sees where it stands, what comes next, who decides and by when, and whether a child may have to leave."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.handovers import FINAL, HandoverState
from services.organisation.said import Told
from services.organisation.steps import HANDOVERS, limits, steps
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import VT, opened_case
from tests.organisation.test_cautions import told as told_in_secret

TEAM, RAAD, GI = "lokaal-team-linde", "raad-noord", "gi-noord"
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 20)


def said(name: str, source: str, day: int, **body: Any) -> Told:
    return Told(name, source, body, DAY + timedelta(days=day))


ASKED = said("investigations.registered", TEAM, 0, investigation="v")
LATER = said("investigations.wait_announced", RAAD, 2, investigation="v", expected_on="2026-04-20")
BEGUN = said("investigations.started", RAAD, 9, investigation="v")
STARTED = said("measures.started", GI, 12, measure="m", child="c", until="2027-03-01")


def ahead(*told: Told, about: str = "INVESTIGATION") -> list[dict[str, Any]]:
    return [row for row in steps(told, (), TEAM, TODAY) if row["about"] == about]


def test_who_leads_stands_first() -> None:
    first, *_ = steps((ASKED,), (), TEAM, TODAY)
    assert (first["about"], first["organisation"]) == ("LEAD", TEAM)


def test_every_state_in_which_something_is_to_come_has_a_step() -> None:
    """And a final one has none: every one of them is told with who decides and the term of it."""
    assert set(HANDOVERS) == set(HandoverState) - FINAL
    rows = [SimpleNamespace(state=state.value, since=DAY, sender=VT, receiver=TEAM) for state in HandoverState]
    shown = [row for row in steps((), rows, TEAM, TODAY) if row["about"] == "HANDOVER"]
    assert len(shown) == len(HANDOVERS) and all(row["next"] for row in shown)
    (asked,) = steps((), rows[:1], VT, TODAY)[1:]
    assert (asked["organisation"], asked["within"]) == (TEAM, "3 working days")
    back = SimpleNamespace(state="HANDED_BACK", since=DAY, sender=VT, receiver=TEAM)
    assert steps((), (back,), VT, TODAY)[1]["organisation"] == VT


@pytest.mark.parametrize(
    ("told", "within", "before"),
    [
        ((ASKED,), "10 days", None),
        ((ASKED, LATER), "10 days", "2026-04-20"),
        ((ASKED, LATER, BEGUN), "42 days", None),
    ],
)
def test_as_long_as_the_raad_has_not_spoken_it_says_that_nothing_is_decided(
    told: tuple[Told, ...], within: str, before: str | None
) -> None:
    """About living elsewhere, that is: doubt about it hurts most (D#84)."""
    (row,) = ahead(*told)
    assert (row["within"], row["before"], row["placement"]) == (within, before, "UNDECIDED")


@pytest.mark.parametrize("placement", ["ASKED", "NOT_ASKED", "UNDECIDED"])
def test_what_the_raad_asks_is_told_openly_and_then_the_judge_decides(placement: str) -> None:
    over = said(
        "investigations.concluded", RAAD, 11, investigation="v", outcome="MEASURE_REQUESTED", placement=placement
    )
    (row,) = ahead(ASKED, BEGUN, over)
    assert row["placement"] == placement and "judge" in row["next"]


def test_a_measure_shows_its_last_day_and_that_somebody_comes() -> None:
    """Until somebody came."""
    (row,) = ahead(STARTED, about="MEASURE")
    assert (row["until"], row["within"]) == ("2027-03-01", "5 working days")
    came = said("measures.worker_assigned", GI, 14, measure="m", contact_held_at="2026-03-15T09:00:00Z")
    (row,) = ahead(STARTED, came, about="MEASURE")
    assert row["within"] is None
    assert ahead(STARTED, said("measures.ended", GI, 16, measure="m"), about="MEASURE") == []
    assert [row for row in steps((STARTED,), (), TEAM, date(2027, 3, 2)) if row["about"] == "MEASURE"] == []


def test_a_talk_at_the_table_has_a_day_until_it_was_held() -> None:
    asked = said("tables.requested", TEAM, 0, table="t")
    invited = said("tables.invited", RAAD, 1, table="t", meets_on="2026-03-30")
    assert [row["before"] for row in ahead(asked, invited, about="TABLE")] == ["2026-03-30"]
    assert ahead(asked, invited, said("tables.decided", RAAD, 28, table="t"), about="TABLE") == []


def test_what_must_be_safe_is_shown_with_what_became_of_it() -> None:
    """Limits that are known beforehand (D#190)."""
    first = said("handovers.proposed", VT, 0, conditions=[{"id": "no-violence", "kind": "NO_VIOLENCE", "digest": "d"}])
    met = said("monitoring.checked", TEAM, 9, conditions=[{"id": "no-violence", "status": "MET"}])
    assert limits([first]) == [{"id": "no-violence", "kind": "NO_VIOLENCE", "status": "OPEN"}]
    assert [row["status"] for row in limits([first, met])] == ["MET"]


async def test_it_stands_on_the_page_that_the_family_is_shown(any_street: Any, gate: SmallGate) -> None:
    office = await any_street.office(VT)
    case = await opened_case(office)
    page = await office.get(f"/api/cases/{case}?shown_to=family", "vt-1")
    assert [row["about"] for row in page["steps"]] == ["LEAD"] and page["limits"] == []


async def test_where_an_address_is_secret_the_steps_name_kinds(street: Any, gate: SmallGate) -> None:
    office, _ = await told_in_secret(street, gate)
    (case,) = [row["subject"] for row in await office.get("/api/cases", "linde-1")]
    page = await office.get(f"/api/cases/{case}?shown_to=family", "linde-1")
    assert page["steps"][0]["organisation"] == "VEILIG_THUIS"
