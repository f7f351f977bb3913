"""A gate without transactions that writes its state a moment after what it says: python -m tests.chaos.broken_gate.

The moment is long, so that a run of a minute meets it.
"""

import asyncio
from collections.abc import Sequence

from services.gate.__main__ import main
from services.relay import relay
from services.relay.types import Emit
from services.runtime import log
from tests.chaos.engine import Untransacted

MOMENT = 0.5


class InTwoParts(Untransacted):
    """What a process that dies in between has said, its successor says again."""

    async def commit(self, writes: Sequence[Emit]) -> None:
        said = [write for write in writes if write.topic != "gate.state"]
        if said:
            await super().commit(said)
            await asyncio.sleep(MOMENT)
        await super().commit([write for write in writes if write.topic == "gate.state"])


if __name__ == "__main__":
    log.configure("gate")
    setattr(relay, "KafkaLog", InTwoParts)  # noqa: B010 - a fault injected into a module that exports no such name
    asyncio.run(main())
