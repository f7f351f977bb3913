"""Who waits by origin, which services are used, and what goes well or not: counted from what was said."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.advice import AdviceAsked, AdviceGiven, Topic
from schemas.body import (
    Channel,
    Experience,
    FirstContact,
    Known,
    Phase,
    SightPlan,
    Watcher,
    WatcherKind,
)
from schemas.care import (
    AssessmentRecorded,
    MeasureKind,
    MeasureStarted,
    PlanTaken,
    ReportRegistered,
    SightPlanned,
    WorkerAssigned,
)
from schemas.handovers import (
    DeclineReason,
    EmergencyEnded,
    FirstContactHeld,
    HandoverAccepted,
    HandoverDeclined,
    HandoverKind,
    HandoverProposed,
    HandoverState,
    Referral,
)
from schemas.investigations import Advised, InvestigationConcluded, InvestigationRegistered
from schemas.manifest import SourceKind
from schemas.parties import Professional
from schemas.service import AgeBand
from schemas.stagnations import JointConsultHeld
from schemas.supports import SupportAccepted, SupportEnded, SupportKind, SupportRequested, SupportReviewed
from services.cli.ask_practice import PARTS
from services.runtime.tokens import Role
from tests.ledger.groningen import made
from tests.ledger.served import Ledger, served
from tests.ledger.telling import Teller

S = HandoverState
VT, TEAM, OTHER, GI = "vt-noord", "team-a", "team-b", "gi-x"
WORKER = Professional(ref="worker-1", function="youth-professional")


class Practice:
    """Cases as they are told; days pass in between."""

    def __init__(self, kit: Any) -> None:
        self.kit = kit
        self.teller = Teller(kit.SmallGate(), leads=TEAM)

    def later(self, days: int) -> None:
        self.teller.gate.now += timedelta(days=days)

    def say(self, case: int, actor: str, to: str, body: Any, state: Any = None) -> None:
        self.teller.say(self.kit.case(case), actor, to, body, ("child",), None, state)

    @property
    def today(self) -> date:
        now: datetime = self.teller.gate.now
        return now.date()

    def report(self, case: int) -> None:
        at = self.teller.gate.now
        body = ReportRegistered(report=made("r", case), received_at=at, reporter="POLICE", children=("child",))
        self.say(case, VT, TEAM, body)

    def propose(self, case: int, actor: str, to: str, **more: Any) -> str:
        handover = made("h", case)
        body = HandoverProposed(handover=handover, reason=Referral.NEGLECT, phase=Phase.STABLE_SAFETY, **more)
        self.say(case, actor, to, body, (None, S.PROPOSED, actor, to))
        return handover

    def accept(self, case: int, actor: str, to: str) -> None:
        body = HandoverAccepted(handover=made("h", case), professional=WORKER, first_contact_on=self.today)
        self.say(case, actor, to, body, (S.PROPOSED, S.ACCEPTED, to, actor))

    def meet(self, case: int, *experiences: Experience) -> None:
        contact = FirstContact(
            met=("mother", "child"), changed=Known.GIVEN, confidential_adviser_told=True, experiences=experiences
        )
        body = FirstContactHeld(
            handover=made("h", case), held_at=self.teller.gate.now, channel=Channel.HOME_VISIT, contact=contact
        )
        ages, moved = {"child": AgeBand.FROM_12}, (S.WARM, S.COMPLETED, VT, TEAM)
        self.teller.say(self.kit.case(case), TEAM, VT, body, ("child",), ages, moved)

    def assess(self, case: int, actor: str) -> None:
        body = AssessmentRecorded(
            assessment=made("a", case),
            children=("child",),
            kind="SAFETY",
            instrument="ARIJ",
            made_on=self.today,
            information_base=(SourceKind.PROFESSIONAL,),
            phase=Phase.STABLE_SAFETY,
        )
        self.say(case, actor, VT, body)


@pytest.fixture
def practice(kit: Any) -> Practice:
    """Reported families 1 to 3: one is assessed in time, one late, one refused. Family 4 comes by itself. Family 5 has
    a measure; family 6 returns from one, late, and the Raad is asked again. 7: an emergency that was none.
    """
    p = Practice(kit)
    for case in (1, 2, 3):
        p.report(case)
        p.propose(case, VT, TEAM)
    p.later(4)
    p.accept(1, TEAM, VT)
    p.accept(2, TEAM, VT)
    p.meet(1, Experience(person="mother", involved="YES"), Experience(person="child", involved="NO", told_again=True))
    p.say(
        3, TEAM, VT, HandoverDeclined(handover=made("h", 3), reason=DeclineReason.NOT_OUR_TASK),
        (S.PROPOSED, S.DECLINED, VT, TEAM),
    )  # fmt: skip
    p.later(10)
    p.assess(1, TEAM)
    p.later(10)
    p.assess(2, TEAM)
    asked = SupportRequested(support=made("s", 4), kind=SupportKind.JOIN_SUPPORT, task="join")
    p.say(4, TEAM, GI, asked)
    p.say(4, TEAM, GI, asked.model_copy(update={"support": made("s", 44), "kind": SupportKind.AFTERCARE}))
    p.later(1)
    p.say(4, GI, TEAM, SupportAccepted(support=made("s", 4), professional=WORKER, start=p.today))
    review = SupportReviewed(support=made("s", 4), reviewed_on=p.today, outcome="GO_ON")
    p.say(4, GI, TEAM, review)
    p.say(4, GI, TEAM, review.model_copy(update={"with_family": ("mother",)}))
    p.say(4, GI, TEAM, SupportEnded(support=made("s", 4), outcome="TASK_DONE"))
    talk = JointConsultHeld(
        consult=made("c", 4), topic="PLAN_REVIEW", held_on=p.today, took_part=(TEAM, GI), absent=(OTHER,),
        adviser="NONE", family=("mother",), decision="go-on",
    )  # fmt: skip
    p.say(4, TEAM, GI, talk)
    order = MeasureStarted(
        measure=made("m", 5), kind=MeasureKind.OTS, child="child", order="C/1", since=p.today, until=date(2027, 3, 1),
        handover=made("h", 5),
    )  # fmt: skip
    p.say(5, GI, TEAM, order)
    p.later(42)
    p.say(5, GI, TEAM, WorkerAssigned(measure=made("m", 5), worker=WORKER, plan=PlanTaken.JOINED))
    aunt = Watcher(kind=WatcherKind.NETWORK, function="aunt")
    p.say(5, GI, TEAM, SightPlanned(plans=(SightPlan(child="child", by=(aunt,), every_days=7),)))
    p.propose(6, GI, TEAM, kind=HandoverKind.FROM_MEASURE)
    p.later(42)
    p.accept(6, TEAM, GI)
    p.say(6, TEAM, "raad-x", InvestigationRegistered(investigation=made("i", 6), children=("child",)))
    over = InvestigationConcluded(
        investigation=made("i", 6), outcome=Advised.NO_FURTHER_STEPS, placement="NOT_ASKED", afterwards="AVOIDABLE"
    )
    p.say(6, "raad-x", TEAM, over)
    ended = EmergencyEnded(handover=made("h", 7), finding="ABSENT")
    p.say(7, TEAM, VT, ended, (S.EMERGENCY, S.RETURNING, VT, TEAM))
    for slot in range(4):
        p.teller.gate.checkpoint(slot)
    return p


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def ledger(request: pytest.FixtureRequest, practice: Practice, tmp_path: Path) -> AsyncIterator[Ledger]:
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    async with served(practice.teller.gate, tmp_path, practice.teller.told(), url) as ledger:
        yield ledger


async def answer(ledger: Ledger, path: str, who: str = TEAM, role: Role = Role.PRIVACY_OFFICER) -> Any:
    response = await ledger.get(f"/api/numbers/{path}", who, role)
    assert response.status_code == 200, response.text
    return response.json()["answer"]


async def test_who_waits_and_who_is_refused_is_told_by_where_the_case_comes_from(ledger: Ledger) -> None:
    """Three handovers of reported families, of which one was refused; the others' help was not (D#182)."""
    rows = {row["origin"]: row for row in (await answer(ledger, "origins"))["origins"]}
    reported, other = rows["REPORTED"], rows["OTHER"]
    assert (reported["asked"], reported["declined"], reported["unanswered"]) == (3, 1, 0)
    assert (reported["percent_declined"], round(reported["mean_days"])) == (pytest.approx(100 / 3), 4)
    assert (other["asked"], other["declined"], other["unanswered"]) == (3, 0, 1)


async def test_light_services_are_counted_as_the_others_are(ledger: Ledger) -> None:
    """Aftercare and joining; an institution sees what it was asked (D#191)."""
    for who in (TEAM, GI):
        rows = {use["kind"]: use for use in (await answer(ledger, "uses", who))["uses"]}
        assert rows["JOIN_SUPPORT"] == {"kind": "JOIN_SUPPORT", "asked": 1, "taken": 1, "declined": 0, "ended": 1}
        assert (rows["AFTERCARE"]["asked"], rows["AFTERCARE"]["taken"]) == (1, 0)
    assert (await answer(ledger, "uses", OTHER))["uses"] == []


async def test_advice_is_counted_and_nobody_in_it(kit: Any, tmp_path: Path) -> None:
    gate = kit.SmallGate()
    for number in (1, 2):
        thread = f"thread:{made('t', number)}"
        gate.delivered(0, thread, TEAM, GI, name=AdviceAsked(topic=Topic.VIOLENCE).name)
    gate.delivered(0, thread, GI, TEAM, name=AdviceGiven(advice=("TALK_WITH_FAMILY",)).name)
    async with served(gate, tmp_path) as ledger:
        (use,) = (await answer(ledger, "uses"))["uses"]
        assert (use["kind"], use["asked"], use["taken"]) == ("ADVICE", 2, 1)


async def test_youths_and_parents_are_asked_apart_how_a_handover_was(ledger: Ledger) -> None:
    """Youths are involved less than their parents (D#115)."""
    rows = {row.pop("who"): row for row in (await answer(ledger, "quality"))["experiences"]}
    assert rows["ADULT"] == {"asked": 1, "involved": 1, "partly": 0, "not_involved": 0, "told_again": 0}
    assert rows["YOUTH"] == {"asked": 1, "involved": 0, "partly": 0, "not_involved": 1, "told_again": 1}


def test_an_experience_is_of_somebody_who_was_met() -> None:
    with pytest.raises(ValidationError, match="somebody who was met"):
        FirstContact(
            met=("mother",),
            changed=Known.GIVEN,
            confidential_adviser_told=True,
            experiences=(Experience(person="father", involved="NO"),),
        )


async def test_assessments_are_set_beside_the_day_of_acceptance(ledger: Ledger) -> None:
    """Per team (D#170): one in time, one late."""
    (row,) = (await answer(ledger, "quality"))["assessed"]
    assert row == {"organisation": TEAM, "accepted": 2, "in_time": 1, "later": 1, "none": 0}


async def test_evaluations_are_counted_with_and_without_the_family(ledger: Ledger) -> None:
    """D#175."""
    rows = {row["what"]: (row["number"], row["with_family"]) for row in (await answer(ledger, "quality"))["evaluated"]}
    assert rows == {"supports.reviewed": (2, 1), "consults.held": (1, 1)}


async def test_who_was_asked_to_a_talk_and_did_not_come_is_counted(ledger: Ledger) -> None:
    """D#180. An organisation sees its own absences also where another led."""
    rows = {r["organisation"]: (r["came"], r["did_not_come"]) for r in (await answer(ledger, "quality"))["attendance"]}
    assert rows == {OTHER: (0, 1), TEAM: (1, 0), GI: (1, 0)}
    (own,) = (await answer(ledger, "quality", OTHER))["attendance"]
    assert (own["organisation"], own["did_not_come"]) == (OTHER, 1)


async def test_a_return_that_came_late_is_set_beside_what_followed(ledger: Ledger) -> None:
    """The Raad was asked within the year (D#39)."""
    assert (await answer(ledger, "quality"))["returns"] == [{"how": "LATE", "number": 1, "followed": 1}]


async def test_what_was_found_afterwards_is_counted(ledger: Ledger) -> None:
    """Of requests to the Raad, and of emergencies (D#87)."""
    rows = [(row["what"], row["how"], row["number"]) for row in (await answer(ledger, "quality"))["afterwards"]]
    assert rows == [("handovers.emergency_ended", "ABSENT", 1), ("investigations.concluded", "AVOIDABLE", 1)]


async def test_words_during_a_measure_are_counted_by_six_weeks(ledger: Ledger) -> None:
    """What professionals of the institution said to others in the case, and that it joined the plan (D#23, D#26)."""
    (row,) = (await answer(ledger, "quality", GI))["updates"]
    assert (row["organisation"], row["measures"], row["said"], row["joined_plan"]) == (GI, 1, 2, 1)
    assert row["by_six_weeks"] == pytest.approx(2 * 42 / 84)


@pytest.mark.parametrize("path", ["origins", "uses", "quality"])
async def test_a_region_is_told_how_many_and_never_which(ledger: Ledger, path: str) -> None:
    """Every question is written down before it is answered, and another region sees nothing of it."""
    region = await answer(ledger, path, "desk-noord", Role.COORDINATOR)
    assert "case:" not in str(region) and any(region.values())
    assert not any((await answer(ledger, path, "desk-zuid", Role.COORDINATOR)).values())
    assert (await ledger.get(f"/api/numbers/{path}", TEAM, Role.PROFESSIONAL)).status_code == 403
    assert [allowed for _, _, allowed in ledger.looks.written] == [True, True, False]


async def test_every_part_of_the_answer_has_a_table(ledger: Ledger) -> None:
    found = await answer(ledger, "quality")
    assert set(found) == set(PARTS)
    assert all(set(columns) == set(row) for name, (_, columns) in PARTS.items() for row in found[name])
