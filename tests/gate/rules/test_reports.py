"""What Veilig Thuis says of an investigation of its own, and of telling a person later."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.body import Body
from schemas.care import ReportEnded, ReportOutcome, ReportRegistered
from schemas.parties import Party
from schemas.refusal import Refusal
from schemas.reports import InformingPostponed, VtInvestigationConcluded, VtInvestigationDetermined
from services.gate.rules.case_records import ReportRecord
from tests.gate.rules.families import OTHER_VT, TEAM, TODAY, VT, uid
from tests.gate.rules.play import Play, worker_of

REPORT = uid("report")
LAST = TODAY + timedelta(days=28)


def reported() -> Play:
    play = Play(VT)
    body = ReportRegistered(report=REPORT, received_at=play.now, reporter="POLICE", children=("child",))
    assert not play.say(VT, body).reasons
    return play


def codes(play: Play, body: Body, who: Party = VT, **data: Any) -> set[Refusal]:
    return {reason.code for reason in play.say(who, body, **data).reasons}


def determined(on: date = TODAY, started: date | None = None) -> VtInvestigationDetermined:
    return VtInvestigationDetermined(report=REPORT, determined_on=on, started_on=started)


def postponed(until: date) -> InformingPostponed:
    return InformingPostponed(report=REPORT, person="mother", reason="SAFETY_OF_CHILD", until=until)


CONCLUDED = VtInvestigationConcluded(report=REPORT, finding="UNDECIDED")


def test_an_investigation_is_established_begun_and_concluded_each_once() -> None:
    play = reported()
    assert codes(play, CONCLUDED) == {Refusal.WRONG_STATE}
    assert codes(play, determined()) == set()
    assert codes(play, determined()) == {Refusal.WRONG_STATE}
    play.later(days=2)
    assert codes(play, determined(play.today, play.today)) == {Refusal.TERMS_DIFFER}
    assert codes(play, determined(started=play.today)) == set()
    assert codes(play, determined(started=play.today)) == {Refusal.WRONG_STATE}
    assert codes(play, CONCLUDED) == set()
    assert codes(play, CONCLUDED) == {Refusal.WRONG_STATE}
    assert play.case.of(ReportRecord)[REPORT].determined_on == TODAY


@pytest.mark.parametrize("body", [determined(), CONCLUDED, postponed(LAST)])
def test_only_the_centre_that_has_the_report_says_it(body: Body) -> None:
    play = reported()
    play.put(play.head.model_copy(update={"parties": (VT.slug, OTHER_VT.slug, TEAM.slug)}))
    assert codes(play, body, OTHER_VT) == {Refusal.UNKNOWN_REFERENCE}
    assert Refusal.ROLE_NOT_ALLOWED in codes(play, body, TEAM)


def test_what_lies_ahead_is_not_established_yet_and_what_ended_is_over() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert codes(reported(), determined(tomorrow, tomorrow)) == {Refusal.DATE_NOT_ALLOWED}
    play = reported()
    play.say(VT, ReportEnded(report=REPORT, outcome=ReportOutcome.END))
    assert codes(play, determined()) == {Refusal.WRONG_STATE}


def test_a_person_is_told_two_weeks_later_each_time_at_most() -> None:
    """Wmo 2015 art. 5.3.1(2); from the day it would have been due."""
    play = reported()
    assert codes(play, postponed(LAST + timedelta(days=15))) == {Refusal.DATE_NOT_ALLOWED}
    assert codes(play, postponed(LAST + timedelta(days=14))) == set()
    assert codes(play, postponed(LAST + timedelta(days=29))) == {Refusal.DATE_NOT_ALLOWED}
    assert codes(play, postponed(LAST + timedelta(days=28))) == set()
    assert codes(play, postponed(TODAY)) == {Refusal.DATE_NOT_ALLOWED}


def test_a_second_person_stands_behind_telling_later() -> None:
    assert codes(reported(), postponed(LAST), second=worker_of(VT.slug)) == {Refusal.SECOND_PERSON_MISSING}
