"""The gate as a process: `python -m services.gate`."""

import gc

import uvloop

from schemas.service import GATE
from services.gate.app import RULES, Gate
from services.gate.scribe import Identity
from services.relay.relay import Options, die, run
from services.relay.types import Stop
from services.runtime import log
from services.runtime.directory_watch import directory_gauges, directory_state
from services.runtime.settings import Settings
from services.runtime.signing import signing


async def main() -> None:
    """Read the directory to its end, then decide until stopped. A directory that can no longer be followed ends it."""
    settings = Settings()
    cluster = settings.cluster()
    async with signing(settings, GATE, die, Stop) as (reader, key, signer):
        gate = Gate(Identity(key, str(cluster.epoch), RULES), reader, cluster.slots, signer=signer)
        await run(
            gate,
            settings.kafka(GATE),
            Options.of(cluster),
            settings.port or None,
            lambda _: directory_state(reader.directory),
            lambda _: directory_gauges(lambda: reader.directory),
        )


if __name__ == "__main__":
    log.configure(GATE)
    gc.set_threshold(50_000, 20, 100)  # records are many, long-lived and without cycles: look less often
    uvloop.run(main())
