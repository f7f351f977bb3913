"""What oversight tells an operator: what is owed over all cases, and that the gate has gone silent.

A gate that works says the time in every slot every few seconds; oversight hears it first, and it cannot say so through
the gate. So it is said where an operator looks: in the log, in /health with `estafette status`, and in /metrics.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from schemas.tables.obligations import BY_CODE
from services.oversight.app import Oversight
from services.oversight.rules.case import Alert, Obligation, alert_key
from services.relay.relay import Relay
from services.relay.state import State
from services.runtime.metrics import Gauge

SILENT_SECONDS = 60.0
"""Ticks come every five seconds; after a minute without one (and without any other fact) the gate has stalled."""
LOOK_SECONDS = 5.0
BREATH = 1000
"""Cases counted before others get their turn."""

log = structlog.get_logger(__name__)


class Watching:
    """`ticking`: whether the cluster's clock is real. A simulated one stands still, and its silence says nothing."""

    def __init__(self, oversight: Oversight, ticking: bool) -> None:
        self._oversight = oversight
        self._ticking = ticking
        self._stalled: frozenset[int] = frozenset()

    def health(self, relay: Relay) -> dict[str, Any]:
        """What /health adds."""
        counts = self._oversight.status()
        stalled = self.stalled(relay)
        named = {"GATE_STALLED": stalled, "FACT_NOT_JUDGED": counts["facts_not_judged"]}
        named["ALERT_REFUSED"] = counts["alerts_refused"]
        return {**counts, "gate_stalled": sorted(stalled), "alarms": [code for code, found in named.items() if found]}

    def stalled(self, relay: Relay) -> frozenset[int]:
        """Slots of this process in which nothing was heard of the gate for a minute."""
        now = time.monotonic()
        owned = relay.owned().items() if self._ticking else ()
        return frozenset(slot for slot, status in owned if now - status.decided > SILENT_SECONDS)

    def look(self, relay: Relay) -> None:
        """Say what has changed."""
        stalled = self.stalled(relay)
        for slot in sorted(stalled - self._stalled):
            log.error("GATE_STALLED", slot=slot, seconds=SILENT_SECONDS)
        for slot in sorted(self._stalled - stalled):
            log.warning("gate goes on", slot=slot)
        self._stalled = stalled

    async def keep_looking(self, relay: Relay) -> None:
        """Until cancelled."""
        while True:
            self.look(relay)
            await asyncio.sleep(LOOK_SECONDS)

    async def gauges(self, relay: Relay) -> list[Gauge]:
        """For the page /metrics."""
        counts = self._oversight.status()
        return [
            Gauge("estafette_facts_not_judged", counts["facts_not_judged"]),
            Gauge("estafette_alerts_refused", counts["alerts_refused"]),
            *await owed(relay.states()),
        ]


async def owed(states: Iterable[State]) -> list[Gauge]:
    """Open obligations and alerts over all cases of these slots, by code and tier (0: not yet due)."""
    obligations: Counter[tuple[str, str]] = Counter()
    alerts: Counter[tuple[str, str]] = Counter()
    for number, group in enumerate(group for state in states for group in state.by_group()):
        _count(group, obligations, alerts)
        if number % BREATH == BREATH - 1:
            await asyncio.sleep(0)
    return [
        *(Gauge("estafette_obligations_open", count, labels) for labels, count in sorted(obligations.items())),
        *(Gauge("estafette_alerts_open", count, labels) for labels, count in sorted(alerts.items())),
    ]


def _count(group: Mapping[str, bytes], obligations: Counter[tuple[str, str]], alerts: Counter[tuple[str, str]]) -> None:
    tiers: dict[str, str] = {}
    owed: list[tuple[str, bytes]] = []
    for key, value in group.items():
        kind, _, rest = key.partition(":")
        name = rest.partition(":")[2]
        if kind == Alert.kind:
            tiers[name] = str(json.loads(value)["tier"])
            alerts[name.partition("/")[0], tiers[name]] += 1
        elif kind == Obligation.kind:
            owed.append((name.partition("/")[0], value))
    for code, value in owed:
        row = BY_CODE[code]
        child = json.loads(value).get("child") if row.alert_per_child else None
        obligations[code, tiers.get(alert_key(row.alert_code, child), "0")] += 1
