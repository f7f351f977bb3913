"""The round table before a request to the Raad: who is invited, who decides, and in what order."""

from datetime import timedelta

import pytest

from schemas.body import Body
from schemas.investigations import Invited, TableDecided, TableInvited, TableOutcome, TableRequested
from schemas.parties import Party
from schemas.refusal import Refusal
from tests.gate.rules.families import FATHER, MOTHER, RAAD, TEAM, TODAY, adult, child, uid
from tests.gate.rules.play import Play

TABLE = uid("table")
FAMILY = (child(13, ref="youth"), child(8), MOTHER, FATHER)


def codes(play: Play, body: Body, who: Party = TEAM, to: Party | None = None) -> set[Refusal]:
    return {reason.code for reason in play.say(who, body, to).reasons}


def asked(*family: object) -> Play:
    play = Play(TEAM, family=family or FAMILY)  # type: ignore[arg-type]
    assert codes(play, TableRequested(table=TABLE, children=("youth", "child")), to=RAAD) == set()
    return play


def invited(*persons: str, **unless: str) -> TableInvited:
    told = [Invited(person=ref) for ref in persons]
    told += [Invited.model_validate({"person": ref, "unless": why}) for ref, why in unless.items()]
    return TableInvited(table=TABLE, meets_on=TODAY + timedelta(days=10), invited=tuple(told))


def decided(outcome: TableOutcome = TableOutcome.VOLUNTARY, days: int | None = None) -> TableDecided:
    review = None if days is None else TODAY + timedelta(days=days)
    return TableDecided(table=TABLE, outcome=outcome, held_on=TODAY, chair="chair-1", review_on=review)


def test_parents_and_youth_from_twelve_are_invited_or_it_says_why_not() -> None:
    play = asked()
    reasons = play.say(TEAM, invited("mother")).reasons
    assert [(r.code, r.missing) for r in reasons] == [(Refusal.REQUIRED_SECTION_MISSING, ("youth", "father"))]
    assert codes(play, invited("mother", "youth", father="UNREACHABLE")) == set()


def test_nobody_is_led_to_a_parent_who_is_not_safe_to_be_asked() -> None:
    play = asked(child(13, ref="youth"), child(8), MOTHER, adult("father", contact_unsafe=True))
    assert codes(play, invited("mother", "youth")) == set()


@pytest.mark.parametrize("who", [TEAM, RAAD])
def test_it_is_asked_held_and_decided_in_that_order(who: Party) -> None:
    play = asked()
    assert codes(play, decided(), who) == {Refusal.WRONG_STATE}
    assert codes(play, invited("mother", "father", "youth"), who) == set()
    assert codes(play, decided(), who) == set()
    assert codes(play, decided(), who) == {Refusal.WRONG_STATE}
    assert codes(play, TableRequested(table=TABLE, children=("child",)), to=RAAD) == {Refusal.WRONG_STATE}


def test_agreements_have_a_day_ahead_on_which_they_are_looked_at() -> None:
    with pytest.raises(ValueError, match="review_on"):
        decided(TableOutcome.AGREEMENTS)
    play = asked()
    play.say(TEAM, invited("mother", "father", "youth"))
    assert codes(play, decided(TableOutcome.AGREEMENTS, 0)) == {Refusal.DATE_NOT_ALLOWED}
    assert codes(play, decided(TableOutcome.AGREEMENTS, 30)) == set()


def test_who_is_no_side_of_it_says_nothing_about_it() -> None:
    play = asked()
    body = invited("mother", "father", "youth").model_copy(update={"table": uid("another")})
    assert codes(play, body) == {Refusal.UNKNOWN_REFERENCE}
