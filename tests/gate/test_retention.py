"""What the gate forgets in time, and what it never does; and that a trace passes it without being believed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.cases import PersonsChanged
from schemas.entry import Verdict
from schemas.parties import Professional
from schemas.refusal import Refusal
from services.gate.state import REMEMBERED, Counters
from services.relay.state import BatchView
from services.relay.types import Record
from services.runtime.jose import sign_detached
from services.runtime.subjects import slot_of
from services.runtime.telemetry import parse
from tests.gate.test_gate import CHILD, LT, MOTHER, VT, new_case, opened

DAY = timedelta(days=1)
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def asked() -> PersonsChanged:
    """Something that only a party of the case may say."""
    return PersonsChanged(persons=(CHILD, MOTHER))


def kinds(bench: Any, subject: str) -> set[str]:
    """The kinds of the records that are kept about a case."""
    state = bench.states[slot_of(subject, 4)]
    uuid = subject.partition(":")[2]
    return {key.partition(":")[0] for group in (uuid, f"{uuid}/messages") for key in state.group(group)}


def close(bench: Any, subject: str) -> None:
    """As closing does; which rules let a case close is told elsewhere."""
    view = BatchView(bench.states[slot_of(subject, 4)])
    Counters(view).retire(subject, bench.now)
    bench._kept([], view, slot_of(subject, 4))


def pass_days(bench: Any, time: timedelta, subject: str) -> None:
    bench.now += time
    bench.tick(slot_of(subject, 4))


def test_a_case_closed_for_sixty_days_keeps_its_head_and_its_chain(bench: Any, worker: Professional) -> None:
    """Outsiders are refused as ever, and what is said next goes on in the same chain."""
    case = new_case()
    first = bench.say(VT, case, opened(worker))
    hashed = next(hashed for hashed, entry in bench.chain(first.entry.slot) if entry == first.entry)
    close(bench, case)
    pass_days(bench, REMEMBERED - DAY, case)
    assert {"case", "chain", "person", "decided"} <= kinds(bench, case)
    pass_days(bench, 2 * DAY, case)
    assert kinds(bench, case) == {"case", "chain"}
    outsider = bench.say(LT, case, asked())
    assert outsider.verdict(LT).verdict is Verdict.REFUSED
    again = bench.say(VT, case, opened(worker))
    assert (again.entry.case_seq, again.entry.case_previous) == (2, hashed)


def test_what_was_said_where_no_case_is_goes_after_sixty_days(bench: Any) -> None:
    """Refusals about cases that never were must not pile up; until then the same message is known again."""
    case = new_case()
    value = bench.message(LT, case, asked()).encode()
    assert bench.send(LT, value, case).verdict(LT).verdict is Verdict.REFUSED
    assert kinds(bench, case) == {"decided"}
    assert bench.send(LT, value, case).verdict(LT).verdict is Verdict.DUPLICATE
    pass_days(bench, REMEMBERED + DAY, case)
    assert kinds(bench, case) == set()


def test_a_message_said_after_the_closing_is_remembered_its_full_time(bench: Any) -> None:
    """The shrinking of a closed case does not make the gate decide something twice."""
    case = new_case()
    bench.say(LT, case, asked())
    bench.now += REMEMBERED - DAY
    late = bench.message(LT, case, asked()).encode()
    bench.send(LT, late, case)
    pass_days(bench, 2 * DAY, case)
    assert bench.send(LT, late, case).verdict(LT).verdict is Verdict.DUPLICATE
    pass_days(bench, REMEMBERED, case)
    assert kinds(bench, case) == set()


@pytest.mark.parametrize(
    "trace", [TRACE, b"", b"rubbish", b"\xff" * 70, b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"]
)
def test_a_trace_passes_the_gate_and_decides_nothing(bench: Any, worker: Professional, trace: bytes) -> None:
    """Its header is forwarded when it is one; what is signed and decided does not know of it."""
    case = new_case()
    value = bench.message(VT, case, opened(worker), id=str(uuid4())).encode()
    slot = slot_of(case, 4)
    headers = (("jws", sign_detached(value, bench.signing_key(VT)).encode()), ("traceparent", trace))
    outcome = bench.decide(Record(f"{VT}.outbox", slot, 0, case.encode(), value, headers), slot)
    assert outcome.verdict(VT).verdict is Verdict.DELIVERED
    (verdict,) = outcome.to(f"{VT}.inbox")
    assert dict(verdict.headers).get("traceparent") == (TRACE if parse(trace) else None)
    assert "4bf92f3577b34da6" not in outcome.entry.model_dump_json() + (verdict.value or b"").decode()
    tampered = bench.decide(Record(f"{VT}.outbox", slot, 1, case.encode(), value + b" ", headers), slot)
    assert tampered.entry.reasons[0].code is Refusal.UNSIGNED
