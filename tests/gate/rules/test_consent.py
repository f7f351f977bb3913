"""What people may say about sharing, and what it changes."""

from datetime import date, timedelta

import pytest

from schemas.body import Body
from schemas.consents import ConsentAsked, ConsentRecorded, ConsentSetAside, ConsentWithdrawn, Decision, Scope
from schemas.manifest import Category, Purpose
from schemas.person import Person, Role
from schemas.refusal import Refusal
from schemas.service import ConsentWithdrawnNotice
from services.gate.rules.case import Case, Judgement
from services.gate.rules.case_records import ItemRecord, StatementRecord
from services.gate.rules.consent import judge_statement
from services.gate.rules.judge import judge as judge_all
from tests.gate.rules.families import (
    COLLEAGUE,
    DEAD,
    FATHER,
    GI,
    MOTHER,
    NOW,
    OTHER_TEAM,
    RAAD,
    TEAM,
    TODAY,
    UNSAFE,
    WORKER,
    adult,
    case_of,
    child,
    codes,
    context,
    held_by,
    said,
    uid,
)

FAMILY = (child(8), MOTHER, FATHER)
HEALTH = Scope(categories=(Category.HEALTH,))


def recorded(
    given_by: str = "mother",
    about: str = "child",
    decision: Decision = Decision.GRANTED,
    *,
    statement: str = "new",
    scope: Scope | None = None,
    until: date | None = None,
) -> ConsentRecorded:
    return ConsentRecorded(
        statement=uid(statement),
        about=about,
        given_by=given_by,
        decision=decision,
        scope=scope or Scope(),
        until=until,
        how_asked="IN_PERSON",
    )


def aside(holder: str = "father", about: str = "child", *, days: int = 28, scope: Scope = HEALTH) -> ConsentSetAside:
    return ConsentSetAside(
        statement=uid("aside"),
        about=about,
        holder=holder,
        scope=scope,
        reason="SUSPECTED_OF_VIOLENCE",
        review_on=TODAY + timedelta(days=days),
    )


def judge(case: Case, body: Body, **more: object) -> Judgement:
    return judge_statement(context(case, body, **more))  # type: ignore[arg-type]


def test_a_statement_is_remembered_after_all_earlier_ones() -> None:
    """The latest statement is the one with the highest place, whatever the clock says."""
    case = case_of(*FAMILY, records=[said("old", "mother", seq=7)])
    (record,) = judge(case, recorded(scope=HEALTH, until=TODAY)).effects.put
    assert isinstance(record, StatementRecord)
    assert (record.seq, record.recorder, record.scope, record.until) == (8, TEAM.slug, HEALTH, TODAY)
    assert record.recorded_at == NOW


def test_a_withdrawal_takes_a_place_in_the_order_too() -> None:
    """What is said after a withdrawal stands after it, also at the same moment."""
    case = case_of(*FAMILY, records=[said("old", "mother", seq=1)])
    gone = judge(case, ConsentWithdrawn(statement=uid("old"))).effects
    (record,) = judge(case.after(gone), recorded()).effects.put
    assert isinstance(record, StatementRecord)
    assert record.seq == 3


@pytest.mark.parametrize("given_by", ["child", "mother", "father"])
def test_the_person_and_the_custody_holders_may_speak(given_by: str) -> None:
    """A child's own no can be recorded at any age; whether it counts follows from the ages on the day of sharing."""
    assert judge(case_of(*FAMILY), recorded(given_by)).reasons == ()


def test_someone_without_a_say_is_refused_with_whose_word_counts() -> None:
    """A grandmother's consent is not recorded as if it were worth something."""
    case = case_of(*FAMILY, adult("granny", role=Role.OTHER_ADULT))
    (reason,) = judge(case, recorded("granny")).reasons
    assert reason.code is Refusal.ROLE_NOT_ALLOWED
    assert reason.missing == ("child", "mother", "father")


def test_the_explanation_leaves_out_who_may_not_be_led_to() -> None:
    """An unsafe parent is not named as someone whose word would do."""
    case = case_of(child(8), MOTHER, UNSAFE, adult("granny", role=Role.OTHER_ADULT))
    (reason,) = judge(case, recorded("granny")).reasons
    assert reason.missing == ("child", "mother")


def test_a_parent_without_custody_has_no_say() -> None:
    """Being a parent is not holding custody."""
    assert codes(judge(case_of(child(8, custody=held_by("mother")), MOTHER, FATHER), recorded("father"))) == [
        Refusal.ROLE_NOT_ALLOWED
    ]


@pytest.mark.parametrize(("given_by", "about"), [("stranger", "child"), ("mother", "stranger"), ("x", "x")])
def test_everyone_named_is_a_person_of_the_case(given_by: str, about: str) -> None:
    """A statement about or by someone the case does not know is refused, once a person."""
    assert codes(judge(case_of(*FAMILY), recorded(given_by, about))) == [Refusal.PERSON_UNKNOWN]


def test_data_of_an_unborn_child_are_the_mothers() -> None:
    """A statement about an unborn child is refused and names whom it is about instead."""
    unborn = Person(ref="unborn", role=Role.UNBORN, due_date=TODAY, mother="mother")
    (reason,) = judge(case_of(unborn, MOTHER), recorded("mother", "unborn")).reasons
    assert (reason.code, reason.missing) == (Refusal.PERSON_UNKNOWN, ("mother",))


def test_a_guardian_organisation_speaks_for_itself() -> None:
    """The word of an institution with guardianship comes from that institution, from nobody else."""
    case = case_of(child(8, custody=held_by(GI.slug)))
    assert judge(case, recorded(GI.slug), sender=GI).reasons == ()
    assert codes(judge(case, recorded(GI.slug), sender=TEAM)) == [Refusal.ROLE_NOT_ALLOWED]


def test_anyone_may_note_that_a_guardian_organisation_was_asked() -> None:
    """Asking is not answering."""
    asked = ConsentAsked(about="child", asked_of=GI.slug, scope=Scope())
    assert judge(case_of(child(8, custody=held_by(GI.slug))), asked).reasons == ()


def test_a_representative_may_speak() -> None:
    """Of an adult on record as unable to weigh their own interests."""
    case = case_of(adult("mother", competent=False, representative="aunt"), adult("aunt", role=Role.OTHER_ADULT))
    assert judge(case, recorded("aunt", "mother")).reasons == ()


def test_a_statement_is_made_once() -> None:
    """An id that is taken is refused, so nobody's word is overwritten."""
    case = case_of(*FAMILY, records=[said("new", "father")])
    assert codes(judge(case, recorded(statement="new"))) == [Refusal.ID_REUSED]


def test_a_statement_that_already_ended_is_refused() -> None:
    """Otherwise it would silently replace the one before it."""
    assert codes(judge(case_of(*FAMILY), recorded(until=TODAY - timedelta(days=1)))) == [Refusal.DATE_NOT_ALLOWED]


def test_asking_changes_nothing() -> None:
    """Silence is not consent."""
    asked = ConsentAsked(about="child", asked_of="mother", scope=Scope())
    assert judge(case_of(*FAMILY), asked) == Judgement()


def test_a_custody_holder_can_be_set_aside_for_four_weeks() -> None:
    """With a second professional, for named categories, until somebody looks again."""
    judged = judge(case_of(child(8), MOTHER, UNSAFE), aside(), second=COLLEAGUE)
    (record,) = judged.effects.put
    assert isinstance(record, StatementRecord)
    assert (record.decision, record.given_by, record.until) == (None, "father", TODAY + timedelta(days=28))


@pytest.mark.parametrize("second", [None, WORKER])
def test_setting_aside_needs_another_professional(second: object) -> None:
    """The same person twice is one person. The row of the message asks for it, so the whole judgement is looked at."""
    assert codes(judge_all(context(case_of(*FAMILY), aside(), second=second))) == [Refusal.SECOND_PERSON_MISSING]


@pytest.mark.parametrize("days", [0, 29])
def test_setting_aside_is_looked_at_again_within_four_weeks(days: int) -> None:
    """And not before it begins."""
    assert codes(judge(case_of(*FAMILY), aside(days=days), second=COLLEAGUE)) == [Refusal.DATE_NOT_ALLOWED]


def test_nobody_is_set_aside_for_everything() -> None:
    """Setting aside is for named sections."""
    assert codes(judge(case_of(*FAMILY), aside(scope=Scope()), second=COLLEAGUE)) == [Refusal.CATEGORY_NOT_ALLOWED]


@pytest.mark.parametrize(("holder", "age"), [("child", 14), ("child", 8), ("granny", 8)])
def test_only_a_custody_holder_is_set_aside(holder: str, age: int) -> None:
    """Never the youth whose data these are, and nobody who has no say anyway."""
    case = case_of(child(age), MOTHER, FATHER, adult("granny", role=Role.OTHER_ADULT))
    assert codes(judge(case, aside(holder), second=COLLEAGUE)) == [Refusal.ROLE_NOT_ALLOWED]


def test_nobody_holds_custody_over_themselves() -> None:
    """A record that says so makes no child of eight someone to set aside, or who consents."""
    case = case_of(child(8, custody=held_by("child", "mother")), MOTHER)
    assert codes(judge(case, aside("child"), second=COLLEAGUE)) == [Refusal.ROLE_NOT_ALLOWED]


def test_a_dead_custody_holder_has_nothing_to_say() -> None:
    """Death ends custody without a message."""
    assert codes(judge(case_of(child(8), MOTHER, DEAD), recorded("father"))) == [Refusal.ROLE_NOT_ALLOWED]


def holding(*held: str, relied_on: str = "old", name: str = "item") -> ItemRecord:
    return ItemRecord(
        item=uid(name),
        category=Category.HEALTH,
        about=("child",),
        digest="ab" * 32,
        author=held[0],
        held_by=held,
        relied_on=(uid(relied_on),),
    )


def test_a_withdrawal_is_told_to_everyone_who_holds_something_under_it() -> None:
    """One notice an organisation, with its items; not to who recorded the withdrawal."""
    items = [
        holding(TEAM.slug, OTHER_TEAM.slug, GI.slug, name="one"),
        holding(TEAM.slug, GI.slug, name="two"),
        holding(TEAM.slug, RAAD.slug, name="three", relied_on="something-else"),
    ]
    case = case_of(*FAMILY, records=[said("old", "mother"), *items])
    notices = judge(case, ConsentWithdrawn(statement=uid("old"))).effects.notices
    told = {n.to: n.body.items for n in notices if isinstance(n.body, ConsentWithdrawnNotice)}
    assert told == {OTHER_TEAM.slug: (uid("one"),), GI.slug: tuple(sorted((uid("one"), uid("two"))))}


def test_the_author_is_told_when_another_records_the_withdrawal() -> None:
    """So that nothing in the author's queue relies on it any more."""
    case = case_of(*FAMILY, records=[said("old", "mother"), holding(TEAM.slug, OTHER_TEAM.slug)])
    effects = judge(case, ConsentWithdrawn(statement=uid("old")), sender=OTHER_TEAM).effects
    assert [notice.to for notice in effects.notices] == [TEAM.slug]


def test_a_refusal_of_the_same_scope_takes_the_grant_back() -> None:
    """A no after a yes is a withdrawal, also when it is recorded as a no."""
    case = case_of(*FAMILY, records=[said("old", "mother"), holding(TEAM.slug, OTHER_TEAM.slug)])
    effects = judge(case, recorded(decision=Decision.REFUSED)).effects
    assert [notice.to for notice in effects.notices] == [OTHER_TEAM.slug]
    narrow = judge(case, recorded(decision=Decision.REFUSED, scope=Scope(purposes=(Purpose.MEASURE,)))).effects
    assert narrow.notices == ()


def test_a_withdrawal_needs_a_statement_that_stands() -> None:
    """What was never said, or is withdrawn already, cannot be withdrawn."""
    gone = said("gone", "mother", withdrawn_at=NOW)
    case = case_of(*FAMILY, records=[gone])
    assert codes(judge(case, ConsentWithdrawn(statement=uid("other")))) == [Refusal.UNKNOWN_REFERENCE]
    assert codes(judge(case, ConsentWithdrawn(statement=uid("gone")))) == [Refusal.WRONG_STATE]
