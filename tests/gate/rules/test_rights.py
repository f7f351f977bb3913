"""What a person may ask about their own data, and what an answer must and may not hold."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.body import Body
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from schemas.person import Person, Role
from schemas.refusal import Mend, Refusal
from schemas.rights import (
    AccessAnswered,
    AccessLine,
    AccessRequested,
    Asked,
    CorrectionAsked,
    DestructionAsked,
    Objected,
    RightDecided,
)
from services.gate.rules.case_records import ItemRecord, ReportRecord
from tests.gate.rules.families import (
    COLLEAGUE,
    FATHER,
    MOTHER,
    NOW,
    OTHER_TEAM,
    SCHOOL,
    TEAM,
    TODAY,
    VT,
    adult,
    child,
    held_by,
    said,
    uid,
)
from tests.gate.rules.play import Play

R = Refusal
REQUEST, ITEM, REPORT = uid("request"), uid("item"), uid("report")
LATER = TODAY + timedelta(days=28)


class Story(Play):
    """A family known to a local team and Veilig Thuis; one item is about the child."""

    def __init__(self, *family: Person) -> None:
        super().__init__(TEAM, family or (child(8), MOTHER, FATHER))
        self.put(self.head.model_copy(update={"parties": (TEAM.slug, VT.slug)}))
        self.put(ReportRecord(report=REPORT, centre=VT.slug, received_at=NOW, children=("child",)))
        for item, about in ((ITEM, "child"), (uid("other"), "mother")):
            self.put(
                ItemRecord(
                    item=item,
                    category=Category.CONCERNS,
                    about=(about,),
                    digest="d",
                    author=VT.slug,
                    held_by=(VT.slug,),
                )
            )

    def hears(self, who: Party, body: Body, to: Party | None = None, **data: Any) -> set[Refusal]:
        return {reason.code for reason in self.say(who, body, to, **data).reasons}

    def asks(self, person: str, about: str = "child", to: Party | None = VT, **more: Any) -> set[Refusal]:
        return self.hears(TEAM, AccessRequested(request=REQUEST, person=person, about=about, **more), to)

    def answers(self, *lines: AccessLine, **data: Any) -> set[Refusal]:
        return self.hears(VT, AccessAnswered(request=REQUEST, lines=lines), TEAM, **data)


def shown(item: str = ITEM, **more: Any) -> AccessLine:
    given = {
        "item": item, "message": uid("letter"), "decision": "SHOWN", "at": NOW, "kind": VT.kind,
        "category": Category.CONCERNS, "ground": "G8", "organisation": VT.slug,
    }  # fmt: skip
    return AccessLine.model_validate(given | more)


HELD = AccessLine(item=ITEM, message=uid("letter"), decision="WITHHELD", article="WMO_5_3_1_3", review_on=LATER)
STEPFATHER = adult("stepfather", role=Role.OTHER_ADULT)
NO_CUSTODY = (MOTHER, adult("father"), STEPFATHER)


@given(age=st.integers(0, 17), who=st.sampled_from(["child", "mother", "father", "stepfather"]))
def test_who_may_ask_follows_from_the_age_of_whom_it_is_about(age: int, who: str) -> None:
    """Under 12 the representative; from 12 the youth too; from 16 the youth alone. A parent without custody like one
    with it (BW 1:377c), and nobody else ever."""
    story = Story(child(age, custody=held_by("mother")), *NO_CUSTODY)
    may = {"child": age >= 12, "mother": age < 16, "father": age < 16, "stepfather": False}[who]
    assert story.asks(who) == (set() if may else {R.NO_BASIS})


@pytest.mark.parametrize(("age", "may"), [(11, {"mother"}), (12, {"mother", "child"}), (15, {"mother", "child"})])
def test_a_youth_asks_from_twelve_on_beside_the_parents(age: int, may: set[str]) -> None:
    """Wmo 2015 art. 5.3.2; Jeugdwet 7.3.15."""
    family = (child(age, custody=held_by("mother")), *NO_CUSTODY)
    assert {who for who in ("mother", "child") if not Story(*family).asks(who)} == may


def test_under_twelve_the_parents_ask_whatever_a_child_understands() -> None:
    """Somebody recorded that it can weigh its interests: it is heard, and does not ask instead of them."""
    story = Story(child(10, custody=held_by("mother"), competent=True), *NO_CUSTODY)
    assert (story.asks("child"), story.asks("mother")) == ({R.NO_BASIS}, set())


def test_of_a_youth_of_16_a_parent_hears_with_their_yes_only() -> None:
    """D§6 scenario 8.6."""
    story = Story(child(16, custody=held_by("mother")), *NO_CUSTODY)
    assert story.asks("father") == {R.NO_BASIS}
    assert (story.last.reasons[0].missing, story.last.reasons[0].mend) == (("child",), (Mend.ASK_CONSENT,))
    story.put(said("yes", "child", about="child"), said("mothers", "mother", about="child"))
    assert story.asks("father", statement=uid("mothers")) == {R.NO_BASIS}
    assert story.asks("father", statement=uid("yes")) == set()


def test_who_cannot_weigh_their_interests_is_spoken_for() -> None:
    grandmother = adult("grandmother", role=Role.OTHER_ADULT)
    ill = adult("mother", competent=False, representative="grandmother")
    story = Story(child(), ill, FATHER, grandmother)
    assert story.asks("mother", "mother") == {R.NO_BASIS}
    assert story.asks("father", "mother") == {R.NO_BASIS}
    assert story.asks("grandmother", "mother") == set()


def test_nobody_is_led_to_who_is_not_safe_to_ask() -> None:
    story = Story(child(8), MOTHER, adult("father", contact_unsafe=True), STEPFATHER)
    assert story.asks("stepfather") == {R.NO_BASIS}
    assert story.last.reasons[0].missing == ("mother",)


def test_a_person_asks_this_organisation_itself_or_another_that_knows_the_case() -> None:
    assert Story().asks("mother", to=None) == set()
    assert Story().asks("mother", to=SCHOOL) == {R.ROLE_NOT_ALLOWED}
    assert Story().asks("nobody") == {R.PERSON_UNKNOWN}
    story = Story()
    story.asks("mother", to=None)
    assert story.asks("mother", to=None) == {R.WRONG_STATE}
    assert story.hears(TEAM, AccessAnswered(request=REQUEST), VT) == {R.ROLE_NOT_ALLOWED}
    assert story.hears(TEAM, AccessAnswered(request=REQUEST)) == set()


def test_a_line_about_somebody_else_is_never_shown() -> None:
    story = Story()
    story.asks("mother")
    assert story.answers(shown(uid("other"))) == {R.UNKNOWN_REFERENCE}
    assert story.answers(shown()) == set()
    assert story.answers(shown()) == {R.WRONG_STATE}


def test_a_line_is_held_back_by_two_and_looked_at_again() -> None:
    """Wmo 2015 art. 5.3.1(3); UAVG art. 41."""
    story = Story()
    story.asks("mother")
    assert story.answers(HELD) == {R.SECOND_PERSON_MISSING}
    past = HELD.model_copy(update={"review_on": TODAY})
    assert story.answers(past, second=COLLEAGUE) == {R.DATE_NOT_ALLOWED}
    assert story.answers(HELD, shown(), second=COLLEAGUE) == set()


def test_somebody_who_must_not_find_the_family_is_answered_by_two() -> None:
    story = Story(child(8), MOTHER, adult("father", contact_unsafe=True))
    story.asks("father")
    assert story.answers(shown()) == {R.SECOND_PERSON_MISSING}
    assert story.answers(shown(), second=COLLEAGUE) == set()


@pytest.mark.parametrize(("who", "hidden"), [("father", True), ("mother", False)])
def test_where_an_address_is_secret_others_hear_kinds_and_no_organisations(who: str, hidden: bool) -> None:
    """Wmo 2015 art. 5.3.2(4)."""
    story = Story(child(8), adult("mother", location_protected=True), FATHER)
    story.asks(who)
    if hidden:
        assert story.answers(shown()) == {R.CATEGORY_NOT_ALLOWED}
        assert story.answers(shown(organisation=None)) == set()
    else:
        assert story.answers(shown()) == set()


def test_a_line_is_whole_or_held_back_whole() -> None:
    for wrong in ({"ground": None}, {"article": "UAVG_41"}, {"decision": "WITHHELD"}):
        with pytest.raises(ValidationError, match="SHOWN"):
            shown(**wrong)


ASKED: tuple[tuple[type[Asked], dict[str, Any]], ...] = (
    (CorrectionAsked, {"item": ITEM}),
    (DestructionAsked, {"law": "YOUTH_ACT"}),
    (Objected, {"against": Purpose.JOINT_SUPPORT}),
)


@pytest.mark.parametrize(("kind", "fields"), ASKED)
def test_a_no_has_a_reason_and_a_second_person(kind: type[Asked], fields: dict[str, Any]) -> None:
    story = Story()
    assert story.hears(TEAM, kind(request=REQUEST, person="mother", about="child", **fields), VT) == set()
    bare = RightDecided(request=REQUEST, decision="REFUSED", complaint_told=True)
    assert story.hears(VT, bare, TEAM) == {R.REQUIRED_SECTION_MISSING, R.SECOND_PERSON_MISSING}
    told = bare.model_copy(update={"reason": "INTEREST_OF_ANOTHER"})
    assert story.hears(OTHER_TEAM, told, TEAM, second=COLLEAGUE) == {R.NOT_A_PARTY}
    assert story.hears(VT, told, TEAM, second=COLLEAGUE) == set()
    assert story.hears(VT, told, TEAM, second=COLLEAGUE) == {R.WRONG_STATE}


@pytest.mark.parametrize(("kind", "fields"), ASKED)
def test_a_parent_without_custody_gets_information_and_decides_nothing(
    kind: type[Asked], fields: dict[str, Any]
) -> None:
    story = Story(child(8, custody=held_by("mother")), *NO_CUSTODY)
    body = kind(request=REQUEST, person="father", about="child", **fields)
    assert story.hears(TEAM, body, VT) == {R.NO_BASIS}


def test_what_proved_unfounded_is_destroyed_when_asked() -> None:
    """Veilig Thuis may say that it did not prove so, and not that it would rather keep it."""
    story = Story()
    asked = DestructionAsked(request=REQUEST, person="mother", about="child", law="UNFOUNDED_REPORT", report=REPORT)
    assert story.hears(TEAM, asked, None) == {R.UNKNOWN_REFERENCE}, "the report is of Veilig Thuis"
    assert story.hears(TEAM, asked, VT) == set()
    no = RightDecided(request=REQUEST, decision="REFUSED", reason="TASK_NEEDS_IT", complaint_told=True)
    assert story.hears(VT, no, TEAM, second=COLLEAGUE) == {R.REASON_NOT_ALLOWED}
    still = no.model_copy(update={"reason": "NOT_UNFOUNDED"})
    assert story.hears(VT, still, TEAM, second=COLLEAGUE) == set()
    with pytest.raises(ValidationError, match="report"):
        DestructionAsked(request=REQUEST, person="mother", about="child", law="UNFOUNDED_REPORT")


def test_a_right_is_asked_of_what_is_there() -> None:
    body = CorrectionAsked(request=REQUEST, person="mother", about="child", item=uid("other"))
    assert Story().hears(TEAM, body, VT) == {R.UNKNOWN_REFERENCE}


def test_a_question_of_a_person_may_be_asked_and_answered_after_the_case_closed() -> None:
    story = Story()
    story.put(story.head.model_copy(update={"open": False, "regie": None, "last_regie": TEAM.slug}))
    assert story.asks("mother") == set()
    assert story.answers(shown()) == set()
