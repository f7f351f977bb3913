"""What /metrics tells, in Prometheus' text format: one table of every number there is, with its labels.

A label holds a code of this program or a slot number, so the number of series is bounded by the program and the cluster
and not by what happens: no case, no message, no person, no organisation. Which organisation a number is about follows
from which process gave it.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LABELS = frozenset({"slot", "verdict", "code", "tier"})
"""The only labels there are."""
MOST_SERIES = 500
"""Of one metric in one process; what comes beyond is left out and counted."""
_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


class Family(NamedTuple):
    """One metric."""

    help: str
    labels: tuple[str, ...] = ()


COUNTERS: Mapping[str, Family] = {
    "estafette_decisions": Family("decisions of this gate since it started", ("verdict",)),
    "estafette_refusals": Family("reasons this gate gave when it refused; one message may get several", ("code",)),
    "estafette_quarantined": Family("records kept apart because they could not be read or decided"),
}
GAUGES: Mapping[str, Family] = {
    "estafette_ready": Family("1 when /ready answers 200"),
    "estafette_alarm": Family("1 for each alarm that this process raises now (docs/operations.md)", ("code",)),
    "estafette_slot_lag_records": Family("records that wait to be decided", ("slot",)),
    "estafette_slot_tick_age_seconds": Family("since time last moved on in a slot of the gate", ("slot",)),
    "estafette_slot_record_age_seconds": Family("since a slot last decided a record", ("slot",)),
    "estafette_slot_commit_age_seconds": Family("since a slot last committed; an idle one proves itself", ("slot",)),
    "estafette_directory_conflicts": Family("directory entries that are ignored, by why", ("code",)),
    "estafette_obligations_open": Family("what someone owes in a case; tier 0: not yet due", ("code", "tier")),
    "estafette_alerts_open": Family("alerts that are not resolved", ("code", "tier")),
    "estafette_facts_not_judged": Family("facts oversight could not judge since it started"),
    "estafette_alerts_refused": Family("alerts of oversight that the gate refused since oversight started"),
    "estafette_outbox_unsent": Family("messages that Kafka does not have yet"),
    "estafette_outbox_oldest_seconds": Family("age of the oldest of those"),
    "estafette_outbox_unanswered": Family("messages that Kafka has and the gate did not answer"),
    "estafette_outbox_unanswered_oldest_seconds": Family("how long ago the oldest of those was published"),
    "estafette_inbox_missing": Family("deliveries that never came: holes in the sequence", ("slot",)),
    "estafette_inbox_rejected": Family("records of the inbox that were not believed or could not be applied"),
    "estafette_ledger_entries": Family("last entry read", ("slot",)),
    "estafette_ledger_faults": Family("what is wrong with the ledger as it was read"),
    "estafette_metrics_left_out": Family("series beyond the bound of a metric, or with a label that is not a code"),
}


class Gauge(NamedTuple):
    """One number at this moment."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


Source = Callable[[], Awaitable[Iterable[Gauge]]]

_counted = CollectorRegistry()
_counters = {name: Counter(name, each.help, each.labels, registry=_counted) for name, each in COUNTERS.items()}
_children: dict[tuple[str, str], Counter] = {}
ProcessCollector(registry=_counted)
PlatformCollector(registry=_counted)


def count(name: str, label: str = "") -> None:
    """One more. `label`: the value of the counter's label, a code of this program."""
    child = _children.get((name, label))
    if child is None:
        counter = _counters[name]
        child = _children[name, label] = counter.labels(label) if COUNTERS[name].labels else counter
    child.inc()


class Metrics:
    """The page of one process. `sources` are asked at each look."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources

    async def page(self) -> bytes:
        """Prometheus' text."""
        found = [gauge for source in self._sources for gauge in await source()]
        registry = CollectorRegistry()
        registry.register(_Once(families(found)))
        return generate_latest(_counted) + generate_latest(registry)


class _Once(Collector):
    def __init__(self, found: Sequence[GaugeMetricFamily]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._found


def families(gauges: Iterable[Gauge]) -> list[GaugeMetricFamily]:
    """The numbers as Prometheus wants them, within the bound. Raises KeyError for a metric that is not in the table."""
    made: dict[str, GaugeMetricFamily] = {}
    left_out = 0
    for gauge in gauges:
        row = GAUGES[gauge.name]
        family = made.setdefault(gauge.name, GaugeMetricFamily(gauge.name, row.help, labels=row.labels))
        if len(family.samples) < MOST_SERIES and all(map(_is_code, gauge.labels)):
            family.add_metric(gauge.labels, gauge.value)
        else:
            left_out += 1
    name = "estafette_metrics_left_out"
    made[name] = GaugeMetricFamily(name, GAUGES[name].help, value=left_out)
    return list(made.values())


def _is_code(label: str) -> bool:
    return _VALUE.fullmatch(label) is not None and _UUID.match(label) is None


def alarms(codes: Iterable[str]) -> list[Gauge]:
    """The alarms of a process, by their codes."""
    return [Gauge("estafette_alarm", 1, (code,)) for code in sorted(set(codes))]
