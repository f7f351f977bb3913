"""A decider with state, ticks, several inputs and two outputs; so simple that a reader can say what must come out."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.relay.types import Emit, Record, Tick, View

NAME = "spine"
STATE = "spine.state"
INBOX = "spine.inbox"
FACTS = "spine.facts"
RAISES = 211
"""Each message whose number is a multiple of this raises an exception after it has changed the state."""


class Spine:
    """Every output carries numbers from the state: n counts the messages of its key, seq all messages of the slot."""

    name = NAME

    def __init__(self, inputs: Callable[[], frozenset[str]]) -> None:
        self._inputs = inputs

    def inputs(self) -> frozenset[str]:
        return self._inputs()

    def prepare(self, record: Record) -> Any:
        return (record.key or b"").decode(), int((record.value or b"").partition(b" ")[0])

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        key, number = prepared
        decided = self._decided(key, number, view, now)
        if number % RAISES == 0:
            view.put(f"count:{key}:n", b"1000000")
            raise RuntimeError("as told")
        return decided

    def failed(self, record: Record, error: Exception, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        key, number = self.prepare(record)
        return self._decided(key, number, view, now, type(error).__name__)

    def tick(self, tick: Tick, view: View, slot: int) -> Sequence[Emit]:
        body = {"tick": self._next("tick::n", view), "at": tick.at.isoformat()}
        return [Emit(FACTS, b"tick", json.dumps(body).encode())]

    def gap(self, topic: str, lost_from: int, lost_to: int, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        raise AssertionError("nothing is deleted in this run")

    async def refresh(self) -> None: ...

    def _decided(self, key: str, number: int, view: View, now: datetime, failed: str | None = None) -> Sequence[Emit]:
        body = {
            "number": number,
            "n": self._next(f"count:{key}:n", view),
            "seq": self._next("sequence::all", view),
            "failed": failed,
            "at": now.isoformat(),
        }
        value = json.dumps(body).encode()
        return [Emit(INBOX, key.encode(), value), Emit(FACTS, key.encode(), value)]

    def _next(self, name: str, view: View) -> int:
        number = int(view.get(name) or 0) + 1
        view.put(name, b"%d" % number)
        return number


class ForgetfulSpine(Spine):
    """Broken on purpose: keeps its numbers in the process."""

    def __init__(self, inputs: Callable[[], frozenset[str]]) -> None:
        super().__init__(inputs)
        self._numbers: dict[str, int] = {}

    def _next(self, name: str, view: View) -> int:
        self._numbers[name] = self._numbers.get(name, 0) + 1
        return self._numbers[name]
