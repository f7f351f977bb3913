"""Where a measure touches the local team: a known face at its start, and the way back at its end."""

from datetime import timedelta
from typing import Any

from schemas.care import MonitoringChecked, MonitoringPlanned, RiskChange, RiskLevel, WorkerAssigned
from schemas.cases import CaseClosed, Closing
from schemas.handovers import HandoverKind
from schemas.parties import Professional
from schemas.refusal import Mend, Refusal
from schemas.supports import SupportAccepted, SupportKind
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import SupportRecord
from tests.gate.rules.families import uid
from tests.gate.rules.play import GI, TEAM, VT, H, Play, worker_of

KNOWN, NEW = worker_of(GI.slug, 1), worker_of(GI.slug, 2)


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


def supported(play: Play) -> Play:
    """The institution helped before, by somebody the family knows."""
    play.put(
        SupportRecord(
            support=uid("s"),
            type=SupportKind.SPECIALIST_CASE_MANAGEMENT,
            asked_by=TEAM.slug,
            helper=GI.slug,
            state="ACCEPTED",
            professional=KNOWN,
        )
    )
    return play


def assign(play: Play, worker: Professional, **more: Any) -> Judgement:
    body = WorkerAssigned(measure=uid("m1"), worker=worker, contact_held_at=play.now, **more)
    return play.say(GI, body)


def test_who_is_known_from_before_carries_out_the_measure_or_a_reason_is_given() -> None:
    """Warm means no new face (D#36)."""
    play = supported(Play(TEAM))
    play.order()
    found = assign(play, NEW)
    assert codes(found) == {Refusal.REQUIRED_SECTION_MISSING}
    assert found.reasons[0].missing == ("other_worker", KNOWN.ref)
    assert found.reasons[0].mend == (Mend.NAME_PROFESSIONAL, Mend.ADD)
    assert not assign(play, NEW, other_worker="FAMILY_ASKED").reasons
    same = supported(Play(TEAM))
    same.order()
    assert not assign(same, KNOWN).reasons
    assert not assign(same, NEW).reasons, "a later change of worker is another matter"
    fresh = Play(TEAM)
    fresh.order()
    assert not assign(fresh, NEW).reasons


def test_who_led_before_the_measure_is_a_known_face_too() -> None:
    play = Play(TEAM).completed(TEAM, GI)
    play.order(handover=uid("order"))
    assert codes(assign(play, NEW)) == {Refusal.REQUIRED_SECTION_MISSING}
    assert not assign(play, KNOWN).reasons


def test_an_institution_does_not_let_go_before_the_return_is_completed() -> None:
    """Nobody to hand back to is no reason to close (JB Noord 2016 §4.1, §6.1.4)."""
    play = Play(GI)
    play.order()
    play.end_measure()
    for closing in (Closing.SELF_RELIANCE, Closing.FOLLOW_UP, Closing.NO_COOPERATION):
        found = play.say(GI, CaseClosed(closing=closing))
        assert "FROM_MEASURE_COMPLETED" in {what for reason in found.reasons for what in reason.missing}
    assert not play.say(GI, CaseClosed(closing=Closing.END_BY_LAW)).reasons
    back = Play(GI)
    back.order()
    back.end_measure()
    back.completed(GI, TEAM, H, kind=HandoverKind.FROM_MEASURE)
    assert back.head.regie == TEAM.slug


# Monitoring


def check(play: Play, baseline: RiskLevel, now: RiskLevel = RiskLevel.LOW, plan: str = "m") -> Judgement:
    risk = RiskChange(child="child", risk="VIOLENCE", baseline=baseline, now=now)
    return play.say(TEAM, MonitoringChecked(plan=uid(plan), planned_for=play.today, risks=(risk,)), VT)


def test_change_is_read_against_where_it_started() -> None:
    """A baseline that moves along hides that nothing changed (D#136)."""
    play = Play(VT).completed(VT, TEAM)
    dates = (play.today, play.today + timedelta(days=90))
    planned = MonitoringPlanned(plan=uid("m"), children=("child",), by=TEAM.slug, dates=dates)
    assert not play.say(TEAM, planned).reasons
    assert not check(play, RiskLevel.HIGH).reasons
    moved = check(play, RiskLevel.MEDIUM)
    assert (codes(moved), moved.reasons[0].missing) == ({Refusal.TERMS_DIFFER}, ("child/VIOLENCE",))
    assert not play.say(TEAM, planned).reasons
    assert codes(check(play, RiskLevel.LOW)) == {Refusal.TERMS_DIFFER}, "planning anew does not forget it"
    assert not check(play, RiskLevel.HIGH, RiskLevel.NONE).reasons


def test_a_support_accepted_by_an_institution_is_no_lead() -> None:
    play = supported(Play(TEAM))
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, GI.slug)}))
    play.put(play.case.of(SupportRecord)[uid("s")].model_copy(update={"state": "REQUESTED"}))
    body = SupportAccepted(support=uid("s"), professional=KNOWN, start=play.today)
    assert not play.say(GI, body, TEAM).reasons
    assert play.head.regie == TEAM.slug
