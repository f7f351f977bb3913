"""The gate as a process: `python -m services.gate`."""

import asyncio
import gc

from schemas.service import GATE
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.relay import Options, die, run
from services.runtime import log
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.directory_watch import directory_alarms, directory_gauges
from services.runtime.jose import SigningKey
from services.runtime.settings import Settings


async def main() -> None:
    """Read the directory to its end, then decide until stopped. A directory that can no longer be followed ends it."""
    settings = Settings()
    cluster, kafka = settings.cluster(), settings.kafka(GATE)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    following = asyncio.create_task(reader.followed())
    following.add_done_callback(_ended)
    key = SigningKey.from_file(settings.home / "keys" / GATE / "signing.jwk")
    gate = Gate(Identity(key, str(cluster.epoch), RULES), reader, cluster.slots)
    await run(
        gate,
        kafka,
        Options.of(cluster),
        settings.port or None,
        lambda _: {"alarms": directory_alarms(reader.directory)},
        lambda _: directory_gauges(lambda: reader.directory),
    )
    await reader.stop()


def _ended(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and (error := following.exception()) is not None:
        die(error)


if __name__ == "__main__":
    log.configure(GATE)
    gc.set_threshold(50_000, 20, 100)  # records are many, long-lived and without cycles: look less often
    asyncio.run(main())
