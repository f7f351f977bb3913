"""What the gate tells everyone who holds something, and messages that no other test takes through the whole gate."""

from collections.abc import Callable

import pytest

from schemas.base import Slug
from schemas.body import Phase
from schemas.care import ReportAssessed, ReportOutcome
from schemas.cases import LeadPersonChanged
from schemas.consents import ConsentAsked, Scope
from schemas.corrections import DossierCorrected
from schemas.manifest import Category, Purpose
from schemas.service import OVERSIGHT, AlertEscalated
from services.gate.rules.case_records import ReportRecord
from tests.gate.rules.families import uid
from tests.gate.rules.play import worker_of
from tests.invariants.talk import OTHER_TEAM, TEAM, VT, Part, Talk
from tests.invariants.world import World

YES = Scope(categories=(Category.CONCERNS,))


def shared() -> Talk:
    """A concern about the mother, with her yes, at another team and at Veilig Thuis."""
    talk = Talk(World())
    concern = Part(Category.CONCERNS, (("mother", "CONSENT"),))
    talk.share(TEAM, OTHER_TEAM, Purpose.HANDOVER, (concern,))
    talk.share(TEAM, VT, Purpose.HANDOVER, (Part(Category.CONCERNS, (("mother", "CONSENT"),), forward=0),))
    assert not talk.last.reasons
    return talk


def told(talk: Talk, name: str) -> set[Slug]:
    """Who got such a notice with the last message."""
    return {one.inbox for one in talk.steps[-1].inbox if one.event is not None and one.event.name == name}


def test_a_withdrawal_is_told_to_everyone_who_holds_what_stood_on_it() -> None:
    """And to nobody else."""
    talk = shared()
    talk.withdraw(talk.statements[0])
    assert told(talk, "notices.consent_withdrawn") == {OTHER_TEAM.slug, VT.slug}


def test_a_correction_is_told_to_everyone_who_got_the_item_and_did_not_get_the_correction() -> None:
    """GDPR art. 19."""
    talk = shared()
    talk.say(TEAM, DossierCorrected(item=talk.parts[0].item, reason="WRONG_FACT"), OTHER_TEAM)
    assert told(talk, "notices.corrected") == {VT.slug}


LEAD = worker_of(TEAM.slug, 4)
SAID: dict[str, Callable[[Talk], object]] = {
    "cases.lead_person_changed": lambda talk: talk.say(
        TEAM, LeadPersonChanged(to_lead=LEAD, reason="LEAVING", family_asked=True, introduced_in_person=True)
    ),
    "cases.lead_to_family": lambda talk: talk.to_family(TEAM),
    "consents.asked": lambda talk: talk.say(TEAM, ConsentAsked(about="mother", asked_of="mother", scope=YES)),
    "consents.set_aside": lambda talk: talk.set_aside("father", "child", YES),
    "sight.trust_broken": lambda talk: talk.break_trust(TEAM, "child", "youth"),
}


@pytest.mark.parametrize("name", SAID)
def test_it_is_delivered_and_stands_in_the_ledger(name: str) -> None:
    """By who leads, about its own case."""
    talk = Talk(World())
    SAID[name](talk)
    assert not talk.last.reasons
    entry = talk.steps[-1].decision.entry
    assert entry.message is not None and entry.message.type == name


def test_veilig_thuis_assesses_a_report_once() -> None:
    """What it says of the phase counts for the case."""
    talk = Talk(World(), opener=VT)
    talk.report()
    (report,) = talk.case.of(ReportRecord)
    assessed = ReportAssessed(report=report, phase=Phase.DIRECT_SAFETY, outcome=ReportOutcome.HANDOVER)
    assert not talk.say(VT, assessed).reasons
    assert talk.head.phase is Phase.DIRECT_SAFETY
    assert talk.say(VT, assessed).reasons


def test_an_alarm_that_nobody_hears_climbs_through_the_gate() -> None:
    """Oversight raises it at the next tier, and the gate delivers that to more organisations."""
    talk = Talk(World(), opener=VT)
    talk.propose(VT, TEAM, uid("h"))
    for _ in range(12):
        talk.later(days=1)
    climbed = [entry for entry in talk.entries if entry.message and entry.message.type == AlertEscalated.name]
    assert climbed and all(entry.actor == OVERSIGHT for entry in climbed)
