"""What a decider gets from the relay and gives back to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Record(NamedTuple):
    """One record of an input, as read from Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def __repr__(self) -> str:
        """Where it stands, never what it says."""
        return f"Record({self.topic}-{self.partition}@{self.offset})"


class Emit(NamedTuple):
    """One record to write, always to the partition whose number is the slot's. `value` None deletes in a compacted
    topic."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    def __repr__(self) -> str:
        return f"Emit({self.topic})"


class Tick(NamedTuple):
    """Time has come to `at` (aware, UTC), and all that was sent before has been decided."""

    at: datetime
    barrier: str | None


class View(Protocol):
    """The slot's state with the changes of the running batch. Keys are `<kind>:<group>:<id>`; the relay keeps four
    kinds itself."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...

    def delete(self, key: str) -> None: ...

    def group(self, group: str) -> Mapping[str, bytes]:
        """All live records of a group (a case) by their full key. To be read only, and before the next change."""
        ...

    def group_names(self) -> frozenset[str]:
        """Every group that has a record, or had one when this batch began: of the whole slot."""
        ...


class Refresh(Exception):
    """Raised in prepare or decide: what the decider knows of the world may be old. The relay drops the record's
    changes, awaits `refresh` and decides the record once more; a second Refresh counts as a failure."""


class Stop(Exception):
    """Raised by a decider: this slot must not go on. It stays up as not ready, with this text as the reason (no
    content in it)."""


class TooLarge(Exception):
    """What was to be written is larger than Kafka or the state takes. The text holds topic and sizes only."""


class KilledProcess(Exception):
    """Deciding this record ended the process again and again; it was not decided any more."""


class Decider(Protocol):
    """A pure function over a slot's state, and what surrounds it. Times are aware and UTC.

    `now` is the decision time: the same for a whole transaction, never lower than the slot's previous one. A decider
    that runs without ticks gets relay.clock.NO_TIME instead and takes its time from its records.
    """

    name: str
    """Transactional id `<name>-<slot>`, state topic `<name>.state`, group `<name>.slots`."""

    def inputs(self) -> frozenset[str]:
        """Topics to read; may grow while running."""
        ...

    def prepare(self, record: Record) -> Any:
        """Verify and parse, without state. An exception here counts as one in `decide`."""
        ...

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]: ...

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """Instead of decide, after an exception in it (its changes are dropped), TooLarge, or KilledProcess. A failed
        tick comes as a record of topic `clock`. An exception here ends the process."""
        ...

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]: ...

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        """Offsets from `lost_from` up to, not including, `lost_to` were deleted before this slot read them. May raise
        Stop."""
        ...

    async def refresh(self) -> None: ...
