"""What a proposal brings beside the story: questions, areas of life, plan and goals; and the facts behind a concern."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.body import Known, Phase
from schemas.brought import AreaAsked, Goal, GroupPlan, HelpQuestion, LifeArea
from schemas.care import AssessmentRecorded, DossierShared, PlanTaken, WorkerAssigned
from schemas.handovers import ClientResponse
from schemas.manifest import Category, Purpose, Section, SourceKind, StatementKind
from schemas.refusal import Reason, Refusal
from schemas.supports import SupportReason, TeamReason
from schemas.tables.team_reasons import REASON_OF
from services.gate.rules.case_records import ItemRecord
from tests.gate.rules.families import GI, OTHER_TEAM, RVT, TEAM, TODAY, VT, section, uid, yes
from tests.gate.rules.play import EVERYTHING, H, Play, proposal, words, worker_of
from tests.gate.rules.test_supports import K, ask, join

TOMORROW = TODAY + timedelta(days=1)
GOAL = Goal(id="school-again", person="child", priority=1, measure="DAYS_AT_SCHOOL", due=TODAY + timedelta(days=60))


def reasons(*extra: Category, **more: Any) -> tuple[Reason, ...]:
    play = Play(TEAM)
    return play.say(TEAM, proposal(H, **more), OTHER_TEAM, sections=words(*EVERYTHING, *extra, by="p")).reasons


def lacking(found: tuple[Reason, ...]) -> set[str]:
    return {name for reason in found for name in reason.missing}


@pytest.mark.parametrize(
    "said",
    [
        {"goals": (GOAL,)},
        {"group_plan": GroupPlan(state="MADE", on=TODAY)},
    ],
)
def test_a_plan_that_is_spoken_of_travels_along(said: dict[str, Any]) -> None:
    """Jeugdwet 4.1.2; goals are codes without it."""
    assert lacking(reasons(**said)) == {"PLAN"}
    assert not reasons(Category.PLAN, **said)


@pytest.mark.parametrize("state", ["OFFERED", "WAIVED", "NOT_OFFERED_DANGER"])
def test_a_plan_that_the_family_did_not_make_is_only_said(state: str) -> None:
    assert not reasons(group_plan=GroupPlan(state=state, on=TODAY))


def test_a_question_that_was_put_into_words_comes_with_the_words_of_that_person() -> None:
    """With parents and children: each of them (D#130). Not asked is a value."""
    asked = (HelpQuestion(person="mother", state=Known.GIVEN), HelpQuestion(person="father", state=Known.NOT_ASKED))
    assert not reasons(questions=asked)
    assert lacking(reasons(questions=(HelpQuestion(person="child", state=Known.GIVEN),))) == {"QUESTION:child"}


def test_persons_are_of_this_case_and_days_are_days_that_may_be() -> None:
    stranger = GOAL.model_copy(update={"person": "stranger"})
    assert {r.code for r in reasons(Category.PLAN, goals=(stranger,))} == {Refusal.PERSON_UNKNOWN}
    late = {
        "goals": (GOAL.model_copy(update={"due": TODAY - timedelta(days=1)}),),
        "group_plan": GroupPlan(state="WAIVED", on=TOMORROW),
        "client_response": (ClientResponse(person="mother", state=Known.GIVEN, shown_on=TOMORROW),),
    }
    assert lacking(reasons(Category.PLAN, **late)) == {"goals.due", "group_plan.on", "client_response.shown_on"}


def test_goals_are_prioritised_each_with_a_place_of_its_own() -> None:
    """D#174."""
    with pytest.raises(ValidationError, match="priority of its own"):
        proposal(H, goals=(GOAL, GOAL.model_copy(update={"id": "other"})))
    with pytest.raises(ValidationError):
        Goal(id="x", person="child", priority=0, measure="M", due=TODAY)


def test_every_area_of_life_may_be_named_and_none_must() -> None:
    assert not reasons(areas=tuple(AreaAsked(area=area, state=Known.NOT_ASKED) for area in LifeArea))


# Facts behind a concern


def worry(*rests_on: str) -> Section:
    made = section(Category.CONCERNS, "mother", name="worry")
    return made.model_copy(update={"kind": StatementKind.OPINION, "rests_on": rests_on})


def fact(kind: StatementKind = StatementKind.OBSERVATION) -> Section:
    return section(Category.ACCOUNT, "mother", name="fact").model_copy(update={"kind": kind})


def shared(play: Play, *sections: Section) -> tuple[Reason, ...]:
    said = play.say(TEAM, DossierShared(), OTHER_TEAM, sections=sections, purpose=Purpose.JOINT_SUPPORT)
    return tuple(reason for reason in said.reasons if reason.law and "D#189" in reason.law)


@pytest.mark.parametrize(("kind", "refused"), [("FACT", False), ("OBSERVATION", False), ("OPINION", True)])
def test_what_a_concern_rests_on_is_a_fact_or_was_seen(kind: str, refused: bool) -> None:
    """Another opinion is nothing to rest on."""
    assert bool(shared(Play(TEAM), worry(uid("fact")), fact(StatementKind(kind)))) is refused


def test_it_may_have_been_sent_before_and_must_be_the_senders_own_to_know() -> None:
    play = Play(TEAM)
    (refused,) = shared(play, worry(uid("fact")))
    assert (refused.code, refused.missing) == (Refusal.UNKNOWN_REFERENCE, (uid("fact"),))
    known = ItemRecord(
        item=uid("fact"), category=Category.ACCOUNT, about=("mother",), digest="d", author=VT.slug,
        held_by=(VT.slug,), stated_as=StatementKind.FACT,
    )  # fmt: skip
    play.put(known)
    assert shared(play, worry(uid("fact")))
    play.put(known.model_copy(update={"held_by": (VT.slug, TEAM.slug)}))
    assert not shared(play, worry(uid("fact")))


# A measure goes on with the plan


def charged(plan: PlanTaken | None, sent: bool) -> set[Refusal]:
    play = Play(TEAM)
    play.order(handover=H)
    item = ItemRecord(
        item=uid("plan"), category=Category.PLAN, about=("child",), digest="d", author=TEAM.slug,
        held_by=(TEAM.slug, *((GI.slug,) if sent else ())),
    )  # fmt: skip
    play.put(item)
    body = WorkerAssigned(measure=uid("m1"), worker=worker_of(GI.slug), plan=plan)
    return {reason.code for reason in play.say(GI, body, TEAM).reasons}


@pytest.mark.parametrize(
    ("plan", "sent", "refused"),
    [
        (PlanTaken.JOINED, True, set()),
        (PlanTaken.JOINED, False, {Refusal.UNKNOWN_REFERENCE}),
        (PlanTaken.NEW_NONE_WAS_SENT, False, set()),
        (PlanTaken.NEW_NONE_WAS_SENT, True, {Refusal.REASON_NOT_ALLOWED}),
        (PlanTaken.NEW_COURT_ASKED, True, set()),
        (None, True, set()),
    ],
)
def test_the_institution_joins_the_plan_it_was_sent_or_says_why_not(
    plan: PlanTaken | None, sent: bool, refused: set[Refusal]
) -> None:
    """JB Noord 2016 §2.1.2: no second plan beside the first (D#23)."""
    assert charged(plan, sent) == refused


# Examined together, and asked in the team's own words


def assessed(play: Play, *together: str) -> set[Refusal]:
    body = AssessmentRecorded(
        assessment=uid("a"),
        children=("child",),
        kind="SAFETY",
        instrument="ARIJ",
        made_on=TODAY,
        information_base=(SourceKind.PROFESSIONAL,),
        phase=Phase.STABLE_SAFETY,
        together_with=together,
    )
    return {reason.code for reason in play.say(TEAM, body).reasons}


def test_who_examined_it_as_well_joined_the_help_by_name() -> None:
    """Local team and safety team together, each under its own powers (D#188)."""
    play = Play(TEAM)
    play.put(*yes("mother", "father"))
    assert assessed(play, RVT.slug) == {Refusal.UNKNOWN_REFERENCE}
    assert not ask(play, K.SAFETY_TEAM, to=RVT).reasons
    assert assessed(play, RVT.slug) == {Refusal.UNKNOWN_REFERENCE}
    assert not join(play, RVT).reasons
    assert assessed(play, TEAM.slug) == {Refusal.UNKNOWN_REFERENCE}, "with oneself is alone"
    assert assessed(play, RVT.slug) == set()


@pytest.mark.parametrize("own", TeamReason)
@pytest.mark.parametrize("reason", SupportReason)
def test_each_of_the_eight_reasons_of_teams_is_one_of_those_that_count(own: TeamReason, reason: SupportReason) -> None:
    """D#111. Another pair is told which one it is."""
    play = Play(TEAM)
    play.put(*yes("mother", "father"))
    found = ask(play, K.JOIN_SUPPORT, team_reason=own, reason=reason, not_structural=True)
    wrong = [r for r in found.reasons if r.law and "D#111" in r.law]
    assert bool(wrong) is (REASON_OF[own] is not reason)
    assert all(r.missing == ("reason", REASON_OF[own]) for r in wrong)
