"""Families as they are: a parent who is dead, gone or unknown, a court in a parent's place, a guardian that is an
organisation, a child not yet born, and a youth who comes of age half-way.
"""

from datetime import timedelta
from typing import Any

import pytest

from schemas.cases import PersonsChanged
from schemas.consents import ConsentRecorded, Decision, Scope
from schemas.handovers import HandoverCancelled, HandoverState
from schemas.person import Person, PersonStatus, Role
from schemas.refusal import Refusal
from services.gate.rules.case import Judgement
from services.gate.rules.judge import judge
from tests.gate.rules.families import (
    FATHER,
    MOTHER,
    OTHER_TEAM,
    TODAY,
    Letter,
    adult,
    born,
    case_of,
    child,
    codes,
    held_by,
    said,
    section,
    uid,
    yes,
)
from tests.gate.rules.play import GI, TEAM, H, Play

UNBORN = Person(ref="child", role=Role.UNBORN, due_date=TODAY, mother="mother")


def send(*persons: Person, records: Any = ()) -> list[Refusal]:
    """A letter about the child, on consent."""
    return codes(judge(Letter(case_of(*persons, records=records), (section(),)).context))


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (PersonStatus.DECEASED, []),
        (PersonStatus.WHEREABOUTS_UNKNOWN, [Refusal.CONSENT_INCOMPLETE]),
        (PersonStatus.UNKNOWN, [Refusal.CONSENT_INCOMPLETE]),
    ],
)
def test_only_death_ends_a_parents_say(status: PersonStatus, found: list[Refusal]) -> None:
    """Who is gone or not known is still needed: by a court's word, by a ground, or it goes to Veilig Thuis."""
    assert send(child(), MOTHER, adult("father", status=status), records=yes("mother")) == found


def test_nobody_is_sent_to_ask_who_cannot_be_found() -> None:
    """The way out is named all the same."""
    gone = adult("father", status=PersonStatus.WHEREABOUTS_UNKNOWN)
    letter = Letter(case_of(child(), MOTHER, gone, records=yes("mother")), (section(),))
    (reason,) = judge(letter.context).reasons
    assert [mend.value for mend in reason.mend] == ["USE_GROUND", "REPORT_TO_VT", "LEAVE_OUT"]


def test_a_court_gives_consent_in_a_parents_place_and_the_parent_does_not_undo_it() -> None:
    """Also when that parent refused, before or after (BW 1:253a, 1:265h)."""
    order = said("court", "father", seq=2, court_order="C-09-123")
    no = said("no", "father", Decision.REFUSED, seq=3)
    assert send(child(), MOTHER, FATHER, records=(*yes("mother"), no)) == [Refusal.NO_BASIS]
    assert send(child(), MOTHER, FATHER, records=(*yes("mother"), order, no)) == []
    lifted = order.model_copy(update={"until": TODAY - timedelta(days=1)})
    assert send(child(), MOTHER, FATHER, records=(*yes("mother"), lifted, no)) == [Refusal.NO_BASIS]


def court(play: Play, about: str, given_by: str) -> Judgement:
    body = ConsentRecorded(
        statement=uid(f"{about}/{given_by}"), about=about, given_by=given_by, decision=Decision.GRANTED, scope=Scope(),
        how_asked="WRITTEN", court_order="C-09-123",
    )  # fmt: skip
    return play.say(TEAM, body)


def test_a_court_stands_in_for_custody_and_for_nobody_elses_word() -> None:
    """Not for a mother about herself, nor for a youth of sixteen."""
    play = Play(TEAM, (child(17), MOTHER, FATHER))
    assert not court(play, "child", "father").reasons
    for about in ("mother", "child"):
        assert codes(court(play, about, about)) == [Refusal.ROLE_NOT_ALLOWED]
    assert send(child(17), MOTHER, FATHER, records=(said("court", "father", court_order="C-1"),)) == [
        Refusal.CONSENT_INCOMPLETE
    ]


def test_a_guardian_that_is_an_organisation_speaks_by_its_own_word() -> None:
    """What another recorded as its word does not count."""
    ward = child(custody=held_by(GI.slug))
    own = said("guardian", GI.slug, recorder=GI.slug)
    assert send(ward, records=(own,)) == []
    assert send(ward, records=(own.model_copy(update={"recorder": TEAM.slug}),)) == [Refusal.CONSENT_INCOMPLETE]


def test_until_birth_it_is_about_the_mother_and_afterwards_about_the_child() -> None:
    """The same ref goes on; whoever has custody then is asked then."""
    assert send(UNBORN, MOTHER, records=(said("hers", "mother", about="mother"),)) == []
    play = Play(TEAM, (UNBORN, MOTHER))
    play.propose(TEAM, OTHER_TEAM)
    assert not play.last.reasons
    newborn = Person(ref="child", role=Role.YOUTH, birth_date=TODAY, custody=held_by("mother"))
    assert not play.say(TEAM, PersonsChanged(persons=(newborn,))).reasons
    assert send(newborn, MOTHER, records=(said("hers", "mother", about="mother"),)) == [Refusal.CONSENT_INCOMPLETE]
    assert send(newborn, MOTHER, records=yes("mother")) == []


def nearly_grown(*more: Person) -> Play:
    """A handover of a youth who turns eighteen in three days."""
    youth = replace_birth(child(17), days=-3)
    play = Play(TEAM, (youth, MOTHER, FATHER, *more))
    assert not play.propose(TEAM, OTHER_TEAM).reasons, play.last.reasons
    return play


def replace_birth(person: Person, days: int) -> Person:
    return person.model_copy(update={"birth_date": born(18, days)})


def own_yes(play: Play) -> Judgement:
    body = ConsentRecorded(
        statement=uid("own"), about="child", given_by="child", decision=Decision.GRANTED, scope=Scope(),
        how_asked="IN_PERSON",
    )  # fmt: skip
    return play.say(TEAM, body)


def test_from_eighteen_a_handover_goes_on_with_their_own_yes_only() -> None:
    """The day before the parents' word was enough; one given from sixteen on stays."""
    play = nearly_grown()
    play.later(days=4)
    (reason,) = play.accept().reasons
    assert (reason.code, reason.missing) == (Refusal.CONSENT_INCOMPLETE, ("child",))
    own_yes(play)
    assert not play.accept().reasons
    early = nearly_grown()
    own_yes(early)
    early.later(days=4)
    assert not early.accept().reasons


def test_while_a_minor_is_left_it_goes_on_for_that_one() -> None:
    play = nearly_grown(child(ref="sister"))
    play.later(days=4)
    assert not play.accept().reasons


def ended(play: Play, reason: str, offered: bool | None) -> Judgement:
    body = HandoverCancelled.model_validate({"handover": H, "reason": reason, "help_offered": offered})
    return play.say(TEAM, body, OTHER_TEAM)


def test_without_a_yes_it_ends_by_age_with_an_offer_of_help() -> None:
    """Not before the day, and never without saying whether help was offered."""
    play = nearly_grown()
    assert codes(ended(play, "END_BY_AGE", True)) == [Refusal.REASON_NOT_ALLOWED]
    play.later(days=4)
    with pytest.raises(ValueError, match="help_offered"):
        ended(play, "END_BY_AGE", None)
    assert not ended(play, "END_BY_AGE", True).reasons
    assert play.state() is HandoverState.CANCELLED
