"""Who may ask the Raad for an investigation, what a request holds, who sees the child meanwhile, and who says what."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.body import Body, Known
from schemas.care import MeasureKind
from schemas.cases import CaseClosed, Closing
from schemas.handovers import YouthVoice
from schemas.investigations import (
    Advice,
    Advised,
    InvestigationConcluded,
    InvestigationNoted,
    InvestigationReceived,
    InvestigationStarted,
    InvestigationState,
    NoHelpTried,
    NoJudgement,
    NoTalk,
    Observation,
    ParentTalk,
    RaadWaitAnnounced,
)
from schemas.manifest import Category, Source, SourceKind
from schemas.parties import Party
from schemas.person import PersonStatus
from schemas.refusal import Flag, Mend, Reason, Refusal
from schemas.tables.investigations import INVESTIGATION, By, step_for
from schemas.tables.request import ELEMENTS, Element
from services.gate.rules.case_records import SightRecord
from services.gate.rules.investigation_record import InvestigationRecord
from tests.gate.rules.families import (
    CLINIC,
    FATHER,
    GI,
    MOTHER,
    RAAD,
    SCHOOL,
    TEAM,
    TODAY,
    VT,
    adult,
    child,
    section,
    uid,
)
from tests.gate.rules.play import Play, plan, worker_of
from tests.gate.rules.requests import SCIENTIST, VTO, WORDS, asked, request, words

S = InvestigationState
DESIGNATED = TEAM.model_copy(update={"designated_for_vto": True})
PLACED: dict[str, Any] = {"outcome": Advised.NO_FURTHER_STEPS, "placement": "NOT_ASKED"}


def codes(reasons: tuple[Reason, ...]) -> set[Refusal]:
    return {reason.code for reason in reasons}


def lacking(reasons: tuple[Reason, ...]) -> set[str]:
    return {name for reason in reasons for name in reason.missing}


def record(play: Play) -> InvestigationRecord:
    return play.case.of(InvestigationRecord)[VTO]


def requested() -> Play:
    play = Play(VT)
    assert not asked(play, VT)
    return play


def started(by: Party = RAAD, **more: Any) -> InvestigationStarted:
    return InvestigationStarted(investigation=VTO, investigator=worker_of(by.slug), **more)


# Who may ask


@pytest.mark.parametrize(("by", "refused"), [(VT, False), (GI, False), (DESIGNATED, False), (TEAM, True)])
def test_a_local_team_asks_the_raad_only_when_the_municipality_designated_it(by: Party, refused: bool) -> None:
    """Jeugdwet 3.1(1). Its directory entry says so, not its own word; whoever may not, hears what else can be done."""
    reasons = asked(Play(by), by)
    assert codes(reasons) == ({Refusal.ROLE_NOT_ALLOWED} if refused else set())
    assert all(reason.mend == (Mend.REPORT_TO_VT, Mend.INFORM_RAAD) for reason in reasons)


@pytest.mark.parametrize("by", [SCHOOL, CLINIC])
def test_a_school_or_provider_tells_veilig_thuis_or_informs_the_raad(by: Party) -> None:
    play = Play(VT)
    play.put(play.head.model_copy(update={"parties": (VT.slug, by.slug)}))
    reason = next(r for r in asked(play, by) if r.code is Refusal.ROLE_NOT_ALLOWED)
    assert (reason.law, reason.mend) == ("Jeugdwet 3.1(1)", (Mend.REPORT_TO_VT, Mend.INFORM_RAAD))


def test_only_the_raad_is_asked() -> None:
    assert Refusal.ROLE_NOT_ALLOWED in codes(asked(Play(VT), VT, to=TEAM))


def test_a_request_is_made_once() -> None:
    assert codes(asked(requested(), VT)) == {Refusal.WRONG_STATE}


# What it holds


def test_a_bare_request_is_told_everything_that_lacks_at_once() -> None:
    reasons = asked(Play(VT), VT, request(**_BARE), sections=())
    assert codes(reasons) == {Refusal.REQUIRED_SECTION_MISSING, Refusal.NO_INTERIM_OVERSIGHT}
    asked_later = (Element.RESPONSE, Element.OBJECTIVE)
    assert {row.source for row in ELEMENTS if row.element not in asked_later} <= {r.law for r in reasons}
    assert lacking(reasons) >= {"REASON", "RISK:child", "SAFETY:child", "TRIED", "TALK:mother", "TALK:father"}


_BARE: dict[str, Any] = {
    "reason": None,
    "sight": (),
    "risks": (),
    "tried": (),
    "talks": (),
    "observed": None,
    "advice": None,
    "youth_voice": (),
    "adviser_told_on": None,
}


@pytest.mark.parametrize(
    ("left_out", "lacks"),
    [
        ({"reason": None}, {"REASON"}),
        ({"risks": ()}, {"RISK:child"}),
        ({"tried": ()}, {"TRIED"}),
        ({"talks": (ParentTalk(parent="mother", held_on=TODAY, response=Known.GIVEN),)}, {"TALK:father"}),
        (
            {"talks": tuple(ParentTalk(parent=ref, held_on=TODAY) for ref in ("mother", "father"))},
            {"RESPONSE:mother", "RESPONSE:father"},
        ),
        ({"observed": None}, {"OBSERVED"}),
        ({"observed": Observation(by="INDEPENDENT", seen_on=TODAY)}, {"OBSERVED:PROFESSIONAL"}),
        ({"advice": None}, {"ADVICE"}),
        ({"advice": Advice(adviser=worker_of("x"), held_on=TODAY, view="FOR")}, {"ADVICE"}),
        ({"youth_voice": ()}, {"VOICE:child"}),
        ({"youth_voice": (YouthVoice(child="child", given=True),)}, {"YOUTH_VOICE:child"}),
        ({"adviser_told_on": None}, {"ADVISER_TOLD"}),
        ({"advice": Advice(adviser=SCIENTIST, held_on=TODAY, view="AGAINST")}, {"OBJECTIVE"}),
        ({"advice": Advice(adviser=SCIENTIST, held_on=TODAY, view="DIVIDED")}, {"OBJECTIVE"}),
    ],
)
def test_each_element_is_asked(left_out: dict[str, Any], lacks: set[str]) -> None:
    """TSD 2017 §2.6, JB Noord 2016 §3.1: risk, help tried, talks, own eyes, advice, the child itself."""
    reasons = asked(Play(VT), VT, request(**left_out))
    assert (codes(reasons), lacking(reasons)) == ({Refusal.REQUIRED_SECTION_MISSING}, lacks)


def test_where_views_differ_somebody_independent_looks_or_it_is_said_why_nobody_did() -> None:
    """JB Noord 2016 §8.4, aanb. 4. Where nobody could, a second person of the sender looks at the request."""
    divided: dict[str, Any] = {"advice": Advice(adviser=SCIENTIST, held_on=TODAY, view="DIVIDED")}
    eyes = Source(kind=SourceKind.PROFESSIONAL, function="assessor")
    independent = request(**divided, observed=Observation(by="INDEPENDENT", seen_on=TODAY))
    assert not asked(Play(VT), VT, independent, sections=words(source=eyes))
    waived = request(**divided, objective_unless=NoJudgement.NOBODY_AVAILABLE)
    assert not asked(Play(VT), VT, waived) and waived.reviewed


@pytest.mark.parametrize("category", WORDS)
def test_a_code_without_its_words_is_half_an_answer(category: Category) -> None:
    reasons = asked(Play(VT), VT, sections=tuple(s for s in words() if s.category is not category))
    assert codes(reasons) == {Refusal.REQUIRED_SECTION_MISSING}
    assert {name.partition(":")[0] for name in lacking(reasons)} == {category.value}


def test_what_nobody_could_do_is_said_in_a_code() -> None:
    """A parent in prison, dead, abroad, a foundling: there is nobody to help or to speak with."""
    talks = (
        ParentTalk(parent="mother", unless=NoTalk.IN_PRISON),
        ParentTalk(parent="father", unless=NoTalk.ABROAD),
    )
    whole = request(tried=(), tried_unless=NoHelpTried.PARENT_IN_PRISON, talks=talks)
    play = Play(VT)
    assert not asked(play, VT, whole)
    assert whole.reviewed and not request().reviewed


def test_nobody_is_led_to_a_parent_who_died_or_is_not_safe_to_be_asked() -> None:
    dead, unsafe = adult("father", status=PersonStatus.DECEASED), adult("father", contact_unsafe=True)
    only_mother = request(talks=(ParentTalk(parent="mother", held_on=TODAY, response=Known.GIVEN),))
    for father in (dead, unsafe):
        play = Play(VT, family=(child(), MOTHER, father))
        assert not asked(play, VT, only_mother)


def test_in_acute_danger_it_goes_as_it_is_and_is_seen() -> None:
    play = Play(VT)
    assert not asked(play, VT, request(**_BARE, acute_danger=True), sections=())
    assert set(play.last.effects.flags) == {Flag.ACUTE_DANGER, Flag.NO_WARNING_TALK}


def test_a_request_without_a_word_beforehand_is_seen() -> None:
    """JB Noord 2016 §3.3: say what follows, and what would keep the Raad out."""
    play = Play(VT)
    talks = tuple(ParentTalk(parent=ref, held_on=TODAY, response=Known.REFUSED) for ref in ("mother", "father"))
    assert not asked(play, VT, request(talks=talks))
    assert play.last.effects.flags == (Flag.NO_WARNING_TALK,)


@pytest.mark.parametrize("acute", [False, True])
def test_what_speaks_for_the_family_travels_along_or_is_named(acute: bool) -> None:
    """JB Noord 2016 §3.1: a contrary finding put aside led to a needless measure. Danger is no excuse."""
    play = Play(VT)
    contrary = section(Category.CONTRARY, "child", basis="G7", name="contrary", weighing=words()[0].bases[0].weighing)
    assert not asked(play, VT, sections=(*words(), contrary))
    again = asked(play, VT, request(uid("second"), acute_danger=acute))
    assert lacking(again) == {uid("contrary")}


def test_days_that_must_lie_behind_do() -> None:
    tomorrow = TODAY + timedelta(days=1)
    late: dict[str, Any] = {
        "observed": Observation(by="DECIDER", seen_on=tomorrow),
        "advice": Advice(adviser=SCIENTIST, held_on=tomorrow, view="FOR"),
    }
    assert codes(asked(Play(VT), VT, request(**late))) == {Refusal.DATE_NOT_ALLOWED}


def test_without_anybody_who_sees_the_child_it_is_not_asked() -> None:
    """A plan in the request or an earlier one of who asks will do; that of another will not."""
    play = Play(VT)
    play.put(SightRecord(owner=TEAM.slug, plan=plan()))
    assert codes(asked(play, VT, request(sight=()))) == {Refusal.NO_INTERIM_OVERSIGHT}
    assert not asked(play, VT)
    assert VT.slug in {record.owner for record in play.case.of(SightRecord).values()}
    assert not asked(play, VT, request(uid("second"), sight=()))


def test_it_names_people_of_the_case() -> None:
    assert codes(asked(Play(VT), VT, request(children=("somebody",)))) == {Refusal.PERSON_UNKNOWN}
    assert codes(asked(Play(VT), VT, request(sight=(plan("somebody"),)))) == {Refusal.PERSON_UNKNOWN}


# What the Raad says


def test_the_raad_receives_starts_and_concludes() -> None:
    play = requested()
    said: list[tuple[Body, InvestigationState]] = [
        (InvestigationReceived(investigation=VTO), S.RECEIVED),
        (RaadWaitAnnounced(investigation=VTO, expected_on=TODAY + timedelta(days=30)), S.WAITING),
        (started(), S.STARTED),
        (InvestigationConcluded(investigation=VTO, **PLACED), S.CONCLUDED),
    ]
    for body, state in said:
        assert not play.say(RAAD, body, VT).reasons
        assert record(play).state is state
        assert play.head.regie == VT.slug
    assert not record(play).pending


def test_the_applicant_does_not_speak_for_the_raad() -> None:
    play = requested()
    assert codes(play.say(VT, InvestigationReceived(investigation=VTO)).reasons) == {Refusal.ROLE_NOT_ALLOWED}
    assert codes(play.say(RAAD, InvestigationReceived(investigation=uid("another"))).reasons) == {
        Refusal.UNKNOWN_REFERENCE
    }


def test_who_makes_a_child_wait_agrees_who_sees_it() -> None:
    """D#60: by the plan of who asked, or its own. Without one there is nothing but to start."""
    play = requested()
    play.put(SightRecord(owner=VT.slug, plan=plan(until=TODAY)))
    play.later(days=1)
    wait = RaadWaitAnnounced(investigation=VTO, expected_on=TODAY + timedelta(days=30))
    assert codes(play.say(RAAD, wait).reasons) == {Refusal.NO_INTERIM_OVERSIGHT}
    assert not play.say(RAAD, wait.model_copy(update={"sight": (plan(),)})).reasons
    assert codes(play.say(RAAD, wait.model_copy(update={"expected_on": TODAY})).reasons) == {Refusal.DATE_NOT_ALLOWED}


def test_on_its_own_motion_the_raad_begins_with_children_it_names() -> None:
    """Jeugdwet 3.1(2). It becomes a party by that."""
    play = Play(VT)
    assert codes(play.say(RAAD, started(own_motion=True)).reasons) == {Refusal.REQUIRED_SECTION_MISSING}
    assert not play.say(RAAD, started(own_motion=True, children=("child",))).reasons
    assert play.case.is_party(RAAD.slug)
    assert (record(play).state, record(play).applicant) == (S.STARTED, None)


def test_a_start_that_nobody_asked_for_says_so() -> None:
    assert codes(Play(VT).say(RAAD, started()).reasons) == {Refusal.UNKNOWN_REFERENCE}


def test_the_investigation_is_about_the_children_it_was_asked_for() -> None:
    play = Play(VT, family=(child(), child(ref="sister"), MOTHER, FATHER))
    assert not asked(play, VT)
    assert codes(play.say(RAAD, started(children=("sister",))).reasons) == {Refusal.TERMS_DIFFER}
    assert not play.say(RAAD, started(children=("child",))).reasons


def test_what_is_not_taken_up_is_concluded_before_it_starts() -> None:
    play = requested()
    early = InvestigationConcluded(investigation=VTO, **PLACED)
    assert codes(play.say(RAAD, early).reasons) == {Refusal.WRONG_STATE}
    assert not play.say(RAAD, early.model_copy(update={"outcome": Advised.NOT_TAKEN_UP})).reasons


def test_a_conclusion_names_the_measure_it_asks_and_nothing_else_does() -> None:
    for outcome, measure in ((Advised.MEASURE_REQUESTED, None), (Advised.VOLUNTARY_HELP, MeasureKind.OTS)):
        with pytest.raises(ValueError, match="measure"):
            InvestigationConcluded(investigation=VTO, outcome=outcome, measure=measure, placement="ASKED")


def test_the_reference_of_corv_is_kept_whoever_notes_it() -> None:
    for by in (VT, RAAD):
        play = Play(VT)
        assert not asked(play, VT, request(corv=None))
        assert record(play).corv is None
        assert not play.say(by, InvestigationNoted(investigation=VTO, corv="CORV-9")).reasons
        assert (record(play).corv, record(play).state) == ("CORV-9", S.REQUESTED)
    with pytest.raises(ValueError, match="corv"):
        InvestigationNoted(investigation=VTO)


def test_a_case_does_not_close_while_the_raad_has_still_to_speak() -> None:
    play = requested()
    closing = CaseClosed(closing=Closing.SELF_RELIANCE, reference="x")
    assert "NO_PENDING_INVESTIGATION" in lacking(play.say(VT, closing).reasons)
    assert not play.say(VT, CaseClosed(closing=Closing.END_BY_LAW)).reasons
    assert not record(play).pending


RAAD_SAYS: tuple[Body, ...] = (
    InvestigationReceived(investigation=VTO),
    RaadWaitAnnounced(investigation=VTO, expected_on=TODAY + timedelta(days=300)),
    started(),
    started(own_motion=True, children=("child",)),
    InvestigationConcluded(investigation=VTO, **PLACED),
    InvestigationConcluded(investigation=VTO, outcome=Advised.NOT_TAKEN_UP, placement="NOT_ASKED"),
    InvestigationNoted(investigation=VTO, corv="C"),
)


@given(st.lists(st.tuples(st.sampled_from((RAAD, VT)), st.sampled_from(RAAD_SAYS)), max_size=8))
def test_whatever_is_said_only_a_row_moves_it_and_what_is_concluded_stays_so(said: list[tuple[Party, Body]]) -> None:
    play = requested()
    for who, body in said:
        before = record(play)
        side = By.RAAD if who is RAAD else By.APPLICANT
        reasons = play.say(who, body).reasons
        after = record(play)
        if reasons:
            assert after == before
            continue
        rows = {step_for(INVESTIGATION, body.name, before.state, side, variant) for variant in _VARIANTS}
        assert after.state in {row.to or before.state for row in rows if row}
        assert before.pending or not after.pending


_VARIANTS = (None, "ON_REQUEST", "OWN_MOTION", "NOT_TAKEN_UP")


def test_an_independent_pair_of_eyes_counts_too() -> None:
    seen = Source(kind=SourceKind.PROFESSIONAL, function="assessor")
    independent = request(observed=Observation(by="INDEPENDENT", seen_on=TODAY))
    assert not asked(Play(VT), VT, independent, sections=words(source=seen))
