"""What a step becomes when it is sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.directory import Deployment
from schemas.days import AMSTERDAM
from services.cli.play.filling import Filling
from services.cli.play.scenario import Scenario, Step


@pytest.fixture
def filling(read: Callable[..., Scenario], deployment: Deployment) -> Filling:
    found = Filling(read(), deployment, {})
    found.now = datetime(2026, 10, 24, 12, 0, tzinfo=AMSTERDAM)
    return found


def step(**fields: Any) -> Step:
    return Step.model_validate({"step": "x", "who": "lokaal-team-linde/linde-1", **fields})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("today", "2026-10-24"),
        ("today-3", "2026-10-21"),
        ("today 14:00", "2026-10-24T14:00:00+02:00"),
        ("today+1 9:30", "2026-10-25T09:30:00+01:00"),  # the clock was put back that night
        ("now", "2026-10-24T12:00:00+02:00"),
        ("now-90m", "2026-10-24T10:30:00+02:00"),
        ("2026-03-02 14:00", "2026-03-02T14:00:00+01:00"),
        ("nowhere", "nowhere"),
        ("today we went", "today we went"),
    ],
)
def test_times_are_dutch_and_may_be_relative(filling: Filling, written: str, meant: str) -> None:
    assert filling.filled({"at": [written]}) == {"at": [meant]}


def test_a_label_is_the_same_id_throughout(filling: Filling) -> None:
    first, second = filling.filled(["$a", "$b"])
    assert filling.filled("$a") == first != second


def test_a_text_with_a_dollar_is_no_label(filling: Filling) -> None:
    assert filling.filled("it costs $a lot") == "it costs $a lot"


def test_an_opened_case_has_the_family_and_who_opens_it_leads(filling: Filling) -> None:
    body = filling.payload(step(say="cases.opened"))["body"]
    assert [person["ref"] for person in body["persons"]] == ["child", "mother"]
    assert body["persons"][0]["custody"][0]["holder"] == "mother"
    assert (body["lead"]["ref"], body["lead"]["registration"]) == ("linde-1", "SKJ")


def test_a_professional_is_written_out_from_the_directory(filling: Filling) -> None:
    written = {"handover": "$h", "professional": "lokaal-team-berk/berk-1", "first_contact_on": "today+2"}
    body = filling.payload(step(say="handovers.accepted", to="lokaal-team-berk", body=written))["body"]
    assert body["professional"]["competences"] == ["SAFETY"]
    assert body["first_contact_on"] == "2026-10-26"


def test_one_basis_counts_for_everybody_a_section_is_about(filling: Filling) -> None:
    section = {"category": "STORY", "about": ["child", "mother"], "basis": "CONSENT", "text": "words"}
    sent = step(say="dossiers.shared", to="lokaal-team-berk", purpose="HANDOVER", sections=section)
    (row,) = filling.payload(sent)["manifest"]["sections"]
    assert [(basis["person"], basis["secrecy"]) for basis in row["bases"]] == [
        ("child", "CONSENT"),
        ("mother", "CONSENT"),
    ]
    assert row["as_of"] == "2026-10-24"


def test_a_basis_may_differ_by_person_and_be_weighed(filling: Filling) -> None:
    weighed = {"secrecy": "G18", "weighing": {"account": "$why", "answers": [True] * 5}}
    section = {"category": "STORY", "about": "mother", "basis": {"mother": weighed}, "text": "words"}
    sent = step(say="dossiers.shared", to="lokaal-team-berk", purpose="HANDOVER", sections=section)
    (basis,) = filling.payload(sent)["manifest"]["sections"][0]["bases"]
    assert basis["weighing"]["account"] == filling.label("$why")


def test_a_forwarded_item_is_about_whom_it_was_about(read: Callable[..., Scenario], deployment: Deployment) -> None:
    scenario = read(("    category: STORY\n", "    category: STORY\n    item: $story\n"))
    filling = Filling(scenario, deployment, {})
    forward = {"forward": "$story", "basis": "CONSENT"}
    sent = step(say="dossiers.shared", to="lokaal-team-berk", purpose="HANDOVER", sections=[forward])
    (row,) = filling.payload(sent)["manifest"]["sections"]
    assert row["forward"] == filling.label("$story")
    assert [basis["person"] for basis in row["bases"]] == ["mother"]


def test_a_case_nobody_opened_gets_an_id_like_any_other(filling: Filling) -> None:
    """So that the answer about it can be seen to be the same as about one that exists."""
    case = filling.payload(step(say="sight.planned", case="$other"))["case"]
    assert case.startswith("case:") and filling.labels["$other"] == case


def test_the_moment_of_a_step_follows_the_one_before() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert Scenario.moment(step(after="2 weeks"), now) == datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert Scenario.moment(step(), now) == now


def test_an_item_keeps_the_day_on_which_it_was_first_said(filling: Filling) -> None:
    """Said again a week later under the same label it is the same item; without one it is a new one."""
    fields = {"category": "STORY", "about": "child", "basis": "CONSENT", "text": "It began in May."}
    again = [fields | {"item": "$story"}, fields, fields | {"item": "$story", "as_of": "2026-10-30"}]
    letter = step(say="dossiers.shared", to="lokaal-team-berk", purpose="HANDOVER", sections=again)
    days = []
    for day in (24, 31):
        filling.now = datetime(2026, 10, day, 12, 0, tzinfo=AMSTERDAM)
        days.append([section["as_of"] for section in filling.payload(letter)["manifest"]["sections"]])
    assert days == [["2026-10-24", "2026-10-24", "2026-10-30"], ["2026-10-24", "2026-10-31", "2026-10-30"]]
