"""Who may say what to whom, in whose name, and with whom beside them."""

import pytest

from schemas.body import Channel, ChildSeen, Watcher, WatcherKind
from schemas.care import MonitoringPlanned, SightConfirmed, SightPlanned
from schemas.cases import CaseOpened
from schemas.handovers import EmergencyEnded
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Refusal
from schemas.service import OVERSIGHT, AlertAcknowledged, AlertRaised
from schemas.supports import SupportKind, SupportRequested
from services.gate.rules.case import Judgement
from tests.gate.rules.families import BOARD, FATHER, MOTHER, OTHER_TEAM, RAAD, RVT, SCHOOL, child, uid
from tests.gate.rules.play import GI, TEAM, VT, H, Play, plan, worker_of

WATCH = Party(slug=OVERSIGHT, kind=OrganisationKind.SERVICE)


def codes(judgement: Judgement) -> set[Refusal]:
    return {reason.code for reason in judgement.reasons}


@pytest.mark.parametrize("who", [RVT, RAAD, SCHOOL, BOARD])
def test_only_who_may_lead_opens_a_case(who: Party) -> None:
    """Others raise a signal."""
    play = Play(TEAM)
    play.case = type(play.case)(play.case.subject)
    body = CaseOpened(persons=(child(), MOTHER, FATHER), lead=worker_of(who.slug))
    assert Refusal.ROLE_NOT_ALLOWED in codes(play.say(who, body))


def test_an_unknown_recipient_stops_everything_else() -> None:
    """There is nobody to judge it for."""
    found = Play(TEAM).propose(TEAM, Party(slug="nobody", kind=OrganisationKind.LOCAL_TEAM), sight=())
    assert codes(found) == {Refusal.UNKNOWN_RECIPIENT}
    assert found.reasons[0].missing == ("nobody",)


@pytest.mark.parametrize("slugs", [(), (OTHER_TEAM.slug, GI.slug), (TEAM.slug,)])
def test_a_letter_has_exactly_one_recipient_who_is_another(slugs: tuple[str, ...]) -> None:
    """The edge makes one letter each."""
    play = Play(TEAM)
    body = SupportRequested(support=uid("s"), kind=SupportKind.JOIN_SUPPORT, task="COACHING")
    assert Refusal.ROLE_NOT_ALLOWED in codes(play.say(TEAM, body, slugs=slugs))


def test_a_statement_goes_to_parties_only_and_some_to_nobody() -> None:
    """Who is in a case is not told to who is not."""
    play = Play(TEAM)
    body = SightPlanned(plans=(plan(),))
    assert codes(play.say(TEAM, body, OTHER_TEAM)) == {Refusal.ROLE_NOT_ALLOWED}
    play.propose(TEAM, OTHER_TEAM)
    assert not play.say(TEAM, body, OTHER_TEAM).reasons


def test_a_decision_is_somebodys() -> None:
    """No name, no decision (D#13)."""
    assert codes(Play(TEAM).say(TEAM, SightPlanned(plans=(plan(),)), by=None)) == {Refusal.NO_NAMED_PROFESSIONAL}


def test_a_second_person_is_another_person() -> None:
    """One alone does not declare an emergency over."""
    play = Play(TEAM)
    play.take_over(VT)
    body = EmergencyEnded(handover=H, finding="OVER")
    for second in (None, worker_of(VT.slug)):
        assert codes(play.say(VT, body, TEAM, second=second)) == {Refusal.SECOND_PERSON_MISSING}
    assert not play.say(VT, body, TEAM).reasons


def test_a_safety_team_says_under_whose_powers_it_acts_and_nobody_else_does() -> None:
    """It has none of its own (D#91)."""
    play = Play(TEAM)
    body = SightPlanned(plans=(plan(),))
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, RVT.slug)}))
    assert codes(play.say(RVT, body)) == {Refusal.ROLE_NOT_ALLOWED}
    assert not play.say(RVT, body, acting_under=OrganisationKind.VEILIG_THUIS).reasons
    assert codes(play.say(TEAM, body, acting_under=OrganisationKind.RAAD)) == {Refusal.ROLE_NOT_ALLOWED}


def test_only_oversight_raises_an_alert_and_anyone_may_take_it_up() -> None:
    """A second service would be a second watcher."""
    play = Play(TEAM)
    alert = AlertRaised(alert=uid("a"), code="REROUTE", tier=1, responsible=(TEAM.slug,), due=play.now)
    before = play.head
    assert not play.say(WATCH, alert, TEAM, by=None).reasons
    assert codes(play.say(WATCH.model_copy(update={"slug": "gate"}), alert, TEAM, by=None)) == {
        Refusal.ROLE_NOT_ALLOWED
    }
    taken = AlertAcknowledged(alert=uid("a"), reason="IN_HAND", until=play.today)
    assert not play.say(BOARD, taken).reasons
    assert play.head == before


def test_the_school_confirms_only_when_it_is_the_named_watcher() -> None:
    """And a parent's word alone shows nothing (D#133)."""
    play = Play(TEAM)
    play.put(play.head.model_copy(update={"parties": (TEAM.slug, SCHOOL.slug)}))
    seen = (ChildSeen(child="child", alone=False),)
    teacher = Watcher(kind=WatcherKind.OTHER_ORGANISATION, function="TEACHER")
    body = SightConfirmed(seen_at=play.now, by=teacher, channel=Channel.SCHOOL, children=seen)
    assert codes(play.say(SCHOOL, body)) == {Refusal.ROLE_NOT_ALLOWED}
    play.say(TEAM, SightPlanned(plans=(plan(),)))
    assert not play.say(SCHOOL, body).reasons
    parent = body.model_copy(update={"by": Watcher(kind=WatcherKind.PARENT, function="MOTHER")})
    assert codes(play.say(TEAM, parent)) == {Refusal.REASON_NOT_ALLOWED}


def test_who_is_to_monitor_is_a_party() -> None:
    """Nobody is planned in who does not know the case."""
    play = Play(TEAM)
    body = MonitoringPlanned(plan=uid("m"), children=("child",), by=VT.slug, dates=(play.today,))
    assert codes(play.say(TEAM, body)) == {Refusal.UNKNOWN_REFERENCE}
