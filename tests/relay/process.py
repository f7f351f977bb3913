"""A process with a relay in it: python -m tests.relay.process HOME USER NAME CLOCK PORT INPUT...

`slot:N` as PORT runs that slot alone, without the election. A record `exit` ends the process while it is being decided.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from services.relay import relay
from services.relay.types import Emit, View
from services.runtime import log
from services.runtime.settings import Settings
from tests.relay.deciders import Counting


class Dying(Counting):
    """Cannot be saved by catching exceptions."""

    def decide(self, prepared: Any, view: View, now: datetime, slot: int) -> Sequence[Emit]:
        if prepared.value == b"exit":
            os._exit(9)
        return super().decide(prepared, view, now, slot)


async def main(home: str, user: str, name: str, clock: str, port: str, *inputs: str) -> None:
    log.configure(name)
    settings = Settings(home=Path(home))
    cluster = settings.cluster().model_copy(update={"clock": clock})
    decider = Dying(name, *inputs)
    options = relay.Options.of(cluster)
    if port.startswith("slot:"):
        await relay.Relay(decider, settings.kafka(user), options).worker(int(port[5:])).run()
    else:
        await relay.run(decider, settings.kafka(user), options, int(port))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
