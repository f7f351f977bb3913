"""What may still be said in a closed case, each message in a case that was closed with everything still known."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from schemas.absences import AbsenceEnded
from schemas.body import Body
from schemas.care import (
    DossierOpened,
    DossierRejected,
    MeasureEnded,
    MeasureEnding,
    MeasureKind,
    PersonInformed,
    ReportEnded,
    ReporterInformed,
    ReportOutcome,
    ReportRegistered,
    ReviewRecorded,
)
from schemas.cases import CaseOpened, CaseReopened, PersonsChanged
from schemas.consents import ConsentRecorded, ConsentWithdrawn, Decision, Scope
from schemas.corrections import DossierCorrected
from schemas.investigations import InvestigationNoted, InvestigationState
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from schemas.refusal import Refusal
from schemas.reports import InformingPostponed, VtInvestigationConcluded, VtInvestigationDetermined
from schemas.rights import AccessAnswered, AccessRequested, CorrectionAsked, DestructionAsked, Objected, RightDecided
from schemas.supports import SupportEnded, SupportKind, SupportReviewed
from services.gate.rules.asked_records import RequestRecord, Sort
from services.gate.rules.case_records import (
    ItemRecord,
    MeasureRecord,
    ReportRecord,
    SupportRecord,
)
from services.gate.rules.help_records import AbsenceRecord
from services.gate.rules.investigation_record import InvestigationRecord
from services.gate.rules.judge import AFTER_CLOSING
from tests.gate.rules.families import GI, MOTHER, NOW, RAAD, TEAM, TODAY, VT, said, uid
from tests.gate.rules.play import Play, worker_of

ITEM, REPORT, MEASURE, SUPPORT, ABSENCE = (uid(name) for name in ("item", "report", "measure", "support", "absence"))
DETERMINED, ACCESS, RIGHT, VTO = (uid(name) for name in ("determined", "access", "right", "vto"))
SOON = TODAY + timedelta(days=30)
ASKED: dict[str, Any] = {"person": "mother", "about": "child"}


class Said(NamedTuple):
    """Who says what, to whom."""

    who: Party
    body: Body
    to: Party | None = None


STILL_SAID: Mapping[str, Said] = {
    each.body.name: each
    for each in (
        Said(TEAM, CaseReopened(reason="NEW_QUESTION", lead=worker_of(TEAM.slug))),
        Said(VT, PersonsChanged(persons=(MOTHER,))),
        Said(VT, ReportRegistered(report=uid("new"), received_at=NOW, reporter="POLICE", children=("child",))),
        Said(VT, VtInvestigationDetermined(report=REPORT, determined_on=TODAY)),
        Said(VT, VtInvestigationConcluded(report=DETERMINED, finding="CONFIRMED")),
        Said(VT, PersonInformed(report=REPORT, person="mother")),
        Said(
            VT,
            InformingPostponed(
                report=REPORT, person="mother", reason="SAFETY_OF_CHILD", until=TODAY + timedelta(days=35)
            ),
        ),
        Said(VT, ReporterInformed(report=REPORT, after="ASSESSMENT")),
        Said(VT, ReportEnded(report=REPORT, outcome=ReportOutcome.HANDOVER)),
        Said(TEAM, ConsentWithdrawn(statement=uid("yes-mother"))),
        Said(
            TEAM,
            ConsentRecorded(
                statement=uid("again"), about="mother", given_by="mother", decision=Decision.REFUSED, scope=Scope(),
                how_asked="IN_PERSON",
            ),
        ),
        Said(TEAM, DossierCorrected(item=ITEM, reason="WRONG_FACT"), VT),
        Said(VT, DossierOpened(message=uid("letter")), TEAM),
        Said(VT, DossierRejected(message=uid("letter"), item=ITEM, reason="CATEGORY_UNTRUE"), TEAM),
        Said(TEAM, ReviewRecorded(message=uid("letter"), outcome="JUSTIFIED")),
        Said(GI, MeasureEnding(measure=MEASURE, on=SOON)),
        Said(GI, MeasureEnded(measure=MEASURE, on=TODAY, reason="COURT")),
        Said(GI, SupportReviewed(support=SUPPORT, reviewed_on=TODAY, outcome="GO_ON"), TEAM),
        Said(GI, SupportEnded(support=SUPPORT, outcome="TASK_DONE"), TEAM),
        Said(TEAM, AccessRequested(request=uid("new"), **ASKED), VT),
        Said(VT, AccessAnswered(request=ACCESS), TEAM),
        Said(TEAM, CorrectionAsked(request=uid("new"), item=ITEM, **ASKED), VT),
        Said(TEAM, DestructionAsked(request=uid("new"), law="YOUTH_ACT", **ASKED), VT),
        Said(TEAM, Objected(request=uid("new"), against=Purpose.JOINT_SUPPORT, **ASKED), VT),
        Said(VT, RightDecided(request=RIGHT, decision="GRANTED", complaint_told=True), TEAM),
        Said(TEAM, AbsenceEnded(absence=ABSENCE)),
        Said(TEAM, InvestigationNoted(investigation=VTO, corv="CORV-1")),
    )
}  # fmt: skip


def closed() -> Play:
    """A family whose case four organisations know, with something of everything in it."""
    play = Play(TEAM)
    slugs = (TEAM.slug, VT.slug, GI.slug, RAAD.slug)
    play.put(
        ItemRecord(
            item=ITEM, category=Category.CONCERNS, about=("child",), digest="d", author=TEAM.slug,
            held_by=(TEAM.slug, VT.slug), passed=((TEAM.slug, VT.slug),),
        ),
        ReportRecord(report=REPORT, centre=VT.slug, received_at=NOW, children=("child",)),
        ReportRecord(report=DETERMINED, centre=VT.slug, received_at=NOW, children=("child",), determined_on=TODAY),
        MeasureRecord(
            measure=MEASURE, type=MeasureKind.OTS, child="child", institution=GI.slug, since=TODAY, until=SOON
        ),
        SupportRecord(
            support=SUPPORT, type=SupportKind.SIDE_CARE, asked_by=TEAM.slug, helper=GI.slug, state="ACCEPTED",
            professional=worker_of(GI.slug),
        ),
        RequestRecord(
            request=ACCESS, sort=Sort.ACCESS, asker=TEAM.slug, asked=VT.slug, about=("child",), person="mother"
        ),
        RequestRecord(
            request=RIGHT, sort=Sort.OBJECTION, asker=TEAM.slug, asked=VT.slug, about=("child",), person="mother"
        ),
        AbsenceRecord(absence=ABSENCE, owner=TEAM.slug, professional="w-1", since=TODAY),
        InvestigationRecord(
            investigation=VTO, state=InvestigationState.REQUESTED, applicant=TEAM.slug, raad=RAAD.slug,
            children=("child",), opened_at=NOW,
        ),
        said("old", "mother", about="child"),
    )  # fmt: skip
    last = {"open": False, "regie": None, "last_regie": TEAM.slug}
    play.put(play.head.model_copy(update={"parties": slugs, "holders": slugs, **last}))
    return play


def test_every_message_that_outlives_a_case_is_told_here() -> None:
    """A case that is there is not opened again, open or closed: that is told as such."""
    assert set(STILL_SAID) == AFTER_CLOSING - {CaseOpened.name}
    body = CaseOpened(persons=(MOTHER,), lead=worker_of(TEAM.slug))
    assert [reason.code for reason in closed().say(TEAM, body).reasons] == [Refusal.CASE_EXISTS]


@pytest.mark.parametrize("name", STILL_SAID)
def test_it_may_be_said_after_the_case_closed(name: str) -> None:
    """A duty of law, a person's right or a mistake does not end with the case."""
    who, body, to = STILL_SAID[name]
    play = closed()
    assert play.say(who, body, to).reasons == ()
    assert play.accepted[-1][0].event.name == name
