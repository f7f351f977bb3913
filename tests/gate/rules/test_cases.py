"""How a case begins, who may change what in it, and on what it closes."""

from typing import Any

import pytest

from schemas.care import AssessmentRecorded, DossierShared, ReportRegistered
from schemas.cases import CaseClosed, CaseLinked, CaseOpened, CaseReopened, Closing, LeadKept, PersonsChanged
from schemas.manifest import Category, Purpose, SourceKind
from schemas.parties import Party
from schemas.person import Person, Role
from schemas.refusal import Flag, Refusal
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import ConditionRecord
from tests.gate.rules.families import FATHER, MOTHER, OTHER_TEAM, OTHER_VT, adult, child, held_by, uid
from tests.gate.rules.play import GI, TEAM, VT, H, Play, words, worker_of

LINKED = "case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c22"


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def close(play: Play, closing: Closing, who: Party = TEAM, **more: Any) -> Judgement:
    return play.say(who, CaseClosed(closing=closing, **more))


def self_reliant(play: Play, who: Party = TEAM) -> str:
    body = AssessmentRecorded(
        assessment=uid("assessment"),
        children=("child",),
        kind="SELF_RELIANCE",
        instrument="LIRIK",
        made_on=play.today,
        information_base=(SourceKind.OWN_OBSERVATION,),
        phase=play.head.phase,
    )
    assert not play.say(who, body).reasons
    return uid("assessment")


def test_who_opens_a_case_leads_it() -> None:
    """From the first message on one organisation leads."""
    play = Play(TEAM)
    assert (play.head.regie, play.head.parties, play.head.holders) == (TEAM.slug, (TEAM.slug,), (TEAM.slug,))


def test_a_case_is_opened_once() -> None:
    """A party hears that it exists, an outsider only that it is no party."""
    play = Play(TEAM)
    body = CaseOpened(persons=(child(), MOTHER, FATHER), lead=worker_of(VT.slug))
    assert codes(play.say(TEAM, body)) == {Refusal.CASE_EXISTS}
    assert codes(play.say(VT, body)) == {Refusal.NOT_A_PARTY}


def test_custody_is_held_by_somebody_known() -> None:
    """By a person of the case, or by an institution as guardian."""
    stray = child(custody=held_by("stranger"))
    guarded = child(custody=held_by(GI.slug))
    assert codes(Play(TEAM).say(TEAM, PersonsChanged(persons=(stray,)))) == {Refusal.PERSON_UNKNOWN}
    assert not Play(TEAM).say(TEAM, PersonsChanged(persons=(guarded,))).reasons


@pytest.mark.parametrize("field", ["location_protected", "contact_unsafe"])
def test_protection_is_lifted_by_two(field: str) -> None:
    """One professional alone does not take it away, nor with themselves as the second."""
    hidden: Person = adult("mother", **{field: True})
    play = Play(TEAM, (child(), hidden, FATHER))
    lifted = PersonsChanged(persons=(MOTHER,))
    assert codes(play.say(TEAM, lifted)) == {Refusal.SECOND_PERSON_MISSING}
    assert codes(play.say(TEAM, lifted, second=worker_of(TEAM.slug))) == {Refusal.SECOND_PERSON_MISSING}
    assert not play.say(TEAM, lifted, second=worker_of(TEAM.slug, 2)).reasons


def test_persons_are_changed_by_who_leads_has_the_duty_or_a_report() -> None:
    """Whoever was merely asked to take a case over does not change who has custody."""
    play = Play(TEAM)
    play.propose(TEAM, OTHER_TEAM)
    body = PersonsChanged(persons=(MOTHER,))
    assert codes(play.say(OTHER_TEAM, body)) == {Refusal.NOT_REGIE_HOLDER}
    report = ReportRegistered(report=uid("r"), received_at=play.now, reporter="POLICE", children=("child",))
    assert not play.say(VT, report).reasons
    assert not play.say(VT, body).reasons


def test_a_case_closes_on_something_one_can_point_at() -> None:
    """Self-reliance on an assessment, follow-up on one accepted, a linked case on the link."""
    for closing in (Closing.SELF_RELIANCE, Closing.FOLLOW_UP, Closing.INTO_LINKED_CASE):
        assert codes(close(Play(TEAM), closing)) == {Refusal.UNKNOWN_REFERENCE}
    play = Play(TEAM)
    assert not close(play, Closing.SELF_RELIANCE, reference=self_reliant(play)).reasons
    assert (play.head.open, play.head.regie, play.head.last_regie) == (False, None, TEAM.slug)
    linked = Play(TEAM)
    linked.say(TEAM, CaseLinked(other=LINKED, kind="SIBLING"))
    assert not close(linked, Closing.INTO_LINKED_CASE, reference=LINKED).reasons


def test_an_open_condition_keeps_a_case_open() -> None:
    """Closing while a bottom line is not met is refused, until who monitors says that it is."""
    play = Play(VT).completed(VT, TEAM)
    reference = self_reliant(play)
    assert codes(close(play, Closing.SELF_RELIANCE, reference=reference)) == {Refusal.SAFETY_CONDITIONS_UNMET}
    assert list(play.case.of(ConditionRecord)) == ["no-violence"]


def test_without_cooperation_a_case_closes_only_when_the_concern_is_reported() -> None:
    """A team may not close in silence what worried it (D#50)."""
    play = Play(VT).completed(VT, TEAM)
    refused = close(play, Closing.NO_COOPERATION)
    assert {what for reason in refused.reasons for what in reason.missing} == {"consulted", "SAFETY_ALERT"}
    alert = words(Category.SAFETY, by="alert")
    shared = play.say(TEAM, DossierShared(), VT, sections=alert, purpose=Purpose.SAFETY_ALERT)
    assert not shared.reasons, shared.reasons
    closed = close(play, Closing.NO_COOPERATION, consulted=worker_of(TEAM.slug, 2))
    assert closed.effects.flags == (Flag.CLOSED_WITH_OPEN_CONCERN,)
    assert play.head.open_concern


def test_a_case_does_not_close_over_a_running_handover_or_measure() -> None:
    """Somebody would be left holding nothing."""
    play = Play(TEAM)
    play.propose(TEAM, OTHER_TEAM)
    assert Refusal.WRONG_STATE in codes(close(play, Closing.END_BY_LAW))
    measured = Play(GI)
    measured.order()
    assert codes(close(measured, Closing.SELF_RELIANCE, GI, reference=self_reliant(measured, GI))) == {
        Refusal.WRONG_STATE
    }


def closed() -> Play:
    play = Play(TEAM)
    close(play, Closing.END_BY_LAW)
    assert not play.head.open
    return play


def test_a_closed_case_hears_nothing_but_what_may_follow_it() -> None:
    """It is reopened first."""
    play = closed()
    assert codes(play.propose(TEAM, OTHER_TEAM)) == {Refusal.WRONG_STATE}
    report = ReportRegistered(report=uid("r"), received_at=play.now, reporter="POLICE", children=("child",))
    assert not play.say(VT, report).reasons


def test_a_case_is_reopened_by_who_held_it_last_or_veilig_thuis() -> None:
    """So that a family need not tell its story anew."""
    body = CaseReopened(reason="NEW_QUESTION", lead=worker_of(TEAM.slug))
    play = closed()
    assert not play.say(TEAM, body).reasons
    assert (play.head.open, play.head.regie, play.head.closed_at) == (True, TEAM.slug, None)
    assert codes(play.say(TEAM, body)) == {Refusal.WRONG_STATE}
    play = closed()
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, VT.slug, OTHER_TEAM.slug)}))
    assert codes(play.say(OTHER_TEAM, body)) == {Refusal.NOT_REGIE_HOLDER}
    assert not play.say(VT, body).reasons
    assert play.head.regie == VT.slug


def test_the_lead_is_kept_only_after_a_refusal() -> None:
    """Keeping the case is an answer to a declined handover."""
    play = Play(TEAM)
    play.propose(TEAM, OTHER_TEAM)
    body = LeadKept(handover=H, reason="OTHER")
    assert codes(play.say(TEAM, body)) == {Refusal.WRONG_STATE}
    play.decline()
    assert not play.say(TEAM, body).reasons


def test_an_outsider_gets_one_answer_whatever_it_asks() -> None:
    """For a case that exists and one that does not, for a real message and a dry run, equal in every field."""
    nowhere, play = Play(TEAM), Play(TEAM)
    nowhere.case = type(nowhere.case)(nowhere.case.subject)
    body = PersonsChanged(persons=(child(), adult("mother", role=Role.PARENT)))
    answers = [play.say(OTHER_VT, body), nowhere.say(OTHER_VT, body)]
    assert codes(answers[0]) == {Refusal.NOT_A_PARTY}
    assert answers[0] == answers[1]
    assert codes(play.take_over(OTHER_TEAM)) == {Refusal.NOT_A_PARTY}
    assert codes(nowhere.say(VT, play.context(VT, _emergency(play), TEAM).body, TEAM)) == {Refusal.NOT_A_PARTY}


def _emergency(play: Play) -> Any:
    other = Play(TEAM)
    other.take_over(VT)
    return other.accepted[-1][0].body


def test_who_gets_a_letter_becomes_a_party_and_a_holder() -> None:
    """Alerts go to who holds something of the case."""
    play = Play(TEAM)
    play.propose(TEAM, OTHER_TEAM)
    assert play.head.parties == (TEAM.slug, OTHER_TEAM.slug)
    assert play.head.holders == (TEAM.slug, OTHER_TEAM.slug)
