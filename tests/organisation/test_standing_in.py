"""Who stands in sees what was agreed with the family before anything else."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.organisation import tables as t
from services.organisation.said import Told
from services.organisation.standing_in import in_words, stand_ins
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import VT, opened_case

DAY = datetime(2026, 7, 9, 9, tzinfo=UTC)
HOLIDAY, ILLNESS = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
WHO = {"ref": "vt-2", "function": "veilig-thuis-worker"}
AGREED = [{"id": "grandmother-first", "kind": "FIRST_CALL"}, {"id": "announced", "kind": "VISITS"}]


def away(name: str = "absences.planned", day: int = 0, absence: str = HOLIDAY, **more: Any) -> Told:
    whole = {"absence": absence, "professional": "vt-1", "since": "2026-07-13", "until": "2026-07-31"} | more
    return Told(name, VT, whole, DAY + timedelta(days=day))


PLANNED = away(stand_in=WHO, agreements=AGREED)


@pytest.mark.parametrize(("day", "runs"), [(12, False), (13, True), (31, True)])
def test_it_stands_there_from_the_first_day_to_the_last(day: int, runs: bool) -> None:
    assert bool(stand_ins([PLANNED], date(2026, 7, day))) is runs


def test_what_was_agreed_stays_when_the_absence_is_said_anew() -> None:
    """As the rules keep it."""
    later = away("absences.started", 4, reason="PLANNED", until=None)
    (row,) = stand_ins([later, PLANNED], date(2026, 8, 20))
    assert (row["stand_in"], row["agreements"], row["until"]) == (WHO, AGREED, None)


def test_it_is_over_when_the_professional_is_back() -> None:
    ended = Told("absences.ended", VT, {"absence": HOLIDAY}, DAY + timedelta(days=6))
    assert stand_ins([PLANNED, ended], date(2026, 7, 20)) == []


def test_where_nobody_stands_in_the_worklist_says_so() -> None:
    (row,) = stand_ins([away("absences.started", reason="ILLNESS", until=None)], date(2026, 7, 20))
    assert in_words(row) == "vt-1 is away: name who stands in."


async def test_the_page_of_the_case_begins_with_it_and_so_does_the_worklist(any_street: Any, gate: SmallGate) -> None:
    """And a case in which everybody is there says nothing of it."""
    office = await any_street.office(VT)
    case = await opened_case(office)
    assert (await office.get(f"/api/cases/{case}", "vt-2"))["standing_in"] == []
    since, until = gate.now.date(), gate.now.date() + timedelta(days=7)
    body = {
        "absence": HOLIDAY, "professional": "vt-1", "since": f"{since}", "until": f"{until}",
        "stand_in": {**WHO, "registration": "SKJ"}, "agreements": AGREED,
    }  # fmt: skip
    (planned,) = await office.send("absences.planned", "vt-1", case=case, body=body)
    await office.decided(planned["id"])
    page = await office.get(f"/api/cases/{case}", "vt-2")
    assert next(iter(page)) == "standing_in"
    assert [agreement["kind"] for agreement in page["standing_in"][0]["agreements"]] == ["FIRST_CALL", "VISITS"]
    first, *_ = await office.get("/api/worklist", "vt-2")
    assert first["text"] == (
        f"vt-2 stands in for vt-1 until {until}. First read what was agreed with the family: FIRST_CALL, VISITS."
    )
    async with office.edge.engine.begin() as connection:
        await connection.execute(sa.update(t.sent).values(value=b""))
    assert (await office.get(f"/api/cases/{case}", "vt-2"))["standing_in"] == [], "what was erased says nothing"
    assert [row["kind"] for row in await office.get("/api/worklist", "vt-2")] == []
