"""The simulated clock and its barriers: time moves only here, and a step is done when everybody says so."""

import time
from collections.abc import Mapping
from datetime import datetime

from confluent_kafka import Producer

from deploy.system import System, barriers
from schemas.service import ClockRecord
from services.cli.play.desk import NoAnswer
from services.runtime.directory import OPERATOR
from services.runtime.settings import Settings

WITHIN = 90.0
"""Seconds in which every service must reach a barrier; a service may be in the middle of being started again."""


class Timekeeper:
    """Moves a simulated cluster's time and waits until all that follows from it has been done."""

    def __init__(self, system: System) -> None:
        settings = Settings(home=system.home)
        self._system = system
        self._cluster = settings.cluster()
        if self._cluster.clock != "simulated":
            raise NoAnswer("this cluster runs on real time; a scenario needs one born with --clock simulated")
        self._producer = Producer({**settings.kafka(OPERATOR).confluent(), "linger.ms": 0, "log_level": 0})
        self._watched = [p.name for p in system.processes if p.name not in ("gate", "oversight")]
        self._number = max((int(text or 0) for text in self._reached().values()), default=0)

    def settle(self, at: datetime) -> None:
        """Set a barrier at `at` and wait until every edge and the ledger have passed it; once more for what that caused."""
        for _ in range(2):
            self._number += 1
            self._write(at, f"{self._number:012}")
            self._wait(f"{self._number:012}")

    def _write(self, at: datetime, barrier: str) -> None:
        value = ClockRecord(at=at, barrier=barrier).model_dump_json().encode()
        failed: list[str] = []
        for slot in range(self._cluster.slots):
            self._producer.produce(
                "clock",
                value,
                partition=slot,
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
        if self._producer.flush(30) or failed:
            raise NoAnswer(f"Kafka did not take the clock records: {'; '.join(failed) or 'no answer'}")

    def _wait(self, barrier: str) -> None:
        end, pause = time.monotonic() + WITHIN, 0.05
        while behind := {name: text for name, text in self._reached().items() if text < barrier}:
            if time.monotonic() > end:
                raise NoAnswer(f"not at barrier {barrier} within {WITHIN:.0f} s: {', '.join(sorted(behind))}")
            time.sleep(pause)
            pause = min(pause * 1.3, 0.4)

    def _reached(self) -> Mapping[str, str]:
        return barriers(self._system.health(), self._watched)
