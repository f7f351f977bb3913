"""A short storm over the whole system, and what its check can see; the long one is `make chaos`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from schemas.entry import EntryKind, Verdict
from tests.chaos.run import put_under_fire
from tests.chaos.system_scene import SystemScene
from tests.chaos.trail import Slot, Trail

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]


def test_what_pages_accepted_is_decided_delivered_and_watched_while_everything_dies() -> None:
    """Then everything that was found is spoiled, one thing at a time, and each is seen: else the zeros say nothing."""
    scene = SystemScene(seed=7)
    report = put_under_fire(scene, seconds=45, seed=7, settle=240)
    assert report.wrong() == {}, report.text()
    kills = {"kill -9 of a process", "kill -9 of the broker", "freeze", "SIGTERM of a process"}
    assert set(report.faults) == kills | {"new keys", "an organisation merges into another"}
    assert report.found["handovers completed"] and report.found["handovers open"], report.text()
    assert report.found["stories told on after the merger"], report.text()
    assert report.found["delivered"] > 10 and report.found["refused"] > 0, report.text()
    for fault, spoil in SPOILS.items():
        found = scene.judge(spoil(scene.trail))
        assert found[f"! {fault}"] > 0, f"not seen: {fault}"


def _slots(trail: Trail, change: Callable[[Slot], Slot]) -> Trail:
    return trail._replace(slots=[change(slot) for slot in trail.slots])


def _boxes(change: Callable[[list[Any]], Sequence[Any]]) -> Callable[[Trail], Trail]:
    """The same change in every inbox that has records."""

    def spoil(slot: Slot) -> Slot:
        return slot._replace(inboxes={slug: change(list(records)) for slug, records in slot.inboxes.items()})

    return lambda trail: _slots(trail, spoil)


def _ledger(change: Callable[[list[Any]], Sequence[Any]]) -> Callable[[Trail], Trail]:
    return lambda trail: _slots(trail, lambda slot: slot._replace(ledger=change(list(slot.ledger))))


def _gate(kind: str, value: bytes = b"") -> Callable[[Trail], Trail]:
    """All records of a kind in the gate's state with another value, or gone."""
    return lambda trail: _slots(trail, lambda slot: slot._replace(gate=_changed(slot.gate, kind, value)))


def _changed(records: Mapping[str, bytes], kind: str, value: bytes) -> dict[str, bytes]:
    changed = {key: value if key.startswith(kind) else record for key, record in records.items()}
    return {key: record for key, record in changed.items() if record}


def _unwatched(trail: Trail) -> Trail:
    return _slots(trail, lambda slot: slot._replace(oversight=_changed(slot.oversight, "owed:", b"")))


def _pages(change: Callable[[Any], Any]) -> Callable[[Trail], Trail]:
    return lambda trail: trail._replace(edges={slug: change(edge) for slug, edge in trail.edges.items()})


def _without_verdicts(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line.entry.kind is not EntryKind.MESSAGE]


def _decided_twice(lines: list[Any]) -> list[Any]:
    return [*lines, *(line for line in lines if line.entry.verdict is Verdict.DELIVERED)]


def _moved_back(lines: list[Any]) -> list[Any]:
    return [*lines, *(line for line in lines if line.entry.regie)]


SPOILS: dict[str, Callable[[Trail], Trail]] = {
    "slot chain broken": _ledger(lambda lines: lines[1:]),
    "case chain broken": _ledger(lambda lines: lines[:1] + lines[2:]),
    "time ran back": _ledger(lambda lines: lines[::-1]),
    "lost: no verdict": _ledger(_without_verdicts),
    "doubled: decided twice": _ledger(_decided_twice),
    "regie moved from who did not hold it": _ledger(_moved_back),
    "out of order in a case": _ledger(lambda lines: lines[::-1]),
    "facts are not the accepted messages": lambda trail: _slots(trail, lambda slot: slot._replace(facts=[])),
    "gap or step back in an inbox": _boxes(lambda records: records[1:]),
    "seal that is no ledger entry": _boxes(lambda records: [r._replace(headers=()) for r in records]),
    "bytes are not those of the seal": _boxes(
        lambda records: [b._replace(headers=a.headers) for a, b in zip(records, records[::-1], strict=True)]
    ),
    "verdict not told exactly once": _boxes(lambda records: []),
    "not delivered exactly once": _boxes(lambda records: records + records),
    "entry without its inbox record, or the other way": _boxes(lambda records: records[:-1]),
    "sequence in the state is not that of the inbox": _gate("sequence:"),
    "slot counter in the state is not that of the log": _gate("chain:"),
    "case counter in the state is not that of the log": _gate("chain:", b'{"seq": 1}'),
    "outbox not read to its end": _gate("position:"),
    "open case without one holder": _gate("case:", b'{"open": true}'),
    "handover in the state is not that of the log": _gate("handover:"),
    "open handover that nobody watches": _unwatched,
    "read model is not the ledger": lambda trail: trail._replace(read_model=trail.read_model[1:]),
    "page's inbox is not that of Kafka": _pages(lambda edge: edge._replace(inbox=edge.inbox[1:])),
    "accepted and not in the page's own store": _pages(lambda edge: edge._replace(sent={})),
}
