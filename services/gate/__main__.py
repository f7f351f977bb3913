"""The gate as a process: `python -m services.gate`."""

import asyncio
import gc
from datetime import datetime
from functools import partial

from schemas.service import GATE
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.relay import Options, die, run
from services.relay.types import Stop
from services.runtime import log
from services.runtime.directory import Directory, DirectoryReader, load_pins
from services.runtime.directory_watch import directory_gauges, directory_state
from services.runtime.jose import SigningKey
from services.runtime.keys import KeyRing, NoKey
from services.runtime.settings import Settings


async def main() -> None:
    """Read the directory to its end, then decide until stopped. A directory that can no longer be followed ends it."""
    settings = Settings()
    cluster, kafka = settings.cluster(), settings.kafka(GATE)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    following = asyncio.create_task(reader.followed())
    following.add_done_callback(_ended)
    ring = KeyRing.of(settings.home, GATE, lambda: reader.directory.revision)
    signer = partial(_signer, ring, reader.directory)
    identity = Identity(next(iter(ring.signing.values())), str(cluster.epoch), RULES)
    gate = Gate(identity, reader, cluster.slots, signer=signer)
    await run(
        gate,
        kafka,
        Options.of(cluster),
        settings.port or None,
        lambda _: directory_state(reader.directory),
        lambda _: directory_gauges(lambda: reader.directory),
    )
    await reader.stop()


def _signer(ring: KeyRing, directory: Directory, at: datetime) -> SigningKey:
    """The gate's newest key in use. Without one it stops: nobody would believe its seals."""
    try:
        return ring.signer(directory, at)
    except NoKey as error:
        raise Stop(str(error)) from None


def _ended(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and (error := following.exception()) is not None:
        die(error)


if __name__ == "__main__":
    log.configure(GATE)
    gc.set_threshold(50_000, 20, 100)  # records are many, long-lived and without cycles: look less often
    asyncio.run(main())
