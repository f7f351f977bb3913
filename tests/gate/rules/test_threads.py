"""Anonymous advice and signals: who may begin a thread, what it may hold, and who its only parties are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.advice import AdviceAsked, AdviceGiven, Topic
from schemas.body import Body
from schemas.care import DossierOpened, MeasureKind, MeasureStarted, ReportRegistered, ReviewRecorded
from schemas.manifest import Category, Manifest, Purpose, Section
from schemas.parties import OrganisationKind, Party
from schemas.person import Person
from schemas.refusal import Flag, Refusal
from schemas.signals import Agreed, SignalAcknowledged, SignalRaised
from services.gate.rules.case import Case, Judgement
from services.gate.rules.judge import judge
from tests.gate.rules.families import (
    COLLEAGUE,
    FATHER,
    GI,
    JWE,
    MOTHER,
    OTHER_TEAM,
    RAAD,
    RVT,
    SCHOOL,
    TEAM,
    TODAY,
    VT,
    child,
    context,
    held_by,
    section,
    uid,
)

R = Refusal
SUBJECT = "thread:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c12"
ASKED = AdviceAsked(topic=Topic.VIOLENCE)
GIVEN = AdviceGiven(advice=("TALK_WITH_FAMILY",))
HEARD = SignalAcknowledged(next="WE_LOOK_INTO_IT", reporting_code=True)
NAMELESS = SignalRaised(raised_by="PROFESSIONAL", family_knows="NOT_TOLD")


def words(*about: str, category: Category = Category.ACCOUNT, name: str = "words", basis: str | None = None) -> Section:
    """A section about nobody unless somebody is named."""
    made = section(category, "x", basis=None, name=name)
    bases = section(category, *about, basis=basis).bases if about and basis else ()
    return made.model_copy(update={"about": about, "bases": bases})


class Thread:
    """One thread over time."""

    def __init__(self) -> None:
        self.case = Case(SUBJECT)
        self.last = Judgement()

    def say(
        self,
        who: Party,
        body: Body,
        to: Party,
        *sections: Section,
        purpose: Purpose = Purpose.JOINT_SUPPORT,
        **data: Any,
    ) -> set[Refusal]:
        if sections:
            data["manifest"] = Manifest(purpose=purpose, sections=sections)
            data["sealed"] = {s.item: JWE for s in sections}
        self.last = judge(context(self.case, body, who, to, **data))
        if not self.last.reasons:
            self.case = self.case.after(self.last.effects)
        return {reason.code for reason in self.last.reasons}


def signal(*persons: Person, by: Any = "PROFESSIONAL", **more: Any) -> SignalRaised:
    return SignalRaised(raised_by=by, persons=persons, family_knows="TOLD", **more)


def agreed(about: str, *who: str) -> tuple[Agreed, ...]:
    return tuple(
        Agreed(statement=uid(f"{about}-{ref}"), about=about, given_by=ref, how_asked="IN_PERSON") for ref in who
    )


# Advice


@pytest.mark.parametrize("asker", [TEAM, SCHOOL, GI, VT, RAAD])
def test_anybody_may_ask_advice_and_is_answered(asker: Party) -> None:
    to = GI if asker is not GI else VT
    thread = Thread()
    assert thread.say(asker, ASKED, to, words()) == set()
    assert thread.say(to, GIVEN, asker, words(category=Category.PLAN, name="plan")) == set()
    assert thread.say(asker, ASKED, to) == set(), "and may ask on"


def test_a_regional_safety_team_gives_advice_without_anybodys_powers() -> None:
    """It has none of its own, and needs none to advise."""
    thread = Thread()
    assert thread.say(TEAM, ASKED, RVT) == set()
    assert thread.say(RVT, GIVEN, TEAM) == set()


@pytest.mark.parametrize("to", [OTHER_TEAM, RAAD, SCHOOL])
def test_advice_is_given_by_who_has_the_expertise(to: Party) -> None:
    assert Thread().say(TEAM, ASKED, to) == {R.ROLE_NOT_ALLOWED}


def test_no_field_of_advice_can_hold_a_person_or_free_words() -> None:
    """D#4: every text in it is one of a fixed list."""
    for body in (AdviceAsked, AdviceGiven):
        with pytest.raises(ValidationError):
            body.model_validate({"topic": "Jan Jansen", "advice": ["call Jan"], "person": "child"})
        assert "pattern" not in str(body.model_json_schema())


@given(category=st.sampled_from(Category), about=st.sampled_from([(), ("child",)]), basis=st.booleans())
def test_only_what_is_about_nobody_travels_in_advice(category: Category, about: tuple[str, ...], basis: bool) -> None:
    made = words(*about, category=category, basis="CONSENT" if basis else None)
    fits = category in (Category.ACCOUNT, Category.PLAN) and not about
    assert Thread().say(TEAM, ASKED, GI, made) == (set() if fits else {R.CATEGORY_NOT_ALLOWED})


# Parties


@pytest.mark.parametrize("body", [GIVEN, HEARD, ASKED, DossierOpened(message=uid("m"))])
def test_a_stranger_is_told_the_same_whether_the_thread_exists_or_not(body: Body) -> None:
    """But for who may begin one: a thread that is not there, one begins."""
    thread = Thread()
    thread.say(TEAM, ASKED, GI)
    assert thread.say(VT, body, TEAM if body is not ASKED else RVT) == {R.NOT_A_PARTY}
    if body is not ASKED:
        assert Thread().say(VT, body, TEAM) == {R.NOT_A_PARTY}


def test_a_party_may_say_that_it_opened_a_letter_and_nothing_that_belongs_in_a_case() -> None:
    thread = Thread()
    thread.say(TEAM, ASKED, GI, words())
    assert thread.say(GI, DossierOpened(message=uid("message")), TEAM) == set()
    thread.say(TEAM, ASKED, VT)
    for who, body in (
        (
            GI,
            MeasureStarted(
                measure=uid("m"), kind=MeasureKind.OTS, child="child", order="C/1", since=TODAY,
                until=TODAY.replace(year=TODAY.year + 1), handover=uid("h"),
            ),
        ),
        (VT, ReportRegistered(report=uid("r"), received_at="2026-03-01T09:00:00Z", reporter="POLICE", children=("c",))),
    ):  # fmt: skip
        assert {r.code for r in judge(context(thread.case, body, who)).reasons} == {R.NOT_A_PARTY}


def test_each_side_says_its_own_and_to_the_other() -> None:
    thread = Thread()
    thread.say(GI, ASKED, VT)
    assert thread.say(GI, GIVEN, VT) == {R.ROLE_NOT_ALLOWED}
    assert thread.say(VT, ASKED, GI) == {R.ROLE_NOT_ALLOWED}
    assert thread.say(VT, GIVEN, TEAM) == {R.ROLE_NOT_ALLOWED}
    assert thread.say(VT, HEARD, GI) == {R.WRONG_STATE}


def test_a_thread_is_no_case() -> None:
    case = Case("case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c11")
    for body in (ASKED, NAMELESS):
        found = judge(context(case, body, SCHOOL, VT))
        assert {reason.code for reason in found.reasons} == {R.UNKNOWN_REFERENCE}


# Signals


def test_a_signal_without_persons_is_answered_with_the_reporting_code() -> None:
    """A school that names nobody hears the five steps, and from whom it hears again (D#179)."""
    thread = Thread()
    assert thread.say(SCHOOL, NAMELESS, TEAM, words()) == set()
    bare = SignalAcknowledged(next="YOU_TALK_FIRST")
    assert thread.say(TEAM, bare, SCHOOL) == {R.REQUIRED_SECTION_MISSING}
    assert thread.last.reasons[0].missing == ("reporting_code",)
    past = HEARD.model_copy(update={"hears_by": TODAY.replace(day=1)})
    assert thread.say(TEAM, past, SCHOOL) == {R.DATE_NOT_ALLOWED}
    assert thread.say(TEAM, HEARD, SCHOOL) == set()
    assert thread.say(TEAM, HEARD, SCHOOL) == {R.WRONG_STATE}, "once"
    assert thread.say(SCHOOL, NAMELESS, TEAM) == {R.WRONG_STATE}, "another signal is another thread"


def test_nobody_is_named_in_a_signal_without_persons() -> None:
    concern = words("child", category=Category.CONCERNS, basis="CONSENT")
    assert Thread().say(SCHOOL, NAMELESS, TEAM, concern) == {R.PERSON_UNKNOWN}


FAMILY = (child(), MOTHER, FATHER)
ABOUT_CHILD = (
    words("child", category=Category.IDENTITY, name="who", basis="CONSENT"),
    words("child", category=Category.CONCERNS, name="what", basis="CONSENT"),
)


def test_a_school_names_a_child_to_a_local_team_only_with_consent_of_all() -> None:
    """G8 works towards Veilig Thuis alone; "a signal" is no way around the parents."""
    assert Thread().say(SCHOOL, signal(*FAMILY), TEAM, *ABOUT_CHILD) == {R.CONSENT_INCOMPLETE}
    one = signal(*FAMILY, agreed=agreed("child", "mother"))
    assert Thread().say(SCHOOL, one, TEAM, *ABOUT_CHILD) == {R.CONSENT_INCOMPLETE}
    both = signal(*FAMILY, agreed=agreed("child", "mother", "father"))
    assert Thread().say(SCHOOL, both, TEAM, *ABOUT_CHILD) == set()
    g8 = tuple(words("child", category=s.category, name=f"g8-{s.category}", basis="G8") for s in ABOUT_CHILD)
    refused = Thread().say(SCHOOL, signal(*FAMILY), TEAM, *g8, purpose=Purpose.SAFETY_ALERT)
    assert refused == {R.BASIS_WRONG_DIRECTION}
    assert Thread().say(SCHOOL, signal(*FAMILY), VT, *g8, purpose=Purpose.SAFETY_ALERT) == set()


def test_only_the_word_of_whom_it_concerns_counts() -> None:
    for who, code in (("neighbour", R.ROLE_NOT_ALLOWED), ("father", None)):
        body = signal(*FAMILY, agreed=agreed("mother", who) + agreed("child", "mother", "father"))
        found = Thread().say(SCHOOL, body, TEAM, *ABOUT_CHILD)
        assert found == ({code} if code else {R.ROLE_NOT_ALLOWED})


def test_whoever_is_named_stands_in_a_section_with_a_basis() -> None:
    """A brother's birth date does not ride along in the coded part."""
    brother = child(5, ref="brother")
    body = signal(*FAMILY, brother, agreed=agreed("child", "mother", "father"))
    thread = Thread()
    assert thread.say(SCHOOL, body, TEAM, *ABOUT_CHILD) == {R.REQUIRED_SECTION_MISSING}
    assert thread.last.reasons[0].missing == ("IDENTITY", "brother")
    orphan = signal(child(custody=held_by("nobody")))
    assert R.PERSON_UNKNOWN in Thread().say(SCHOOL, orphan, TEAM, *ABOUT_CHILD)


@pytest.mark.parametrize("through", [SCHOOL, TEAM, VT, GI, RAAD])
@pytest.mark.parametrize("age", [9, 13, 16])
def test_a_youth_may_always_signal_about_themselves_through_anybody(through: Party, age: int) -> None:
    """D#185: no parent is asked, and no organisation keeps it back."""
    own = words("child", category=Category.YOUTH_VOICE, basis="OWN_WORD")
    body = signal(child(age), MOTHER, FATHER, by="YOUTH", self_ref="child")
    assert Thread().say(through, body, TEAM if through is not TEAM else VT, own) == set()


def test_ones_own_word_carries_nothing_about_another() -> None:
    both = words("child", "mother", category=Category.STORY, basis="OWN_WORD")
    body = signal(child(15), MOTHER, FATHER, by="YOUTH", self_ref="child")
    assert Thread().say(SCHOOL, body, TEAM, both) == {R.NO_BASIS}
    alone = words("child", category=Category.CONCERNS, basis="OWN_WORD")
    assert Thread().say(SCHOOL, signal(*FAMILY), TEAM, alone) == {R.NO_BASIS}, "a professional's is not theirs"


@pytest.mark.parametrize("who", [TEAM, VT, GI])
def test_who_opens_cases_puts_its_own_concern_in_one(who: Party) -> None:
    assert Thread().say(who, NAMELESS, TEAM if who is not TEAM else VT) == {R.ROLE_NOT_ALLOWED}
    if who is TEAM:
        assert Thread().say(RVT, NAMELESS, TEAM, acting_under=OrganisationKind.VEILIG_THUIS) == set()
        assert Thread().say(RAAD, NAMELESS, TEAM) == set()


def test_that_nobody_leads_is_seen() -> None:
    """JB Noord 2016 §5.2: an attendance officer sounded the alarm, because there was much help and nobody led."""
    thread = Thread()
    thread.say(SCHOOL, NAMELESS.model_copy(update={"who_leads": "NOBODY"}), TEAM)
    assert thread.last.effects.flags == (Flag.NOBODY_LEADS,)


def test_a_review_of_a_signal_is_recorded_in_its_thread() -> None:
    thread = Thread()
    thread.say(SCHOOL, NAMELESS, TEAM)
    ctx = context(thread.case, ReviewRecorded(message=uid("x"), outcome="JUSTIFIED"), TEAM, second=COLLEAGUE)
    assert judge(ctx).reasons == ()


def test_a_parent_cannot_be_somebody_who_is_not_in_the_signal() -> None:
    with pytest.raises(ValidationError, match="self_ref"):
        signal(MOTHER, by="PARENT", self_ref="father")
    with pytest.raises(ValidationError, match="share a ref"):
        signal(MOTHER, MOTHER)
