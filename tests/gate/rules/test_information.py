"""Asking for information: who may ask on which ground, what a question holds, and who may answer it and no more."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.body import Body
from schemas.care import DossierOpened, DossierShared, MeasureKind, MeasureStarted, SightConfirmed
from schemas.information import InformationDeclined, InformationProvided, InformationRequested
from schemas.manifest import Category, Purpose, Section
from schemas.parties import ExternalKind, Party
from schemas.refusal import Refusal
from services.gate.discretion import hidden_from
from services.gate.rules.asked_records import RequestRecord
from services.gate.rules.case_records import ReportRecord
from services.gate.rules.judge import judge
from tests.gate.rules.families import GI, NOW, RAAD, SCHOOL, TEAM, TODAY, VT, section, uid
from tests.gate.rules.play import Play

R = Refusal
REQUEST = uid("request")
GP = Party(slug="school-de-brug", kind=SCHOOL.kind, external=ExternalKind.GP)


def request(ground: str = "G4", **more: Any) -> InformationRequested:
    given = {"about": ("child",), "categories": (Category.EDUCATION, Category.CONCERNS), "until": TODAY}
    return InformationRequested(request=REQUEST, ground=ground, **(given | more))


def question(basis: str, *more: Section) -> tuple[Section, ...]:
    why = section(Category.ACCOUNT, "x", basis=None, name="why").model_copy(update={"about": ()})
    return (section(Category.IDENTITY, "child", basis=basis, name="who"), why, *more)


class Story(Play):
    """A local team leads; a supervision order, a report and an investigation bring in who has a task."""

    def __init__(self, order: bool = True) -> None:
        super().__init__(TEAM)
        parties = (TEAM.slug, GI.slug, VT.slug, RAAD.slug)
        self.put(self.head.model_copy(update={"parties": parties}))
        self.put(ReportRecord(report=uid("report"), centre=VT.slug, received_at=NOW, children=("child",)))
        if order:
            started = MeasureStarted(
                measure=uid("m"), kind=MeasureKind.OTS, child="child", order="C/1", since=TODAY,
                until=TODAY + timedelta(days=300), handover=uid("h"),
            )  # fmt: skip
            self.say(GI, started)

    def said(self, who: Party, body: Body, to: Party, *sections: Section, **data: Any) -> set[Refusal]:
        if not sections:
            data.pop("purpose", None)
        return {reason.code for reason in self.say(who, body, to, sections=sections, **data).reasons}

    def asks(self, who: Party = GI, ground: str = "G4", to: Party = SCHOOL, **more: Any) -> set[Refusal]:
        purpose = {"G4": Purpose.MEASURE, "CONSENT": Purpose.JOINT_SUPPORT}.get(ground, Purpose.INVESTIGATION)
        sections = more.pop("sections", question("CONSENT" if ground == "CONSENT" else f"ASK_{ground}"))
        return self.said(who, request(ground, **more), to, *sections, purpose=purpose)

    def answers(self, *categories: Category, by: Party = SCHOOL, complete: bool = True) -> set[Refusal]:
        sections = tuple(section(c, "child", basis="G4", name=f"answer-{c}") for c in categories)
        body = InformationProvided(request=REQUEST, complete=complete)
        return self.said(by, body, GI, *sections, purpose=Purpose.MEASURE)


@pytest.mark.parametrize(("who", "ground"), [(GI, "G4"), (RAAD, "G7"), (VT, "G8")])
def test_who_has_a_task_asks_on_its_ground(who: Party, ground: str) -> None:
    assert Story().asks(who, ground) == set()


@pytest.mark.parametrize(("who", "ground"), [(TEAM, "G4"), (VT, "G7"), (GI, "G8"), (RAAD, "G4")])
def test_nobody_asks_on_the_ground_of_another(who: Party, ground: str) -> None:
    assert R.BASIS_WRONG_DIRECTION in Story().asks(who, ground)


def test_an_institution_does_not_ask_under_an_order_before_there_is_one() -> None:
    """D§6 scenario 3: the duty to inform starts with the order (Jeugdwet 7.3.11(4))."""
    assert Story(order=False).asks() == {R.BASIS_NEEDS_MEASURE}


def test_who_leads_asks_on_consent_and_who_does_not_lead_cannot() -> None:
    story = Story()
    assert story.asks(TEAM, "CONSENT") == {R.CONSENT_INCOMPLETE}
    assert R.NOT_REGIE_HOLDER in story.asks(RAAD, "CONSENT")
    assert R.NO_BASIS in story.asks(TEAM, "CURIOSITY", sections=question("CONSENT"))


def test_a_question_holds_who_it_is_about_and_why_and_nothing_of_the_dossier() -> None:
    story = Story()
    assert story.asks(sections=()) == {R.REQUIRED_SECTION_MISSING}
    assert story.last.reasons[0].missing == ("IDENTITY", "child", "ACCOUNT")
    told = section(Category.CONCERNS, "child", basis="ASK_G4", name="concerns")
    assert R.CATEGORY_NOT_ALLOWED in story.asks(sections=question("ASK_G4", told))
    assert R.PERSON_UNKNOWN in story.asks(about=("nobody",))


def test_fraud_and_public_order_are_not_asked_for() -> None:
    """JB Noord 2016 §4.4 e, §5.4: no route, so no question either."""
    assert Story().asks(categories=(Category.FINANCIAL_FRAUD,)) == {R.CATEGORY_NOT_ALLOWED}


def test_who_was_asked_may_answer_and_is_a_stranger_to_all_else() -> None:
    """It holds the question, so it can be reminded; it is no party, and is not told who leads."""
    story = Story()
    assert story.answers(Category.EDUCATION) == {R.NOT_A_PARTY}
    story.asks()
    assert SCHOOL.slug not in story.head.parties
    assert SCHOOL.slug in story.head.holders
    ctx = story.accepted[-1][0]
    assert hidden_from(ctx, story.case)
    for body, to in ((DossierShared(), GI), (InformationProvided(request=REQUEST), TEAM)):
        assert story.said(SCHOOL, body, to) == {R.NOT_A_PARTY}
    watched = SightConfirmed.model_validate(
        {
            "seen_at": NOW, "by": {"kind": "PROFESSIONAL", "function": "t"}, "channel": "SCHOOL",
            "children": [{"child": "child", "alone": True}],
        }
    )  # fmt: skip
    assert {r.code for r in judge(story.context(SCHOOL, watched)).reasons} == {R.NOT_A_PARTY}
    assert story.said(SCHOOL, DossierOpened(message=uid("message")), GI) == set()
    assert story.answers(Category.EDUCATION) == set()
    assert SCHOOL.slug not in story.head.parties
    assert story.answers(Category.EDUCATION) == {R.WRONG_STATE}, "answered"


def test_nothing_more_is_answered_than_was_asked() -> None:
    story = Story()
    story.asks()
    assert story.answers(Category.EDUCATION, Category.HOUSING_MONEY) == {R.CATEGORY_NOT_ALLOWED}
    assert story.answers() == {R.REQUIRED_SECTION_MISSING}
    assert story.answers(Category.EDUCATION, complete=False) == set()
    assert story.answers(Category.CONCERNS) == set(), "a part leaves the rest to come"


def test_an_answer_stands_on_its_own_basis() -> None:
    story = Story()
    story.asks()
    bare = section(Category.EDUCATION, "child", basis="G8", name="bare")
    found = story.said(SCHOOL, InformationProvided(request=REQUEST), GI, bare, purpose=Purpose.MEASURE)
    assert found == {R.BASIS_WRONG_DIRECTION}


@pytest.mark.parametrize(
    ("asker", "ground", "by", "owed"),
    [(VT, "G8", GP, False), (VT, "G8", SCHOOL, True), (GI, "G4", GP, True), (GI, "G4", SCHOOL, True)],
)
def test_a_privileged_professional_owes_no_reason_but_under_a_supervision_order(
    asker: Party, ground: str, by: Party, owed: bool
) -> None:
    """D#149."""
    story = Story()
    assert story.asks(asker, ground) == set()
    assert story.said(by, InformationDeclined(request=REQUEST), asker) == (
        {R.REQUIRED_SECTION_MISSING} if owed else set()
    )
    if owed:
        assert story.said(by, InformationDeclined(request=REQUEST, reason="PRIVILEGED"), asker) == set()
    (record,) = story.case.of(RequestRecord).values()
    assert not record.open


def test_a_question_in_the_past_or_twice_is_refused() -> None:
    assert Story().asks(until=TODAY - timedelta(days=1)) == {R.DATE_NOT_ALLOWED}
    story = Story()
    story.asks()
    assert story.asks() == {R.WRONG_STATE}
