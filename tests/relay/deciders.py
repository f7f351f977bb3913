"""Small deciders for the tests of the relay."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.relay.types import Emit, Record, Refresh, Stop, Tick, View


class Counting:
    """Numbers the records of each key in the state and sends them on; obeys a few words in the value."""

    def __init__(self, name: str, *inputs: str) -> None:
        self.name = name
        self.topics = frozenset(inputs)
        self.out = f"{name}.out"
        self.refreshed = 0
        self.decided: list[bytes] = []

    def inputs(self) -> frozenset[str]:
        return self.topics

    def prepare(self, record: Record) -> Any:
        if record.value == b"unreadable":
            raise ValueError("cannot be read")
        return record

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        record: Record = prepared
        value = record.value or b""
        self.decided.append(value)
        count = self._count(record, view)
        if value == b"raise":
            raise RuntimeError("a rule went wrong")
        if value == b"stop":
            raise Stop("told to stop")
        if (value == b"refresh" and not self.refreshed) or value == b"refresh for ever":
            raise Refresh
        if value == b"large":
            return [Emit(self.out, b"k", b"x" * 7 * 1024 * 1024)]
        if value == b"large state":
            view.put("count:large:n", b"x" * 70_000)
        if value == b"wrong type":
            return [Emit(self.out, "k", value)]  # type: ignore[arg-type]
        return [self._emit(record.key or b"", {"value": value.decode(), "n": count}, now)]

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        if record.value == b"stop in failed":
            raise ArithmeticError("failed fails")
        return [self._emit(record.key or b"", {"failed": type(error).__name__, "n": self._count(record, view)}, now)]

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        if tick.barrier == "raise":
            view.put("count:tick:n", b"wrong")
            raise RuntimeError("a tick went wrong")
        return [self._emit(b"tick", {"barrier": tick.barrier}, tick.at)]

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        return [self._emit(b"gap", {"topic": topic, "from": lost_from, "to": lost_to}, now)]

    async def refresh(self) -> None:
        self.refreshed += 1

    def _count(self, record: Record, view: View) -> int:
        key = f"count:{(record.key or b'').decode()}:n"
        count = int(view.get(key) or 0) + 1
        view.put(key, b"%d" % count)
        return count

    def _emit(self, key: bytes, body: dict[str, Any], at: datetime) -> Emit:
        value = json.dumps({**body, "at": at.isoformat()}).encode()
        return Emit(self.out, key, value, (("length", b"%d" % len(value)), ("empty", b"")))
