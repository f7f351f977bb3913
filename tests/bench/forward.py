"""A plain forward with Faust: python -m tests.bench.forward HOME.

At least once: what is read is sent on, and acknowledged when the broker has it. No state, no checks.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from services.runtime import log
from services.runtime.faust_app import Incoming, faust_app, read_topics, run
from services.runtime.settings import Settings

NAME = "faust"


async def main(home: Path) -> None:
    log.configure(NAME)
    app = faust_app(f"{NAME}.forward", Settings(home=home).kafka("admin"))
    inbox = app.topic(f"{NAME}.inbox", key_serializer="raw", value_serializer="raw")

    async def forward(records: Sequence[Incoming]) -> None:
        sent = [
            await inbox.send(key=each.key, value=each.value, partition=each.partition, headers=list(each.headers))
            for each in records
        ]
        await asyncio.gather(*sent)

    read_topics(app, "forward", [f"{NAME}.outbox"], forward)
    await run(app)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
