"""Finding the record that kills the process each time it is decided.

A death leaves no word, so each start of a slot writes down where every input stood. An input that stood at the same
position at three deaths is suspect: its next records are decided one by one, each announced in the state before. The
record under which the process then dies twice is the killer. Twice, because a broker that fails or a machine that is
switched off just then kills too, and no innocent message may be refused for that.
"""

import json
from collections.abc import Mapping
from typing import Any

DEATHS = 3
TRIES = 2


class Suspects:
    """The counts of one slot. `positions`: where its inputs stand at this start."""

    def __init__(self, stored: bytes | None, positions: Mapping[str, int], span: int) -> None:
        """`stored` is what the previous owner left, None after an orderly end; `span`: the most offsets one batch can
        cover."""
        before: dict[str, Any] = json.loads(stored) if stored else {}
        stood: dict[str, int] = before.get("positions", {})
        counted: dict[str, int] = before.get("deaths", {})
        self._positions = dict(positions)
        self._deaths = {
            topic: (counted.get(topic, 0) if stood.get(topic) == position else 0) + 1
            for topic, position in positions.items()
            if stored and topic in stood
        }
        self._trying: tuple[str, int] | None = None
        self._tries = 0
        if before.get("trying"):
            self._take_up(*before["trying"])
        self._until = {topic: positions[topic] + span for topic, deaths in self._deaths.items() if deaths >= DEATHS}

    def _take_up(self, topic: str, offset: int, tries: int) -> None:
        """The record that was being tried when the process died is still the first to look at."""
        if self._positions.get(topic, offset + 1) <= offset:
            self._trying, self._tries = (topic, offset), tries
            self._deaths[topic] = max(DEATHS, self._deaths.get(topic, 0))

    def careful(self, topic: str, offset: int) -> bool:
        """Whether this record must be decided alone."""
        return offset < self._until.get(topic, -1)

    def topics(self) -> frozenset[str]:
        return frozenset(self._until)

    def killer(self, topic: str, offset: int) -> bool:
        return self._trying == (topic, offset) and self._tries >= TRIES

    def announce(self, topic: str, offset: int) -> bytes:
        """The state record to write before this record is decided."""
        self._tries = self._tries + 1 if self._trying == (topic, offset) else 1
        self._trying = (topic, offset)
        return self.stored()

    def passed(self, topic: str, offset: int) -> None:
        """This record was decided and committed."""
        if offset + 1 >= self._until.get(topic, 0):
            self._until.pop(topic, None)

    def stored(self) -> bytes:
        """The state record to write at the start."""
        trying = [*self._trying, self._tries] if self._trying else None
        return json.dumps({"positions": self._positions, "deaths": self._deaths, "trying": trying}).encode()
