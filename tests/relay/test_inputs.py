"""Topics take turns, whichever stands first: a flood in one leaves the others their share."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from services.relay.inputs import Inputs
from services.relay.log import SlotLog
from services.relay.types import Record


class Full:
    """A log in which everything asked for is there."""

    async def follow(self, positions: Mapping[str, int]) -> None:
        pass

    async def read(self, topics: Any, wait: float) -> dict[str, list[Record]]:
        return {topic: [Record(topic, 0, n, None, b"", ()) for n in range(3)] for topic in topics}


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
async def test_topics_take_turns(order: tuple[str, str]) -> None:
    inputs = Inputs(cast(SlotLog, Full()), None)
    await inputs.follow(dict.fromkeys(order, 0))
    await inputs.fill(0.0)
    taken = []
    while (head := inputs.head()) is not None:
        inputs.take(head)
        taken.append(head.topic)
    assert taken == [*order] * 3
