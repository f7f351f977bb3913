"""The state records that the relay keeps itself, beside those of its decider."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

from services.relay.state import State

TIME = "time::now"
BIRTH = "cluster::birth"
SUSPECT = "suspect::"
ALIVE = "time::alive"
"""Written when there is nothing else to write, to know that writing is possible."""


def position_key(topic: str) -> str:
    return f"position::{topic}"


def state_topic(name: str) -> str:
    return f"{name}.state"


def position(state: State, topic: str) -> int:
    """Where reading a topic goes on: 0 when it was never read."""
    return int(state.get(position_key(topic)) or 0)


def last_time(state: State) -> datetime | None:
    stored = state.get(TIME)
    return None if stored is None else datetime.fromisoformat(stored.decode()).astimezone(UTC)


class Birth(NamedTuple):
    """What is fixed for ever when a cluster is made, kept in every slot's state."""

    epoch: str
    clock: str
    slots: int

    def to_bytes(self) -> bytes:
        return json.dumps(self._asdict()).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Birth":
        return cls(**json.loads(stored))


def other_birth(stored: bytes | None, wanted: Birth, topic: str) -> str:
    """Why this state is not for this cluster, in words for an operator."""
    if stored is None:
        return f"{topic} holds records but no birth: it was not written by this engine"
    return f"{topic} was born as {Birth.from_bytes(stored)}, but the settings say {wanted}; a birth cannot be changed"
