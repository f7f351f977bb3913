"""The gate decides every record once, writes it down, and goes on: also after what cannot be read, forged or broken."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.cases import CaseOpened
from schemas.entry import EntryKind, Resend, Verdict, entry_hash
from schemas.event import MAX_OUTBOX, message_hash
from schemas.manifest import Basis, Category, Manifest, Purpose, Section, Source, SourceKind, StatementKind
from schemas.parties import Professional
from schemas.person import Custody, Person, Role
from schemas.refusal import Refusal
from schemas.service import AlertRaised, CheckpointMade, FactKind, ReceiptMissing, ReceiptStored, StoredNotice
from services.gate import decision
from services.relay.state import BatchView
from services.relay.types import KilledProcess, Record, TooLarge
from services.runtime.jose import sign_detached
from services.runtime.subjects import slot_of
from tests.gate.rules.play import EVERYTHING, proposal

VT, LT, DESK = "veilig-thuis-noord", "lokaal-team-linde", "coordinatie-noord"
CHILD = Person(
    ref="child",
    role=Role.YOUTH,
    birth_date=date(2018, 1, 15),
    custody=(Custody(holder="mother", checked_on=date(2026, 3, 1)),),
)
MOTHER = Person(ref="mother", role=Role.PARENT, birth_date=date(1990, 5, 5))


def manifest() -> Manifest:
    """Sections about the mother on the ground by which Veilig Thuis hands over (Wmo 2015 art. 4.1.1(2)d)."""
    return Manifest(purpose=Purpose.HANDOVER, sections=tuple(map(_section, EVERYTHING)))


def _section(category: Category) -> Section:
    return Section(
        item=str(uuid4()),
        category=category,
        about=("mother",),
        kind=StatementKind.FACT,
        as_of=date(2026, 3, 1),
        source=Source(kind=SourceKind.OWN_OBSERVATION),
        bases=(Basis(person="mother", secrecy="G10"),),
        digest="0" * 64,
    )


def new_case() -> str:
    return f"case:{uuid4()}"


def opened(by: Professional) -> CaseOpened:
    return CaseOpened(persons=(CHILD, MOTHER), lead=by)


@pytest.fixture
def case(bench: Any, worker: Professional) -> str:
    subject = new_case()
    assert bench.say(VT, subject, opened(worker)).entry.verdict is Verdict.DELIVERED
    return subject


def test_an_accepted_message_gets_one_entry_one_verdict_and_one_fact(bench: Any, worker: Professional) -> None:
    subject = new_case()
    outcome = bench.say(VT, subject, opened(worker))
    assert outcome.verdict(VT).verdict is Verdict.DELIVERED
    assert [entry.kind for entry in outcome.entries] == [EntryKind.MESSAGE]
    assert outcome.entry.regie is not None and outcome.entry.regie.holder_after == VT
    assert outcome.entry.case_seq == 1
    (fact,) = outcome.facts
    assert (fact.type, fact.id) == ("cases.opened", outcome.entry.message and outcome.entry.message.id)
    assert fact.entry == outcome.entry.slot_seq  # by which it is counted, once
    assert fact.ages == {CHILD.ref: "UNDER_12"}


def test_entries_chain_by_slot_and_by_case(bench: Any, worker: Professional, case: str) -> None:
    for _ in range(3):
        bench.say(VT, case, opened(worker))  # refused: it exists; refusals to a party stand in the case's chain
    slot = slot_of(case, 4)
    before = None
    for hashed, entry in bench.chain(slot):
        assert entry.slot_previous == before
        before = hashed
    links = [(h, e) for h, e in bench.chain(slot) if e.case == case]
    assert [entry.case_seq for _, entry in links] == [1, 2, 3, 4]
    assert [entry.case_previous for _, entry in links[1:]] == [hashed for hashed, _ in links[:-1]]


def test_the_seal_beside_a_delivery_is_the_ledger_entry_itself(bench: Any, worker: Professional, case: str) -> None:
    outcome = bench.say(VT, case, opened(worker))
    [emit] = outcome.to(f"{VT}.inbox")
    assert dict(emit.headers)["seal"].decode() == outcome.seals[0]


def test_inbox_sequences_have_no_hole(bench: Any, worker: Professional) -> None:
    for _ in range(20):
        bench.say(VT, new_case(), opened(worker))
    for slot in range(4):
        given = [place.sequence for _, entry in bench.chain(slot) for place in entry.inbox if place.inbox == VT]
        assert given == list(range(1, len(given) + 1))


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff\xfe", b"[]", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 5000, b'{"specversion":"1.0"}'],
)
def test_unreadable_bytes_are_refused_kept_apart_and_the_next_message_goes_on(
    bench: Any, worker: Professional, value: bytes
) -> None:
    outcome = bench.send(VT, value, new_case())
    assert outcome.verdict(VT).reasons[0].code is Refusal.MALFORMED
    assert outcome.entry.message is not None and outcome.entry.message.hash == message_hash(value)
    assert [emit.value for emit in outcome.to("quarantine")] == [value]
    assert bench.say(VT, new_case(), opened(worker)).entry.verdict is Verdict.DELIVERED


def test_every_problem_of_a_message_is_named_at_once(bench: Any) -> None:
    outcome = bench.say(VT, new_case(), "cases.opened", raw={"persons": [], "phase": "NONE", "other": 1})
    named = " ".join(outcome.verdict(VT).reasons[0].missing)
    assert all(field in named for field in ("persons", "phase", "other", "lead"))


def test_a_message_without_or_with_a_broken_signature_is_refused(bench: Any, worker: Professional) -> None:
    subject = new_case()
    value = bench.message(VT, subject, opened(worker)).encode()
    for jws in ("", "a..b", bench_signature(bench, VT, value + b" ")):
        assert bench.send(VT, value, subject, jws=jws).codes == [Refusal.UNSIGNED]


def test_the_key_of_another_organisation_does_not_sign_for_this_one(bench: Any, worker: Professional) -> None:
    subject = new_case()
    value = bench.message(VT, subject, opened(worker)).encode()
    assert bench.send(VT, value, subject, jws=bench_signature(bench, LT, value)).codes == [Refusal.WRONG_SOURCE]


def test_a_message_in_the_outbox_of_another_is_refused(bench: Any, worker: Professional) -> None:
    subject = new_case()
    value = bench.message(VT, subject, opened(worker)).encode()
    assert bench.send(LT, value, subject).codes == [Refusal.WRONG_SOURCE]


def test_a_message_in_the_wrong_partition_touches_no_case(bench: Any, worker: Professional) -> None:
    subject = new_case()
    wrong = (slot_of(subject, 4) + 1) % 4
    outcome = bench.send(VT, bench.message(VT, subject, opened(worker)).encode(), subject, slot=wrong)
    assert outcome.codes == [Refusal.WRONG_PARTITION]
    assert outcome.entry.case_seq is None
    assert bench.say(VT, subject, opened(worker)).entry.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("shift", [timedelta(days=-31), timedelta(minutes=6)])
def test_a_message_from_long_ago_or_from_the_future_is_stale(
    bench: Any, worker: Professional, shift: timedelta
) -> None:
    assert bench.say(VT, new_case(), opened(worker), time=bench.now + shift).codes == [Refusal.STALE]


def test_the_same_bytes_again_are_answered_and_not_done_again(bench: Any, worker: Professional) -> None:
    subject = new_case()
    value = bench.message(VT, subject, opened(worker)).encode()
    first, second = bench.send(VT, value, subject), bench.send(VT, value, subject)
    assert second.entry.verdict is Verdict.DUPLICATE
    assert second.entry.original == entry_hash(first.seals[0])
    assert second.verdict(VT).original_verdict is Verdict.DELIVERED
    assert second.facts == []


def test_an_id_with_other_content_is_refused(bench: Any, worker: Professional) -> None:
    subject, message = new_case(), str(uuid4())
    bench.say(VT, subject, opened(worker), id=message)
    assert bench.say(VT, subject, opened(worker), id=message, time=bench.now + timedelta(seconds=1)).codes == [
        Refusal.ID_REUSED
    ]


def test_an_oversized_message_is_refused(bench: Any) -> None:
    assert bench.send(VT, b" " * (MAX_OUTBOX + 1), new_case()).codes == [Refusal.TOO_LARGE]


def test_an_unknown_recipient_is_refused_after_the_directory_was_read_again(
    bench: Any, worker: Professional, case: str
) -> None:
    outcome = bench.say(VT, case, "dossiers.shared", to=("nobody-here",))
    assert outcome.codes == [Refusal.UNKNOWN_RECIPIENT]
    assert bench.reader.refreshed == 1


def test_a_rule_that_breaks_refuses_the_message_and_the_next_one_is_handled(
    bench: Any, worker: Professional, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = new_case()
    value = bench.message(VT, subject, opened(worker)).encode()
    slot = slot_of(subject, 4)
    record = Record(f"{VT}.outbox", slot, 7, subject.encode(), value, ())
    with monkeypatch.context() as broken:
        broken.setattr(decision, "judge", _raises)
        with pytest.raises(ZeroDivisionError):
            bench.say(VT, subject, opened(worker))
    outcome = bench.fail(record, slot, ZeroDivisionError())
    assert outcome.codes == [Refusal.INTERNAL_ERROR]
    assert len(outcome.to("quarantine")) == 1
    assert outcome.verdict(VT).reasons[0].code is Refusal.INTERNAL_ERROR
    assert bench.say(VT, subject, opened(worker)).entry.verdict is Verdict.DELIVERED


def _raises(_: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "code"), [(TooLarge("x"), Refusal.TOO_LARGE), (KilledProcess(), Refusal.INTERNAL_ERROR)]
)
def test_what_the_relay_could_not_write_or_survive_is_refused(
    bench: Any, worker: Professional, error: Exception, code: Refusal
) -> None:
    subject = new_case()
    slot = slot_of(subject, 4)
    value = bench.message(VT, subject, opened(worker)).encode()
    assert bench.fail(Record(f"{VT}.outbox", slot, 7, subject.encode(), value, ()), slot, error).codes == [code]


def test_a_non_party_is_told_the_same_of_a_case_that_exists_and_one_that_does_not(bench: Any, case: str) -> None:
    there = bench.say(LT, case, "sight.planned", raw=PLAN)
    absent = bench.say(LT, new_case(), "sight.planned", raw=PLAN)
    assert there.codes == absent.codes == [Refusal.NOT_A_PARTY]
    for outcome in (there, absent):
        assert outcome.entry.case_seq is None and outcome.entry.case_previous is None
    assert there.entry.reasons == absent.entry.reasons


PLAN = {"plans": [{"child": "child", "by": [{"kind": "PROFESSIONAL", "function": "worker"}], "every_days": 7}]}


def test_a_dry_run_is_answered_and_changes_nothing_but_a_count(bench: Any, worker: Professional, case: str) -> None:
    slot = slot_of(case, 4)
    outcome = bench.say(VT, case, "sight.planned", raw=PLAN, dry_run=True)
    assert outcome.verdict(VT).dry_run and outcome.verdict(VT).verdict is Verdict.DELIVERED
    assert outcome.facts == [] and outcome.entry.case_seq is None
    bench.pass_time(hours=2)
    counts = [(e.actor, e.actor_ref, e.count) for e in bench.tick(slot).entries if e.kind is EntryKind.DRY_RUNS]
    assert counts == [(VT, "p-1", 1)]


def test_a_receipt_tells_each_sender_what_is_stored(bench: Any, case: str) -> None:
    slot, at = slot_of(case, 4), bench.now
    alert = AlertRaised(alert=str(uuid4()), code="FIRST_REACTION", tier=1, responsible=(VT,), due=at)
    raised = bench.say("oversight", case, alert, to=(VT,), by=None)
    assert raised.entry.verdict is Verdict.DELIVERED and raised.facts == []
    too_far = bench.say(VT, case, ReceiptStored(partition=slot, up_to=999), by=None)
    assert too_far.verdict(VT).reasons[0].code is Refusal.MALFORMED
    fine = bench.say(VT, case, ReceiptStored(partition=slot, up_to=1), by=None)
    assert fine.entry.verdict is Verdict.DELIVERED
    assert [event.name for event in fine.inbox(VT)] == []


def test_a_stored_letter_is_told_to_its_sender(bench: Any, worker: Professional, case: str) -> None:
    slot = slot_of(case, 4)
    sent = bench.letter(VT, LT, case, proposal(str(uuid4()), (CHILD, MOTHER)), manifest())
    assert sent.entry.verdict is Verdict.DELIVERED, sent.entry.reasons
    [place] = [p for p in sent.entry.inbox if p.inbox == LT]
    told = bench.say(LT, case, ReceiptStored(partition=slot, up_to=place.sequence), by=None).inbox(VT)
    assert [StoredNotice.model_validate(e.data.body).messages for e in told] == [(sent.entry.message.id,)]


def test_a_refused_alert_becomes_a_fact_and_no_verdict(bench: Any, case: str) -> None:
    outcome = bench.say("oversight", case, "alerts.raised", raw={"nonsense": True}, by=None)
    assert outcome.codes == [Refusal.MALFORMED]
    assert [fact.kind for fact in outcome.facts] == [FactKind.ALERT_REFUSED]
    assert outcome.to("oversight.inbox") == []


def test_an_echoed_barrier_brings_a_checkpoint_to_every_inbox_and_the_ledger(
    bench: Any, worker: Professional, case: str
) -> None:
    outcome = bench.checkpoint(slot_of(case, 4))
    assert all(e.checkpoint is not None and e.checkpoint.barrier == "000000000007" for e in outcome.entries)
    inboxes = {emit.topic for emit in outcome.emits if emit.topic.endswith(".inbox")}
    assert f"{VT}.inbox" in inboxes and f"{DESK}.inbox" in inboxes and "gate.inbox" not in inboxes
    assert len([e for e in outcome.entries if not e.recipients]) == 1


def test_a_gap_that_a_checkpoint_shows_is_told_under_its_subject(bench: Any, worker: Professional, case: str) -> None:
    """It is the first record after the gap: the answer goes to the slot that can mend it."""
    slot = slot_of(case, 4)
    sent = bench.letter(VT, LT, case, proposal(str(uuid4()), (CHILD, MOTHER)), manifest())
    [place] = [p for p in sent.entry.inbox if p.inbox == LT]
    (shown,) = [e for e in bench.checkpoint(slot).inbox(LT) if e.name == CheckpointMade.name]
    asked = bench.say(LT, shown.subject, ReceiptMissing(partition=slot, sequences=(place.sequence,)), by=None)
    assert [event.name for event in asked.inbox(VT)] == ["notices.resend_due"]


def test_a_tick_is_told_to_oversight(bench: Any) -> None:
    [fact] = bench.tick(0, "000000000001").facts
    assert (fact.kind, fact.at, fact.barrier) == (FactKind.TICK, bench.now, "000000000001")


def test_records_that_expired_unread_are_written_down(bench: Any) -> None:
    view = _view(bench, 0)
    emits = bench.gate.gap(f"{VT}.outbox", 3, 9, view, bench.now, 0)
    entry = bench._kept(list(emits), view, 0).entry
    assert entry.kind is EntryKind.LOG_GAP and entry.gap is not None
    assert (entry.gap.lost_from, entry.gap.lost_to) == (3, 9)


def _view(bench: Any, slot: int) -> BatchView:
    return BatchView(bench.states[slot])


def bench_signature(bench: Any, slug: str, value: bytes) -> str:
    return sign_detached(value, bench.signing_key(slug))


def test_a_letter_sent_again_closes_the_hole_it_left(bench: Any, worker: Professional, case: str) -> None:
    slot = slot_of(case, 4)
    body, carried = proposal(str(uuid4()), (CHILD, MOTHER)), manifest()
    first = bench.letter(VT, LT, case, body, carried)
    [place] = [p for p in first.entry.inbox if p.inbox == LT]
    asked = bench.say(LT, case, ReceiptMissing(partition=slot, sequences=(place.sequence,)), by=None)
    assert [event.name for event in asked.inbox(VT)] == ["notices.resend_due"]
    again = bench.letter(VT, LT, case, body, carried, resend_of=first.entry.message.id)
    assert again.entry.verdict is Verdict.DELIVERED, again.codes
    assert again.entry.resends == Resend(message=first.entry.message.id, sequence=place.sequence)
    assert [fact.kind for fact in again.facts] == [FactKind.DELIVERY] and again.entry.handover is None
    bench.pass_time(days=10)
    assert "notices.lost" not in [event.name for event in bench.tick(slot).inbox(VT)]


def test_a_letter_not_sent_again_is_told_lost_to_both_sides(bench: Any, worker: Professional, case: str) -> None:
    slot = slot_of(case, 4)
    first = bench.letter(VT, LT, case, proposal(str(uuid4()), (CHILD, MOTHER)), manifest())
    [place] = [p for p in first.entry.inbox if p.inbox == LT]
    bench.say(LT, case, ReceiptMissing(partition=slot, sequences=(place.sequence,)), by=None)
    bench.pass_time(days=5)
    tick = bench.tick(slot)
    for side in (VT, LT):
        assert "notices.lost" in [event.name for event in tick.inbox(side)]
    assert "notices.lost" not in [event.name for event in bench.tick(slot).inbox(VT)]
