"""What was read and not yet decided, topic by topic, and the line that a tick draws across all of it."""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping

from services.relay.log import SlotLog
from services.relay.types import Record


class Inputs:
    """Hands out records from the topics in turn, so that a flood in one leaves the others their share.

    A drawn line holds back what lies behind it: records that were there when it was drawn come first, then the tick,
    then the rest. So all inputs are cut at one moment. The clock's topic is read along, but its records are not
    handed out.
    """

    def __init__(self, log: SlotLog, clock: str | None) -> None:
        self._log = log
        self._clock = clock
        self._waiting: dict[str, deque[Record]] = {}
        self._line: dict[str, int] = {}

    async def follow(self, positions: Mapping[str, int]) -> None:
        """Start over at these positions; what was read and not decided is read again."""
        self._line = {}
        self._waiting = {topic: deque() for topic in positions}
        await self._log.follow(positions)

    def topics(self) -> frozenset[str]:
        return frozenset(self._waiting)

    async def fill(self, wait: float) -> None:
        """Read on in the topics of which nothing is left, waiting up to `wait` seconds for the first record."""
        empty = [topic for topic, records in self._waiting.items() if not records]
        if empty:
            for topic, records in (await self._log.read(empty, wait)).items():
                self._waiting[topic].extend(records)
        elif not self._waiting:
            await asyncio.sleep(wait)

    def time(self) -> Record | None:
        """The oldest record of the clock's topic that is not yet taken."""
        records = self._waiting.get(self._clock) if self._clock else None
        return records[0] if records else None

    def take_time(self) -> None:
        """The oldest clock record is done with."""
        if self._clock is not None:
            self._waiting[self._clock].popleft()

    def head(self, skip: Collection[str] = ()) -> Record | None:
        """The next record before the line, from the topic whose turn it is."""
        for topic, records in self._waiting.items():
            if records and topic not in skip and topic != self._clock and records[0].offset < self._end(records[0]):
                return records[0]
        return None

    def behind(self) -> int:
        """Records that were not handed out, read or not."""
        return self._log.behind() + sum(map(len, self._waiting.values()))

    def take(self, head: Record) -> None:
        """The head is being decided: the other topics come first next time."""
        records = self._waiting.pop(head.topic)
        records.popleft()
        self._waiting[head.topic] = records

    def draw(self, line: Mapping[str, int]) -> None:
        """Hold back everything from these offsets on."""
        self._line = dict(line)

    def lift(self) -> None:
        self._line = {}

    async def reached(self) -> bool:
        """Whether all before the line was taken."""
        for topic, end in self._line.items():
            records = self._waiting[topic]
            if (records[0].offset if records else await self._log.position(topic)) < end:
                return False
        return True

    def _end(self, record: Record) -> int:
        return self._line.get(record.topic, record.offset + 1)
