"""What becomes of a delivery: stored, missed and sent again, lost, or rejected by who got it."""

from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from schemas.care import DossierRejected
from schemas.entry import Verdict
from schemas.manifest import Manifest
from schemas.parties import Professional
from schemas.refusal import Refusal
from schemas.service import DeliveryFact, DeliveryState, FactKind, Gone, Lost, ReceiptMissing, ReceiptStored
from services.gate.receipts import SEND_AGAIN_WITHIN
from services.runtime.subjects import slot_of
from tests.gate.bench import WORKER, Outcome
from tests.gate.rules.play import proposal
from tests.gate.test_gate import CHILD, LT, MOTHER, VT, manifest, new_case, opened

GI = "gi-noord"


@pytest.fixture
def case(bench: Any, worker: Professional) -> str:
    subject = new_case()
    bench.say(VT, subject, opened(worker))
    return subject


class Letter:
    """A proposal of Veilig Thuis to the local team, delivered."""

    def __init__(self, bench: Any, case: str) -> None:
        self.bench, self.case, self.slot = bench, case, slot_of(case, 4)
        self.body, self.manifest = proposal(str(uuid4()), (CHILD, MOTHER)), manifest()
        self.sent = bench.letter(VT, LT, case, self.body, self.manifest)
        assert self.sent.entry.verdict is Verdict.DELIVERED, self.sent.codes
        self.id = self.sent.entry.message.id
        (self.place,) = [p.sequence for p in self.sent.entry.inbox if p.inbox == LT]

    def missing(self, *sequences: int) -> Outcome:
        body = ReceiptMissing(partition=self.slot, sequences=sequences or (self.place,))
        found: Outcome = self.bench.say(LT, self.case, body, by=None)
        return found

    def again(self, body: Any = None, carried: Manifest | None = None) -> Outcome:
        found: Outcome = self.bench.letter(
            VT, LT, self.case, body or self.body, carried or self.manifest, resend_of=self.id
        )
        return found


@pytest.fixture
def letter(bench: Any, case: str) -> Letter:
    return Letter(bench, case)


def followed(outcome: Outcome) -> list[DeliveryFact]:
    """What oversight hears of deliveries; it is told the case of each, and nothing else."""
    found = [fact for fact in outcome.facts if fact.kind is FactKind.DELIVERY]
    assert all(fact.subject and fact.case is None and fact.body == {} for fact in found)
    return [fact.delivery for fact in found if fact.delivery is not None]


def test_oversight_hears_that_a_letter_is_stored(letter: Letter) -> None:
    """Once, however often the receipt is repeated."""
    receipt = ReceiptStored(partition=letter.slot, up_to=letter.place)
    told = followed(letter.bench.say(LT, letter.case, receipt, by=None))
    assert told == [DeliveryFact(state=DeliveryState.STORED, sender=VT, recipient=LT, messages=(letter.id,))]
    assert followed(letter.bench.say(LT, letter.case, receipt, by=None)) == []


def test_oversight_hears_of_a_missing_letter_and_that_it_was_sent_again(letter: Letter) -> None:
    common = {"sender": VT, "recipient": LT, "messages": (letter.id,), "type": "handovers.proposed"}
    assert followed(letter.missing()) == [DeliveryFact(state=DeliveryState.MISSING, **common)]
    again = letter.again()
    new = again.entry.message.id  # type: ignore[union-attr]
    assert followed(again) == [DeliveryFact(state=DeliveryState.SENT_AGAIN, again=new, **common)]


def test_asking_again_wins_no_time(letter: Letter) -> None:
    """However often a hole is reported, the letter is given up when its first term is over; oversight hears it."""
    letter.missing()
    for _ in range(3):
        letter.bench.pass_time(days=1)
        letter.missing()
    letter.bench.pass_time(days=SEND_AGAIN_WITHIN.days - 3, minutes=1)
    lost = letter.bench.tick(letter.slot)
    told = [e for e in lost.inbox(LT) if e.name == Lost.name]
    assert [Lost.model_validate(e.data.body).message for e in told] == [letter.id]
    assert [(each.state, each.messages) for each in followed(lost)] == [(DeliveryState.LOST, (letter.id,))]


def test_a_hole_of_the_gates_own_words_is_closed_at_once(letter: Letter) -> None:
    """Verdicts and notices are not sent again; without a word about them the inbox would wait for ever."""
    receipt = ReceiptStored(partition=letter.slot, up_to=letter.place)
    letter.bench.say(LT, letter.case, receipt, by=None)
    verdict = next(p.sequence for p in letter.sent.entry.inbox if p.inbox == VT)
    body = ReceiptMissing(partition=letter.slot, sequences=(1, verdict))
    (told,) = letter.bench.say(VT, letter.case, body, by=None).inbox(VT)
    assert Gone.model_validate(told.data.body) == Gone(recipient=VT, sequences=(1, verdict))
    assert letter.missing().inbox(LT)[0].name == "notices.gone", "it was stored before"


def test_a_letter_sent_again_says_what_it_said(letter: Letter) -> None:
    """Or something else would be said without its rules: refused, and the hole is closed as lost."""
    letter.missing()
    other = proposal(str(uuid4()), (CHILD, MOTHER))
    refused = letter.again(body=other)
    assert refused.codes == [Refusal.ITEM_DIFFERS]
    assert [told.state for told in followed(refused)] == [DeliveryState.LOST]
    assert letter.again().codes == [Refusal.WRONG_STATE], "lost is lost"


def test_a_letter_sent_again_carries_the_items_it_carried(letter: Letter) -> None:
    letter.missing()
    fewer = letter.manifest.model_copy(update={"sections": letter.manifest.sections[1:]})
    assert letter.again(carried=fewer).codes == [Refusal.ITEM_DIFFERS]


REASONS = ("CANNOT_OPEN", "DIGEST", "HEADER_MISMATCH", "CATEGORY_UNTRUE")


def test_a_rejection_is_believed_of_who_got_the_letter_and_of_a_machine_or_a_person_as_its_reason_asks(
    letter: Letter,
) -> None:
    """Every combination of reason, speaker and item: a party that did not get it, a person in the place of a machine, a
    machine in the place of a person, an item that was not in it.
    """
    own, other = letter.manifest.sections[0].item, str(uuid4())
    for reason, by, item in product(REASONS, (None, WORKER), (own, other, None)):
        body = DossierRejected(message=letter.id, item=item, reason=reason)
        verdict = letter.bench.say(LT, letter.case, body, to=(VT,), by=by).entry.verdict
        untrue = reason == "CATEGORY_UNTRUE"
        fits = item != other and (by is not None) is untrue and not (untrue and item is None)
        assert (verdict is Verdict.DELIVERED) is fits, (reason, by, item)


def test_who_did_not_get_a_letter_cannot_reject_it(letter: Letter) -> None:
    """Not its own sender, nor the recipient of another: nobody owes a letter anew for a lie."""
    item = letter.manifest.sections[0].item
    for message in (letter.id, str(uuid4())):
        body = DossierRejected(message=message, item=None, reason="CANNOT_OPEN")
        assert letter.bench.say(VT, letter.case, body, to=(LT,), by=None).codes == [Refusal.UNKNOWN_REFERENCE]
    started = {
        "measure": str(uuid4()), "kind": "OTS", "child": "child", "order": "C/1", "since": "2026-03-01",
        "until": "2027-03-01", "handover": str(uuid4()),
    }  # fmt: skip
    joined = letter.bench.say(GI, letter.case, "measures.started", raw=started)
    assert joined.entry.verdict is Verdict.DELIVERED, joined.codes
    body = DossierRejected(message=letter.id, item=item, reason="DIGEST")
    assert letter.bench.say(GI, letter.case, body, to=(VT,), by=None).codes == [Refusal.UNKNOWN_REFERENCE]


def test_a_letter_of_long_ago_is_known_by_its_item(letter: Letter) -> None:
    """Sixty days later the message is forgotten; who holds the item may still say what it is not."""
    letter.bench.pass_time(days=70)
    later = letter.bench.say(VT, letter.case, "sight.planned", raw=PLAN)
    assert later.entry.verdict is Verdict.DELIVERED
    item = letter.manifest.sections[0].item
    untrue = DossierRejected(message=letter.id, item=item, reason="CATEGORY_UNTRUE")
    assert letter.bench.say(LT, letter.case, untrue, to=(VT,)).entry.verdict is Verdict.DELIVERED
    whole = DossierRejected(message=letter.id, item=None, reason="CANNOT_OPEN")
    assert letter.bench.say(LT, letter.case, whole, to=(VT,), by=None).codes == [Refusal.UNKNOWN_REFERENCE]


PLAN = {"plans": [{"child": "child", "by": [{"kind": "PROFESSIONAL", "function": "worker"}], "every_days": 7}]}
