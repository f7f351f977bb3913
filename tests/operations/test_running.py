"""Seeing it run, on a real system: one trace for one message, numbers without names, and a truthful /ready."""

import json
import re
from typing import Any

import pytest

from services.runtime.metrics import COUNTERS, GAUGES, LABELS
from services.runtime.telemetry import ATTRIBUTES
from tests.operations.conftest import LINDE, RUNNING, SECRET, VT, Few, Span, frozen, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


def test_one_trace_runs_from_the_request_to_the_word_that_it_is_stored(few: Few) -> None:
    """Edge, gate, recipient and the way back, each step the child of the one before it; nothing of what was said."""
    case = few.case()
    letter = few.letter(case, traceparent=f"00-{TRACE}-{CALLER}-01")
    spans = until(lambda: _complete([span for span in few.collector.spans if span.trace == TRACE]))
    way = [
        (VT, "POST /api/messages/dossiers.shared", ""),
        (VT, "publish", "dossiers.shared"),
        ("gate", "decide", "dossiers.shared"),
        (LINDE, "store", "dossiers.shared"),
        (LINDE, "publish", "receipts.stored"),
        ("gate", "decide", "receipts.stored"),
        (VT, "store", "notices.stored"),
    ]
    parent = CALLER
    for step in way:
        (span,) = [each for each in spans if (each.service, each.name, each.told.get("estafette.name", "")) == step]
        assert span.parent == parent, step
        parent = span.id
    (verdict,) = [each for each in spans if each.told.get("estafette.name") == "verdicts.given"]
    assert verdict.parent == next(each.id for each in spans if each.name == "decide")
    assert spans[0].told  # something is told at all
    assert {name for span in few.collector.spans for name in span.told} <= ATTRIBUTES
    raw = b"".join(few.collector.raw)
    for unsaid in (SECRET, "mother", "child-1", "vt-1", case.removeprefix("case:")):
        assert unsaid.encode() not in raw
    assert {line["message"] for line in _logged(few, VT) if line.get("trace") == TRACE} >= {letter["id"]}
    assert letter["id"] in {line.get("message") for line in _logged(few, LINDE) if line.get("trace") == TRACE}


def _complete(spans: list[Span]) -> list[Span] | None:
    told = {(span.service, span.told.get("estafette.name")) for span in spans}
    return spans if {(VT, "notices.stored"), (VT, "verdicts.given"), ("gate", "receipts.stored")} <= told else None


def _logged(few: Few, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in few.log(name).read_text().splitlines() if line.startswith("{")]


def test_every_service_tells_its_numbers_and_never_whose(few: Few) -> None:
    """Every metric is one of the table; no label names a case, person, message or organisation; more cases are no more
    series."""
    few.letter(few.case())
    refused = few.say(f"{VT}/vt-1", "dossiers.shared", few.order(few.case(), "rvt-noord"))
    (code,) = {reason["code"] for reason in refused["reasons"]}
    before = {name: _series(few.get(name, "/metrics").text) for name in RUNNING}
    few.letter(few.case())
    after = {name: _series(few.get(name, "/metrics").text) for name in RUNNING}
    assert {name: _kinds(found) for name, found in after.items()} == {name: _kinds(before[name]) for name in RUNNING}
    assert after["gate"]['estafette_decisions_total{verdict="DELIVERED"}'] >= 6
    assert after["gate"][f'estafette_refusals_total{{code="{code}"}}'] >= 1
    assert after[VT]["estafette_outbox_unsent"] == 0
    for found in after.values():
        assert found["estafette_ready"] == 1
        for series in found:
            name = series.partition("{")[0].removesuffix("_total")
            assert name in COUNTERS.keys() | GAUGES.keys()
            labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
            assert labels.keys() <= LABELS
            assert not [value for value in labels.values() if value in RUNNING or re.search(r"[0-9a-f]{8}-", value)]


def _kinds(series: dict[str, float]) -> set[str]:
    """The series, whichever of the two slots a case fell into."""
    return {re.sub(r'slot="[01]"', "slot", name) for name in series}


def _series(page: str) -> dict[str, float]:
    lines = (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("estafette_"))
    return {series: float(value) for series, value in lines if "_created" not in series}


def test_a_gate_that_cannot_commit_is_not_ready_until_it_can(few: Few) -> None:
    """The broker freezes: nothing fails, and nothing can be written either."""
    pid = few.system.kafka.pid
    assert few.is_ready("gate")
    thaw = frozen(pid)
    try:
        until(lambda: not few.is_ready("gate"))
        told = few.get("gate", "/ready").json()
        assert "could be committed" in told["reason"]
        assert few.get("gate", "/live").status_code == 200
    finally:
        thaw()
    until(lambda: few.is_ready("gate") or few._running["gate"].poll() is not None)
    assert few._running["gate"].poll() is None
