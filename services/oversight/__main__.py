"""Oversight as a process: `python -m services.oversight`."""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial

import uvloop

from schemas.days import dutch_day
from schemas.service import OVERSIGHT
from services.oversight.app import Oversight
from services.oversight.rules.calendar import Calendar, YearNotConfigured
from services.oversight.watching import Watching
from services.relay.relay import EX_CONFIG, Options, die, run
from services.relay.types import Stop
from services.runtime import log
from services.runtime.decrees import NotDecreed, decrees_of
from services.runtime.settings import Settings
from services.runtime.signing import signing

AHEAD = timedelta(days=60)
"""Terms that open today may end this far on: the days off of that year must be known too."""


async def main() -> None:
    """Watch until stopped."""
    settings = Settings()
    cluster = settings.cluster()
    calendar = Calendar(later=decrees_of(settings.home))
    if cluster.clock == "real":
        today = datetime.now(UTC)
        calendar.as_known(dutch_day(today)).require(today.year, (today + AHEAD).year)
    async with signing(settings, OVERSIGHT, die, Stop) as (_, key, signer):
        oversight = Oversight(key, calendar, signer)
        watching = Watching(oversight, cluster.clock == "real")
        await run(
            oversight,
            settings.kafka(OVERSIGHT),
            Options.of(cluster, ticks=False),
            settings.port or None,
            watching.health,
            lambda relay: partial(watching.gauges, relay),
            watching.keep_looking,
        )


if __name__ == "__main__":
    log.configure(OVERSIGHT)
    try:
        uvloop.run(main())
    except (YearNotConfigured, NotDecreed) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EX_CONFIG)
