"""Oversight as a process: `python -m services.oversight`."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from schemas.service import OVERSIGHT
from services.oversight.app import Oversight
from services.oversight.rules.calendar import Calendar, YearNotConfigured
from services.oversight.watching import Watching
from services.relay.relay import EX_CONFIG, Options, die, run
from services.relay.types import Stop
from services.runtime import log
from services.runtime.directory import Directory, DirectoryReader, load_pins
from services.runtime.jose import SigningKey
from services.runtime.keys import KeyRing, NoKey
from services.runtime.settings import Settings

AHEAD = timedelta(days=60)
"""Terms that open today may end this far on: the days off of that year must be known too."""


async def main() -> None:
    """Watch until stopped."""
    settings = Settings()
    cluster = settings.cluster()
    calendar = Calendar()
    if cluster.clock == "real":
        today = datetime.now(UTC)
        calendar.require(today.year, (today + AHEAD).year)
    kafka = settings.kafka(OVERSIGHT)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    following = asyncio.create_task(reader.followed())
    following.add_done_callback(_ended)
    ring = KeyRing.of(settings.home, OVERSIGHT, lambda: reader.directory.revision)
    signer = partial(_signer, ring, reader.directory)
    oversight = Oversight(next(iter(ring.signing.values())), calendar, signer)
    options = Options.of(cluster, ticks=False)
    watching = Watching(oversight, cluster.clock == "real")
    await run(
        oversight,
        kafka,
        options,
        settings.port or None,
        watching.health,
        lambda relay: partial(watching.gauges, relay),
        watching.keep_looking,
    )
    await reader.stop()


def _signer(ring: KeyRing, directory: Directory, at: datetime) -> SigningKey:
    """Oversight's newest key in use. Without one it stops: the gate would refuse its alerts."""
    try:
        return ring.signer(directory, at)
    except NoKey as error:
        raise Stop(str(error)) from None


def _ended(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and (error := following.exception()) is not None:
        die(error)


if __name__ == "__main__":
    log.configure(OVERSIGHT)
    try:
        asyncio.run(main())
    except YearNotConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EX_CONFIG)
