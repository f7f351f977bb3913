"""What an organisation holds back from a person, as its own privacy officer sees it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.organisation.said import Told
from services.organisation.withheld import withheld

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HIDDEN = {"decision": "WITHHELD", "article": "UAVG_41", "review_on": "2026-06-01"}


def asked(request: str, about: str = "youth") -> Told:
    return Told("access.requested", "team-a", {"request": request, "person": "mother", "about": about}, DAY)


def answered(request: str, day: int, *lines: dict[str, Any]) -> Told:
    return Told("access.answered", "team-a", {"request": request, "lines": list(lines)}, DAY + timedelta(days=day))


def line(item: str, **more: Any) -> dict[str, Any]:
    return {"message": "m-1", "item": item, "decision": "SHOWN", **more}


def test_items_held_back_from_this_person_are_named_with_article_and_day() -> None:
    told = [asked("r-1"), answered("r-1", 1, line("i-1"), line("i-2", **HIDDEN)), asked("r-2", "father")]
    other = answered("r-2", 1, line("i-3", **HIDDEN))
    assert withheld([*told, other], "youth") == [
        {"message": "m-1", "item": "i-2", "article": "UAVG_41", "review_on": "2026-06-01"}
    ]


def test_the_latest_answer_counts() -> None:
    """Looked at again, and shown after all."""
    told = [asked("r-1"), answered("r-1", 1, line("i-1", **HIDDEN)), asked("r-3"), answered("r-3", 90, line("i-1"))]
    assert withheld(told, "youth") == []


def test_an_answer_of_the_moment_of_asking_counts_too() -> None:
    assert len(withheld([answered("r-1", 0, line("i-1", **HIDDEN)), asked("r-1")], "youth")) == 1
