"""Where a slot takes its time from: the wall (a cluster born real), the topic `clock` (born simulated), or nowhere."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from services.relay.types import Record, Tick

TOPIC = "clock"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The decision time of a relay without a clock. Its decider has its time from the records it reads."""


class Due(NamedTuple):
    """A tick that is to be given as soon as all that lies before it has been decided."""

    tick: Tick
    record: Record | None
    """The record on topic `clock` that it comes from."""


class BadTime(Exception):
    """A record on topic `clock` says no time. It is skipped."""

    def __init__(self, record: Record) -> None:
        super().__init__(f"no time in {record!r}")
        self.record = record


class Clock(Protocol):
    topic: str | None
    """The topic that time is read from."""

    def due(self, head: Record | None) -> Due | None:
        """The next tick, when its moment has come. `head` is the oldest unread record of the clock's topic; raises
        BadTime when it says no time."""
        ...

    def now(self, last: datetime | None, due: Due | None) -> datetime | None:
        """The decision time while `due` waits to be given; None while time has not begun. `last` is the slot's
        previous one."""
        ...

    def wait(self) -> float:
        """Seconds until the clock must be asked again."""
        ...


class NoClock:
    """Gives no ticks."""

    topic: str | None = None

    def due(self, head: Record | None) -> Due | None:
        return None

    def now(self, last: datetime | None, due: Due | None) -> datetime:
        return last or NO_TIME

    def wait(self) -> float:
        return 3600.0


def wall() -> datetime:
    return datetime.now(UTC)


class WallClock:
    """Real time, with a tick at the start and then every `every`."""

    topic: str | None = None

    def __init__(
        self,
        every: timedelta = timedelta(seconds=5),
        wall: Callable[[], datetime] = wall,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every.total_seconds()
        self._wall = wall
        self._monotonic = monotonic
        self._next = monotonic()

    def due(self, head: Record | None) -> Due | None:
        if self._monotonic() < self._next:
            return None
        self._next = self._monotonic() + self._every
        return Due(Tick(self._wall(), None), None)

    def now(self, last: datetime | None, due: Due | None) -> datetime:
        """While a tick waits, all is decided at the tick's time: what lies before it must not be later than it."""
        at = due.tick.at if due else self._wall()
        return at if last is None or at > last else last

    def wait(self) -> float:
        return max(0.0, self._next - self._monotonic())


class TopicClock:
    """Simulated time: it stands still between the records {"at": ISO 8601, "barrier": str | null} on topic `clock`."""

    topic: str | None = TOPIC

    def due(self, head: Record | None) -> Due | None:
        return None if head is None else Due(parse(head), head)

    def now(self, last: datetime | None, due: Due | None) -> datetime | None:
        """Time begins with the first record."""
        return last or (due.tick.at if due else None)

    def wait(self) -> float:
        return 3600.0


def parse(record: Record) -> Tick:
    """A clock record. Raises BadTime."""
    try:
        body = json.loads(record.value or b"")
        at, barrier = datetime.fromisoformat(body["at"]), body.get("barrier")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadTime(record) from None
    if at.tzinfo is None or not (barrier is None or isinstance(barrier, str)):
        raise BadTime(record)
    return Tick(at.astimezone(UTC), barrier)


def as_record(due: Due, slot: int) -> Record:
    """A tick as the record it came from, or would have come from."""
    value = json.dumps({"at": due.tick.at.isoformat(), "barrier": due.tick.barrier}).encode()
    return due.record or Record(TOPIC, slot, -1, None, value, ())
