"""What the broker itself tells must lead nobody to a hidden family, nor to a parent whom it is not safe to ask."""

from typing import Any
from uuid import uuid4

import pytest

from schemas.body import SightPlan, Watcher, WatcherKind
from schemas.care import SightPlanned
from schemas.cases import CaseOpened, PersonsChanged
from schemas.entry import Caution, EntryKind, Verdict
from schemas.handovers import EmergencyTakenOver
from schemas.parties import Professional
from schemas.person import Person, Role
from schemas.service import AlertAcknowledged, AlertRaised
from schemas.supports import SupportKind, SupportRequested
from tests.gate.test_gate import CHILD, MOTHER

VT, LT, SCHOOL = "veilig-thuis-noord", "lokaal-team-linde", "school-de-brug"
HIDDEN = MOTHER.model_copy(update={"location_protected": True})
UNSAFE = Person(ref="father", role=Role.PARENT, contact_unsafe=True)
CAUTION = Caution(unsafe=("father",), address_secret=True)


def open_case(bench: Any, worker: Professional, *persons: Person) -> str:
    """A case that a local team leads, and that a school has a letter of."""
    subject = f"case:{uuid4()}"
    assert bench.say(LT, subject, CaseOpened(persons=(CHILD, *persons), lead=worker)).codes == []
    for to in (SCHOOL, VT):
        asked = SupportRequested(support=str(uuid4()), kind=SupportKind.SIDE_CARE, task="COACHING")
        assert bench.letter(LT, to, subject, asked, by=worker).codes == []
    return subject


@pytest.fixture
def hidden(bench: Any, worker: Professional) -> str:
    return open_case(bench, worker, HIDDEN, UNSAFE)


def plans(bench: Any) -> SightPlanned:
    seen_by = Watcher(kind=WatcherKind.PROFESSIONAL, function="youth-professional")
    return SightPlanned(plans=(SightPlan(child="child", by=(seen_by,), every_days=7),))


def test_every_delivery_says_what_to_beware_of(bench: Any, worker: Professional, hidden: str) -> None:
    """From the entry that brought it until the one that lifted it; who is not careful has not read."""
    assert bench.say(LT, hidden, plans(bench), to=(VT,)).entry.caution == CAUTION
    second = worker.model_copy(update={"ref": "another"})
    calm = UNSAFE.model_copy(update={"contact_unsafe": False})
    for alone in (None, worker):
        kept = bench.say(LT, hidden, PersonsChanged(persons=(MOTHER, calm)), by=worker, second=alone)
        assert set(kept.codes) == {"SECOND_PERSON_MISSING"}
    lifted = bench.say(LT, hidden, PersonsChanged(persons=(MOTHER, calm)), by=worker, second=second)
    assert (lifted.codes, lifted.entry.caution) == ([], None)
    again = bench.say(LT, hidden, PersonsChanged(persons=(UNSAFE,)), by=worker)
    assert again.entry.caution == Caution(unsafe=("father",))
    assert bench.say(LT, hidden, plans(bench), to=(VT,)).entry.caution == Caution(unsafe=("father",))


def test_a_refusal_tells_an_outsider_nothing_of_it(bench: Any, hidden: str) -> None:
    """Whether someone hides is not for whoever asks."""
    outcome = bench.say("gi-noord", hidden, plans(bench))
    assert outcome.entry.verdict is Verdict.REFUSED and outcome.entry.caution is None


def test_a_statement_does_not_show_a_school_where_else_it_goes(bench: Any, worker: Professional, hidden: str) -> None:
    """One record goes to all, with everyone's name on it: to a school it goes apart, and its seal names no holder."""
    together = bench.say(LT, hidden, plans(bench), to=(SCHOOL, VT))
    assert together.codes == ["CATEGORY_NOT_ALLOWED"]
    assert together.entry.reasons[0].missing == ("to", "EXTERNAL")
    apart = bench.say(LT, hidden, plans(bench), to=(SCHOOL,))
    assert apart.codes == [] and apart.entry.holder is None and len(apart.inbox(SCHOOL)) == 1
    assert bench.say(LT, hidden, plans(bench), to=(VT,)).entry.holder == LT
    in_hand = AlertAcknowledged(alert=str(uuid4()), reason="IN_HAND", until=bench.now.date())
    said = bench.say(SCHOOL, hidden, in_hand, to=(LT,))
    assert (said.codes, said.entry.holder) == ([], None)


def test_an_alert_that_names_others_does_not_go_to_a_school(bench: Any, hidden: str) -> None:
    """It goes to everyone else; one about the school alone is the school's."""
    about: dict[str, Any] = {"code": "FIRST_REACTION", "tier": 2, "due": bench.now}
    many = AlertRaised(alert=str(uuid4()), responsible=(LT, SCHOOL), **about)
    outcome = bench.say("oversight", hidden, many, to=(LT, SCHOOL), by=None)
    assert outcome.entry.recipients == (LT,) and outcome.to(f"{SCHOOL}.inbox") == []
    assert [event.name for event in outcome.inbox(LT)] == ["alerts.raised"]
    own = AlertRaised(alert=str(uuid4()), responsible=(SCHOOL,), **about)
    outcome = bench.say("oversight", hidden, own, to=(SCHOOL,), by=None)
    assert len(outcome.inbox(SCHOOL)) == 1 and outcome.entry.holder is None


@pytest.mark.parametrize("secret", [True, False])
def test_who_leads_now_is_not_told_to_a_school(bench: Any, worker: Professional, secret: bool) -> None:
    """Where an address is secret; elsewhere every party hears it."""
    subject = open_case(bench, worker, HIDDEN if secret else MOTHER)
    (plan,) = plans(bench).plans
    taken = EmergencyTakenOver(handover=str(uuid4()), danger="VIOLENCE", on_duty=worker, sight=(plan,))
    outcome = bench.letter(VT, LT, subject, taken, by=worker)
    assert outcome.codes == []
    assert [event.name for event in outcome.inbox(SCHOOL)] == ([] if secret else ["regie.moved"])
    notices = [entry for entry in outcome.entries if entry.kind is EntryKind.NOTICE and entry.recipients != (SCHOOL,)]
    assert notices and all((entry.caution is not None) == secret for entry in notices)


def test_oversight_knows_who_must_not_hear_of_others(bench: Any, worker: Professional, hidden: str) -> None:
    """So that an alert it would send to such a one alone goes to somebody; where no address is secret it is nobody."""
    (fact,) = bench.say(LT, hidden, plans(bench), to=(VT,)).facts
    assert fact.case.outside == (SCHOOL,)
    (open_fact,) = bench.say(LT, open_case(bench, worker, MOTHER), plans(bench), to=(VT,)).facts
    assert open_fact.case.outside == ()
