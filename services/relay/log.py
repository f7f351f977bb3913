"""The port between a slot's worker and the log. `kafka` is the real one, `memory` the one for tests."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.relay.types import Emit, Record


class Refused(Exception):
    """Starting makes no sense until somebody changes a setting, a topic or a right. The text says which; it holds no
    content."""


class Fenced(Exception):
    """Another process owns this slot now."""


class PositionLost(Exception):
    """An input no longer has the offset that was to be read next."""


class Span(NamedTuple):
    """Where partition = slot of a topic begins and ends, for a reader of committed records."""

    start: int
    end: int


class SlotLog(Protocol):
    """Everything a worker does with the log: reading and writing the partition whose number is its slot's."""

    async def fence(self) -> None:
        """Become the only writer of this slot: an older owner's transaction is ended and it can commit nothing any
        more."""
        ...

    def load(self) -> AsyncIterator[Sequence[tuple[str, bytes | None]]]:
        """All committed records of the state topic, oldest first. Call after `fence`, so that nothing is added behind
        it."""
        ...

    async def check(self, topics: Collection[str]) -> None:
        """Raises Refused for a topic that is missing, may not be read, or has no partition for this slot."""
        ...

    async def spans(self, topics: Collection[str]) -> Mapping[str, Span]: ...

    async def follow(self, positions: Mapping[str, int]) -> None:
        """Read these topics, and only these, from these offsets. Call `check` first: this waits in silence for ever
        otherwise."""
        ...

    async def read(self, topics: Collection[str], wait: float) -> Mapping[str, Sequence[Record]]:
        """What has arrived in some of the followed topics, waiting up to `wait` seconds for the first. Raises
        PositionLost."""
        ...

    async def position(self, topic: str) -> int:
        """The offset that the next `read` starts from. It passes what is no record (transaction markers)."""
        ...

    def behind(self) -> int:
        """How many records of the followed topics were not read yet, as far as the broker last told."""
        ...

    async def commit(self, writes: Sequence[Emit]) -> None:
        """Write all, or nothing. After any exception this log must not be used again. Raises Fenced."""
        ...

    async def close(self) -> None: ...
