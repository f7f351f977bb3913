"""What an operator hears of oversight: that the gate is silent, and how much is owed."""

import json
import time
from types import SimpleNamespace
from typing import Any

from services.oversight.app import Oversight
from services.oversight.rules.calendar import Calendar
from services.oversight.watching import SILENT_SECONDS, Watching, owed
from services.relay.state import State
from services.relay.worker import SlotStatus
from services.runtime.jose import SigningKey


def watching(ticking: bool = True) -> Watching:
    return Watching(Oversight(SigningKey.generate("oversight.1"), Calendar()), ticking)


def relay(**heard: float) -> Any:
    """Slots, and how many seconds ago the gate was last heard in each."""
    now = time.monotonic()
    statuses = {int(slot[1:]): SlotStatus(decided=now - ago) for slot, ago in heard.items()}
    return SimpleNamespace(owned=lambda: statuses)


def test_a_gate_that_is_silent_for_a_minute_has_stalled() -> None:
    """In the slots in which nothing was heard, and only there."""
    told = watching().health(relay(s0=1, s1=SILENT_SECONDS + 1))
    assert (told["gate_stalled"], told["alarms"]) == ([1], ["GATE_STALLED"])
    assert watching().health(relay(s0=SILENT_SECONDS - 5))["alarms"] == []


def test_on_a_simulated_clock_silence_says_nothing() -> None:
    """Time stands still there until somebody moves it."""
    assert watching(ticking=False).health(relay(s0=3600))["alarms"] == []


async def test_what_is_owed_is_counted_by_code_and_tier() -> None:
    """Over all cases; tier 0 as long as no alert was raised for it."""
    state = State()
    for case, tier in (("a", None), ("b", 2)):
        state.set(f"owed:{case}:FIRST_REACTION/h-{case}", json.dumps({"code": "FIRST_REACTION"}).encode())
        if tier is not None:
            state.set(f"alert:{case}:FIRST_REACTION", json.dumps({"tier": tier}).encode())
    state.set("head:a:", b"{}")
    found = {(gauge.name, gauge.labels): gauge.value for gauge in await owed([state])}
    assert found == {
        ("estafette_obligations_open", ("FIRST_REACTION", "0")): 1,
        ("estafette_obligations_open", ("FIRST_REACTION", "2")): 1,
        ("estafette_alerts_open", ("FIRST_REACTION", "2")): 1,
    }
