"""Runs a decider: takes part in the election of its slots, answers for their health, and dies rather than repair."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Literal, NoReturn
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field

from services.relay.batch import Limits
from services.relay.clock import Clock, NoClock, TopicClock, WallClock
from services.relay.election import Election
from services.relay.kafka import KafkaLog
from services.relay.log import Refused
from services.relay.own import Birth, state_topic
from services.relay.state import State
from services.relay.types import Decider
from services.relay.worker import SlotStatus, Worker
from services.runtime.health import HealthServer, of_health
from services.runtime.kafka import KafkaSettings
from services.runtime.metrics import Gauge, Metrics, Source
from services.runtime.settings import Cluster

SILENCE = 15.0
"""A slot that could not commit for this long, in seconds, is not ready; three times the time in which it proves that it
can."""

logger = structlog.get_logger(__name__)

EX_SOFTWARE = 70
"""Exit code after any error of Kafka's: to be started again."""
EX_CONFIG = 78
"""Exit code when a topic, a right or a setting is wrong: starting again helps only after somebody has mended it."""


class Options(BaseModel):
    """How a relay runs. The first three are fixed at the cluster's birth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: UUID
    slots: int = Field(ge=1)
    clock: Literal["simulated", "real"]
    ticks: bool = True
    """False for a decider whose time comes with its records."""
    tick_every: timedelta = timedelta(seconds=5)
    limits: Limits = Limits()

    @classmethod
    def of(cls, cluster: Cluster, **more: Any) -> "Options":
        return cls(epoch=cluster.epoch, slots=cluster.slots, clock=cluster.clock, **more)

    def birth(self) -> Birth:
        return Birth(str(self.epoch), self.clock, self.slots)

    def make_clock(self) -> Clock:
        if not self.ticks:
            return NoClock()
        return TopicClock() if self.clock == "simulated" else WallClock(self.tick_every)


class Relay:
    """One process's share of a decider's slots."""

    def __init__(self, decider: Decider, kafka: KafkaSettings, options: Options) -> None:
        self._decider = decider
        self._kafka = kafka
        self._options = options
        self._until = asyncio.Event()
        self._workers: dict[int, Worker] = {}
        self._election = Election(kafka, decider.name, self.worker, die)

    async def run(self) -> None:
        """Until `stop`. Any error ends the process, with EX_SOFTWARE or EX_CONFIG."""
        try:
            await self._check_slots()
            await self._election.run(self._until)
        except Exception as error:  # nothing half-open may live on
            die(error)

    def stop(self) -> None:
        """End in good order after the running transactions."""
        self._until.set()

    def worker(self, slot: int) -> Worker:
        limits = self._options.limits
        log = KafkaLog(self._kafka, self._decider.name, slot, limits.record_bytes)
        worker = Worker(self._decider, log, self._options.make_clock(), self._options.birth(), slot, limits)
        self._workers[slot] = worker
        return worker

    def owned(self) -> dict[int, SlotStatus]:
        """How each slot of this process fares."""
        return {slot: self._workers[slot].status for slot in sorted(self._election.slots())}

    def states(self) -> list[State]:
        """The state of each slot of this process, to be looked at only."""
        return [self._workers[slot].state for slot in sorted(self._election.slots())]

    def status(self) -> dict[str, Any]:
        """For the health page. Without a slot a process is ready too: it stands by."""
        owned = self.owned()
        reasons = {slot: reason for slot, status in owned.items() if (reason := _not_ready(status))}
        ready = self._election.joined and not reasons
        answer: dict[str, Any] = {
            "ready": ready,
            "barrier": _lowest_barrier(owned),
            "slots": {str(slot): _shown(status) for slot, status in owned.items()},
        }
        if not ready:
            answer["reason"] = "; ".join(f"slot {slot}: {reason}" for slot, reason in reasons.items()) or "joining"
        return answer

    async def gauges(self) -> list[Gauge]:
        """For the page /metrics."""
        now, found = time.monotonic(), []
        for slot, status in self.owned().items():
            found += [
                Gauge("estafette_slot_lag_records", status.lag(), (str(slot),)),
                Gauge("estafette_slot_commit_age_seconds", now - status.committed, (str(slot),)),
                Gauge("estafette_slot_record_age_seconds", now - status.decided, (str(slot),)),
            ]
            if self._options.ticks:
                found.append(Gauge("estafette_slot_tick_age_seconds", now - status.ticked, (str(slot),)))
        return found

    async def _check_slots(self) -> None:
        """A subscription to a topic that is missing or forbidden would wait in silence for ever."""
        last = self._options.slots - 1
        await KafkaLog(self._kafka, self._decider.name, last, 0).check([state_topic(self._decider.name)])


def _not_ready(status: SlotStatus) -> str | None:
    """Why a slot does no work: it says so itself, or its last transaction hangs (the broker is frozen or cut off)."""
    silent = time.monotonic() - status.committed
    return status.reason or (f"nothing could be committed for {silent:.0f} seconds" if silent > SILENCE else None)


def _lowest_barrier(owned: Mapping[int, SlotStatus]) -> str | None:
    """The barrier of the slot that is furthest behind, by the time of its last tick."""
    ticks = [status.last_tick for status in owned.values()]
    if not ticks or None in ticks:
        return None
    return min((tick for tick in ticks if tick), key=lambda tick: tick.at).barrier


def _shown(status: SlotStatus) -> dict[str, Any]:
    return {
        "ready": _not_ready(status) is None,
        "reason": _not_ready(status),
        "waiting": status.waiting,
        "last_commit": status.last_commit and status.last_commit.isoformat(),
        "last_tick": status.last_tick and status.last_tick.at.isoformat(),
        "barrier": status.last_tick and status.last_tick.barrier,
        "records": status.records,
    }


def die(error: BaseException) -> NoReturn:
    """End at once: no clean-up can make a half-open transaction good, and the broker undoes it."""
    if isinstance(error, Refused):
        logger.critical("refused to run", reason=str(error))
    else:
        logger.critical("died", exc_info=error)
    sys.stderr.flush()
    os._exit(EX_CONFIG if isinstance(error, Refused) else EX_SOFTWARE)


async def run(
    decider: Decider,
    kafka: KafkaSettings,
    options: Options,
    port: int | None = None,
    more: Callable[[Relay], Mapping[str, Any]] = lambda _: {},
    gauges: Callable[[Relay], Source] | None = None,
    beside: Callable[[Relay], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run a decider until SIGTERM or SIGINT. With `port`, GET /health tells its status, with what `more` adds, and
    GET /metrics its numbers, with those of `gauges`. `beside` runs along."""
    relay = Relay(decider, kafka, options)

    def told() -> dict[str, Any]:
        return {**relay.status(), **more(relay)}

    async def pages() -> dict[str, Any]:
        return told()

    sources = (relay.gauges, of_health(pages), *([gauges(relay)] if gauges else []))
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, relay.stop)
    health = None if port is None else HealthServer(port, told, metrics=Metrics(*sources))
    if health is not None:
        await health.start()
    watcher = asyncio.create_task(beside(relay)) if beside else None
    await relay.run()
    if watcher is not None:
        watcher.cancel()
    if health is not None:
        await health.stop()
