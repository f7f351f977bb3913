"""Who is involved with a family, as its page shows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.entry import EntryContact
from services.organisation.roster import roster
from services.organisation.said import Told
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import LINDE, VT, opened_case

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHO = {"ref": "p-1", "function": "case-manager"}


def said(name: str, source: str, day: int, **body: Any) -> Told:
    return Told(name, source, body, DAY + timedelta(days=day))


def parts(*told: Told, regie: str = VT) -> list[tuple[str, str, bool]]:
    return [(one.part, one.organisation, one.until is None) for one in roster(told, regie)]


STORY = (
    said("cases.opened", VT, 0, lead=WHO),
    said("handovers.accepted", LINDE, 3, professional=WHO, stays=[
        {"organisation": "school-de-brug", "function": "teacher", "task": "EDUCATION"}]),
)  # fmt: skip


def test_who_takes_over_leads_when_regie_has_moved() -> None:
    """And who led before is shown with an end."""
    assert parts(*STORY) == [
        ("LEADS", VT, True),
        ("STAYS", "school-de-brug", True),
        ("TAKES_OVER", LINDE, True),
    ]
    assert parts(*STORY, regie=LINDE) == [
        ("LEADS", VT, False),
        ("LEADS", LINDE, True),
        ("STAYS", "school-de-brug", True),
    ]


@pytest.mark.parametrize(
    ("begin", "end", "part"),
    [
        ("supports.accepted", "supports.ended", "SUPPORTS"),
        ("measures.worker_assigned", "measures.ended", "MEASURE"),
    ],
)
def test_help_has_a_beginning_and_an_end(begin: str, end: str, part: str) -> None:
    thing = {"support": "s", "measure": "m"}
    first = said(begin, LINDE, 1, professional=WHO, worker=WHO, **thing)
    assert parts(first) == [(part, LINDE, True)]
    (row,) = roster([first, said(end, LINDE, 9, **thing)], VT)
    assert (row.part, row.until) == (part, DAY + timedelta(days=9))


def test_there_is_one_fixed_contact_and_the_former_is_remembered() -> None:
    """Counted per family (D#31)."""
    contacts = [
        said("contacts.fixed_contact_changed", VT, day, contact={"organisation": org, "professional": WHO})
        for day, org in enumerate((LINDE, VT))
    ]
    found = [one for one in roster(contacts, VT) if one.part == "FIXED_CONTACT"]
    assert [(one.organisation, one.until is None) for one in found] == [(LINDE, False), (VT, True)]


async def test_the_page_of_a_case_shows_the_contact_to_a_newcomer(any_street: Any, gate: SmallGate) -> None:
    """Who never got the message about it reads it from the entry of the first that comes."""
    sender = await any_street.office(VT)
    case = await opened_case(sender)
    page = await sender.get(f"/api/cases/{case}", "vt-1")
    assert (page["contact"], [row["part"] for row in page["roster"]]) == (None, ["LEADS"])
    told = EntryContact(organisation=LINDE, ref="p-1", function="coach", changes=2)
    body = {"plans": [{"child": "child-1", "by": [{"kind": "NETWORK", "function": "aunt"}], "every_days": 7}]}
    (said_,) = await sender.send("sight.planned", "vt-1", case=case, body=body)
    await sender.decided(said_["id"], contact=told)
    page = await sender.get(f"/api/cases/{case}", "vt-1")
    assert page["contact"] == {"organisation": LINDE, "ref": "p-1", "function": "coach", "changes": 2}
