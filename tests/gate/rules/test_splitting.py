"""Children who go different ways, two cases of one family, the one who stays, and too many helpers."""

import pytest

from schemas.body import Channel, ChildSeen, SafetyCondition, Watcher, WatcherKind
from schemas.care import MonitoringPlanned, SightConfirmed, SightPlanned
from schemas.cases import CaseLinked, CaseOpened, CaseSplit
from schemas.contacts import FixedContact, FixedContactChanged
from schemas.parties import Party
from schemas.refusal import Refusal
from services.gate.facts import case_fact
from services.gate.rules.case import Case, Judgement
from services.gate.rules.case_records import (
    ConditionRecord,
    MeasureRecord,
    MonitoringRecord,
    SightRecord,
)
from services.gate.rules.roster import helpers
from tests.gate.rules.families import FATHER, MOTHER, OTHER_TEAM, SUBJECT, child, uid
from tests.gate.rules.play import DIRECTORY, GI, TEAM, VT, Play, plan, worker_of

OTHER = "case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c33"
TWO = (child(), child(ref="sister"), MOTHER, FATHER)


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def split(play: Play, *children: str, into: str = OTHER, who: Party = TEAM) -> Judgement:
    return play.say(who, CaseSplit(children=children or ("sister",), reason="SEPARATE_HOMES", into=into))


def link(play: Play, kind: str = "SIBLING", who: Party = TEAM) -> Judgement:
    return play.say(who, CaseLinked.model_validate({"other": OTHER, "kind": kind}))


def counted(play: Play) -> tuple[str, ...]:
    fact = case_fact(play.case, DIRECTORY, play.today)
    assert fact is not None
    return fact.children


def test_children_stay_counted_until_the_other_case_is_there() -> None:
    """No child falls between two cases."""
    play = Play(TEAM, TWO)
    assert not split(play).reasons
    assert counted(play) == ("child", "sister")
    assert not link(play).reasons
    assert counted(play) == ("child",)
    assert play.head.linked == (OTHER,)


def test_what_is_per_child_goes_with_the_child() -> None:
    """Sight, monitoring and a measure end here for who left, and go on for who stayed."""
    play = Play(TEAM, TWO)
    play.say(TEAM, SightPlanned(plans=(plan(), plan("sister"))))
    for name, children in (("both", ("child", "sister")), ("hers", ("sister",))):
        play.say(TEAM, MonitoringPlanned(plan=uid(name), children=children, by=TEAM.slug, dates=(play.today,)))
    split(play)
    play.order(GI, child="sister")
    assert codes(link(play)) == {Refusal.WRONG_STATE}, "the handover to her institution runs"
    play.end_measure(GI)
    play.order(GI, handover=uid("h2"), measure="m2", child="child")
    assert not link(play).reasons
    assert [record.plan.child for record in play.case.of(SightRecord).values()] == ["child"]
    assert [record.children for record in play.case.of(MonitoringRecord).values()] == [("child",)]
    assert {m.child for m in play.case.of(MeasureRecord).values() if m.ended_on is None} == {"child"}


def test_nothing_new_is_said_here_about_who_left() -> None:
    """It would be believed in neither case."""
    play = Play(TEAM, TWO)
    split(play)
    link(play)
    assert codes(play.say(TEAM, SightPlanned(plans=(plan("sister"),)))) == {Refusal.PERSON_UNKNOWN}
    seen = SightConfirmed(
        seen_at=play.now,
        by=Watcher(kind=WatcherKind.PROFESSIONAL, function="WORKER"),
        channel=Channel.HOME_VISIT,
        children=(ChildSeen(child="sister", alone=True),),
    )
    assert codes(play.say(TEAM, seen)) == {Refusal.PERSON_UNKNOWN}
    assert not play.propose(TEAM, OTHER_TEAM, sight=(plan(),)).reasons, "a handover is about who is left"


def test_a_split_needs_who_leads_a_child_that_stays_and_no_running_handover() -> None:
    """All children moving is a handover, and half a family is not handed over."""
    play = Play(TEAM, TWO)
    assert codes(split(play, "sister", "child")) == {Refusal.WRONG_STATE}
    assert codes(split(play, "mother")) == {Refusal.ROLE_NOT_ALLOWED}
    assert codes(split(play, "nobody")) == {Refusal.PERSON_UNKNOWN}
    play.propose(TEAM, OTHER_TEAM)
    assert codes(split(play)) == {Refusal.WRONG_STATE}
    assert codes(split(play, who=OTHER_TEAM)) == {Refusal.WRONG_STATE, Refusal.NOT_REGIE_HOLDER}


def test_a_split_is_taken_back_by_naming_the_case_itself() -> None:
    """Then the link is only a link."""
    play = Play(TEAM, TWO)
    split(play)
    assert not split(play, into=SUBJECT).reasons
    link(play)
    assert counted(play) == ("child", "sister")


def test_the_second_case_begins_with_what_must_not_be_lost() -> None:
    """Its regie is with who opens it; that it began at Veilig Thuis and what is still open goes along."""
    play = Play(TEAM)
    play.case = Case(OTHER)
    bottom = SafetyCondition(id="no-violence", kind="NO_VIOLENCE", digest="d1")
    body = CaseOpened(persons=TWO, lead=worker_of(TEAM.slug), split_of=SUBJECT, vt_origin=True, conditions=(bottom,))
    assert not play.say(TEAM, body).reasons
    assert (play.head.regie, play.head.vt_origin, play.head.linked) == (TEAM.slug, True, (SUBJECT,))
    assert list(play.case.of(ConditionRecord)) == ["no-violence"]
    with pytest.raises(ValueError, match="split only"):
        CaseOpened(persons=TWO, lead=worker_of(TEAM.slug), vt_origin=True)


def test_two_cases_of_one_family_are_not_handed_over_until_one_closed_into_the_other() -> None:
    """One family, one that leads (D#14)."""
    play = Play(TEAM)
    link(play, "SAME_FAMILY")
    (reason,) = play.propose(TEAM, OTHER_TEAM).reasons
    assert (reason.code, reason.missing) == (Refusal.DUAL_REGIE, (OTHER,))
    assert not link(play, "JOINED").reasons
    assert not play.propose(TEAM, OTHER_TEAM).reasons
    assert codes(link(Play(TEAM), "JOINED")) == {Refusal.UNKNOWN_REFERENCE}


def contact(
    play: Play, org: Party, number: int = 1, *, who: Party | None = None, reason: str = "FAMILY_WISHES"
) -> Judgement:
    body = FixedContactChanged(
        contact=FixedContact(organisation=org.slug, professional=worker_of(org.slug, number)),
        reason=reason,
        family_asked=True,
        introduced_in_person=True,
    )
    return play.say(who or org, body)


def test_the_fixed_contact_stays_through_a_handover_and_is_counted() -> None:
    """It is no part of who leads (D#32)."""
    play = Play(VT)
    assert not contact(play, VT, reason="FIRST").reasons
    play.completed(VT, TEAM)
    assert play.head.contact is not None
    assert (play.head.regie, play.head.contact.organisation, play.head.contact_changes) == (TEAM.slug, VT.slug, 0)
    assert not contact(play, TEAM).reasons
    assert (play.head.contact.organisation, play.head.contact_changes) == (TEAM.slug, 1)
    assert play.head.regie == TEAM.slug


def test_a_fixed_contact_is_of_somebody_in_the_case_and_said_by_who_it_concerns() -> None:
    play = Play(TEAM)
    assert codes(contact(play, OTHER_TEAM, who=TEAM, reason="FIRST")) == {Refusal.UNKNOWN_REFERENCE}
    assert codes(contact(play, TEAM)) == {Refusal.REASON_NOT_ALLOWED}, "the first is called the first"
    play.propose(TEAM, OTHER_TEAM)
    assert codes(contact(play, TEAM, who=OTHER_TEAM, reason="FIRST")) == {Refusal.ROLE_NOT_ALLOWED}


def test_the_roster_counts_each_professional_once() -> None:
    """Who leads and is the fixed contact too is one."""
    play = Play(TEAM)
    contact(play, TEAM, reason="FIRST")
    assert helpers(play.case, play.today) == ((TEAM.slug, worker_of(TEAM.slug).ref),)
    play.accepted_by(TEAM, OTHER_TEAM)
    assert len(helpers(play.case, play.today)) == 3, "and who takes over, and the teacher who stays"
