"""The simulated clock and its barriers: time moves only here, and a step is done when everybody says so."""

import time
from collections.abc import Collection
from datetime import datetime

from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import ValidationError

from deploy.broker import ADMIN
from deploy.system import System
from schemas.service import ClockRecord
from services.cli.play.desk import NoAnswer
from services.runtime.directory import OPERATOR
from services.runtime.settings import Settings

WITHIN = 90.0
"""Seconds in which every service must reach a barrier; a service may be in the middle of being started again."""
CLOCK = "clock"


class Timekeeper:
    """Moves a simulated cluster's time and waits until all that follows from it has been done."""

    def __init__(self, system: System) -> None:
        self._settings = Settings(home=system.home)
        self._system = system
        self._cluster = self._settings.cluster()
        if self._cluster.clock != "simulated":
            raise NoAnswer("this cluster runs on real time; a scenario needs one born with --clock simulated")
        self._producer = Producer({**self._settings.kafka(OPERATOR).confluent(), "linger.ms": 0, "log_level": 0})
        self._watched = [p.name for p in system.processes if p.name not in ("gate", "oversight")]
        self._number = max((int(text or 0) for text in system.barriers(self._watched).values()), default=0)
        self._usual = 0.1
        self._at: datetime | None = None

    def now(self) -> datetime | None:
        """The latest moment the cluster was ever told; None when time has not begun."""
        last = self._last_records()
        self._number = max([self._number, *(int(record.barrier or 0) for record in last)])
        return max((record.at for record in last), default=None)

    def settle(self, at: datetime, rounds: int = 1) -> None:
        """Set a barrier at `at`, and wait until every edge and the ledger passed it.

        What was decided before, and every alarm that is due, has then reached everybody. A second round waits for the
        decisions on what the edges said by themselves in the first: that they stored or opened something.
        """
        for _ in range(rounds):
            self._barrier(at, self._watched)

    def move(self, at: datetime, needed: Collection[str]) -> None:
        """Move the time to `at`, and wait for those who have something to do then; without any, for everybody. A time
        that is reached already needs nothing.
        """
        if self._at is None or at > self._at:
            self._barrier(at, list(needed) or self._watched)

    def _barrier(self, at: datetime, behind: list[str]) -> None:
        self._number += 1
        self._at = at
        self._write(at, f"{self._number:012}")
        self._wait(f"{self._number:012}", behind)

    def _write(self, at: datetime, barrier: str) -> None:
        value = ClockRecord(at=at, barrier=barrier).model_dump_json().encode()
        failed: list[str] = []
        for slot in range(self._cluster.slots):
            self._producer.produce(
                CLOCK,
                value,
                partition=slot,
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
        if self._producer.flush(30) or failed:
            raise NoAnswer(f"Kafka did not take the clock records: {'; '.join(failed) or 'no answer'}")

    def _last_records(self) -> list[ClockRecord]:
        """The last record of each partition of the clock."""
        consumer = Consumer(
            {
                **self._settings.kafka(ADMIN).confluent(),
                "group.id": "player",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        try:
            parts = [TopicPartition(CLOCK, slot) for slot in range(self._cluster.slots)]
            ends = {part.partition: consumer.get_watermark_offsets(part, timeout=10) for part in parts}
            wanted = [TopicPartition(CLOCK, slot, end - 1) for slot, (low, end) in ends.items() if end > low]
            return _read(consumer, wanted) if wanted else []
        finally:
            consumer.close()

    def _wait(self, barrier: str, behind: list[str]) -> None:
        """Asks little: first about when the barrier before was reached, then only those that are behind."""
        began = time.monotonic()
        time.sleep(0.6 * self._usual)
        while behind := [name for name, text in self._system.barriers(behind).items() if text < barrier]:
            if time.monotonic() - began > WITHIN:
                raise NoAnswer(f"not at barrier {barrier} within {WITHIN:.0f} s: {', '.join(sorted(behind))}")
            time.sleep(0.03 + 0.1 * self._usual)
        self._usual = 0.7 * self._usual + 0.3 * (time.monotonic() - began)


def _read(consumer: Consumer, wanted: list[TopicPartition]) -> list[ClockRecord]:
    consumer.assign(wanted)
    found: dict[int | None, ClockRecord] = {}
    end = time.monotonic() + 15
    while len(found) < len(wanted) and time.monotonic() < end:
        record = consumer.poll(1.0)
        if record is None or record.error() or record.partition() in found:
            continue
        try:
            found[record.partition()] = ClockRecord.model_validate_json(record.value() or b"")
        except ValidationError:
            raise NoAnswer("the clock holds a record that is none") from None
    return list(found.values())
