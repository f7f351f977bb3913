"""One transaction in the making: decides records and ticks on a view of the slot's state and gathers what is to be
written."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.relay.own import position_key
from services.relay.state import BatchView, Change, State
from services.relay.types import Decider, Emit, Record, Refresh, Stop, Tick, TooLarge

_OVERHEAD = 128
"""An upper bound, in bytes, of what Kafka adds to a record that is alone in its batch (61 for the batch, varints,
length fields)."""


class Limits(NamedTuple):
    """What one transaction may hold. A batch is closed when it reaches `records`, `bytes_in` or `bytes_out`."""

    records: int = 500
    bytes_in: int = 8 * 1024 * 1024
    bytes_out: int = 16 * 1024 * 1024
    record_bytes: int = 6 * 1024 * 1024
    """Largest record to write, with all that Kafka adds: the brokers' message.max.bytes."""
    state_bytes: int = 64 * 1024
    """Largest value of a state record."""


class Batch:
    """`now`: the decision time of the whole transaction."""

    def __init__(self, decider: Decider, state: State, slot: int, now: datetime, limits: Limits) -> None:
        self._decider = decider
        self._slot = slot
        self._limits = limits
        self._emits: list[Emit] = []
        self._own: dict[str, Change] = {}
        self._size = 0
        self.now = now
        self.view = BatchView(state)
        self.records = 0
        self.failures: list[tuple[Record, Exception]] = []

    def __bool__(self) -> bool:
        return bool(self._own)

    def full(self) -> bool:
        return self._size >= self._limits.bytes_out

    async def decide(self, record: Record) -> None:
        """Decide a record; what it raises goes to the decider's `failed`. Raises Stop, and whatever `failed` raises."""
        error = await self._attempt(record)
        if error is not None:
            self.fail(record, error)
        self.records += 1
        self.read(record.topic, record.offset + 1)

    def fail(self, record: Record, error: Exception) -> None:
        """Have a record handled without deciding it."""
        self.failures.append((record, error))
        self._take(lambda: self._decider.failed(record, error, self.view, self.now, self._slot))

    def tick(self, tick: Tick, record: Record) -> None:
        """Give a tick; `record` stands for it when that fails."""
        try:
            self._take(lambda: self._decider.tick(tick, self.view, self._slot))
        except Stop:
            raise
        except Exception as error:  # whatever a decider raises
            self.view.drop()
            self.fail(record, error)

    def gap(self, topic: str, lost_from: int, lost_to: int) -> None:
        self._take(lambda: self._decider.gap(topic, lost_from, lost_to, self.view, self.now, self._slot))
        self.read(topic, lost_to)

    def read(self, topic: str, position: int) -> None:
        """The next offset to read of a topic, once this batch is written."""
        self._own[position_key(topic)] = b"%d" % position

    def keep(self, key: str, value: Change) -> None:
        """A state record of the relay's own."""
        self._own[key] = value

    def changes(self) -> dict[str, Change]:
        """All state records to write."""
        return {**self.view.changes(), **self._own}

    def emits(self) -> list[Emit]:
        return self._emits

    async def _attempt(self, record: Record) -> Exception | None:
        for again in (False, True):
            try:
                self._take(lambda: self._decide(record))
            except Stop:
                raise
            except Refresh as refresh:
                self.view.drop()
                if again:
                    return refresh
            except Exception as error:  # whatever a decider raises
                self.view.drop()
                return error
            else:
                return None
            await self._decider.refresh()
        raise AssertionError("unreachable")

    def _decide(self, record: Record) -> Sequence[Emit]:
        return self._decider.decide(self._decider.prepare(record), self.view, self.now, self._slot)

    def _take(self, make: Callable[[], Sequence[Emit]]) -> None:
        """Take over what a decider emits and changes, if Kafka can hold it."""
        emits = [_checked(emit) for emit in make()]
        size = sum(self._fits(emit) for emit in emits)
        for key, value in self.view.pending():
            if value is not None and len(value) > self._limits.state_bytes:
                raise TooLarge(f"state record of {len(value)} bytes, kind {key.partition(':')[0]}")
            size += len(value or b"")
        self.view.keep()
        self._emits += emits
        self._size += size

    def _fits(self, emit: Emit) -> int:
        size = _OVERHEAD + len(emit.key) + len(emit.value or b"")
        for name, value in emit.headers:
            size += 10 + 4 * len(name) + len(value)
        if size > self._limits.record_bytes:
            raise TooLarge(f"record of {size} bytes for {emit.topic}, {self._limits.record_bytes} fit")
        return size


def _checked(emit: Emit) -> Emit:
    """What Kafka's client would refuse only inside the transaction. Raises TypeError."""
    topic, key, value, headers = emit
    if not (isinstance(topic, str) and isinstance(key, bytes) and (value is None or isinstance(value, bytes))):
        raise TypeError("an Emit is topic: str, key: bytes, value: bytes or None")
    for name, content in headers:
        if not (isinstance(name, str) and isinstance(content, bytes)):
            raise TypeError("headers are pairs of str and bytes")
    return emit
