"""A relay says truly whether it does its work: what /ready answers, and why not."""

import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from services.relay.relay import SILENCE, Options, Relay
from services.relay.worker import SlotStatus
from services.runtime.health import health_app
from services.runtime.kafka import KafkaSettings

NOWHERE = KafkaSettings(bootstrap="127.0.0.1:1", username="gate", password=SecretStr("x"))


def relay(*slots: tuple[float, str | None], joined: bool = True) -> Relay:
    """One without a broker. Of each slot: how many seconds ago it committed, and why it says it is not ready."""
    decider: Any = SimpleNamespace(name="gate")
    made: Any = Relay(decider, NOWHERE, Options(epoch=uuid4(), slots=4, clock="real"))
    now = time.monotonic()
    owned = {slot: SlotStatus(reason=reason, committed=now - ago) for slot, (ago, reason) in enumerate(slots)}
    made._election = SimpleNamespace(joined=joined, slots=lambda: frozenset(owned))
    made._workers = {slot: SimpleNamespace(status=status) for slot, status in owned.items()}
    relay: Relay = made
    return relay


async def asked(relay: Relay, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=health_app(relay.status))
    async with httpx2.AsyncClient(transport=transport, base_url="http://relay") as client:
        return await client.get(path)


@pytest.mark.parametrize("path", ["/ready", "/health"])
@pytest.mark.parametrize(
    ("slots", "joined", "reason"),
    [
        ([(0, None), (SILENCE + 20, None)], True, "slot 1: nothing could be committed for"),
        ([(0, "loading")], True, "slot 0: loading"),
        ([], False, "joining"),
    ],
)
async def test_what_does_no_work_is_not_ready(slots: Any, joined: bool, reason: str, path: str) -> None:
    """A hanging transaction, a slot that is loading, a process that takes no part yet: 503, and in which slot why."""
    answer = await asked(relay(*slots, joined=joined), path)
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["reason"].startswith(reason)


@pytest.mark.parametrize("path", ["/ready", "/health"])
@pytest.mark.parametrize("slots", [[], [(SILENCE / 2, None), (0, None)]])
async def test_what_works_or_stands_by_is_ready(slots: Any, path: str) -> None:
    """Also one whose slots are all with others."""
    answer = await asked(relay(*slots), path)
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
