"""`python -m services.organisation.succeeding hand-over|take-over FILE`, for the organisation ESTAFETTE_ORGANISATION.

Beside the running edge: both work on the same database. `estafette organisation` calls it.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from services.organisation import store
from services.organisation import tables as t
from services.organisation.bequest import Heir, NotHandedOver, Testament
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.keys import KeyRing, KeysUnusable, NoKey
from services.runtime.settings import Settings
from services.runtime.sql import database_url, engine_of, reading


async def main(command: str, file: Path, unfinished: bool) -> str:
    """What was done, in a line. Raises NotHandedOver, KeysUnusable, NoKey and OSError."""
    settings = Settings()
    slug = settings.organisation or ""
    cluster = settings.cluster()
    engine = engine_of(database_url(settings.database_url, settings.home, slug))
    reader = DirectoryReader(settings.kafka(slug), load_pins(settings.home / "pins.yaml"))
    try:
        await store.prepare(engine)
        await reader.start()
        directory, epoch = reader.directory, str(cluster.epoch)
        ring = KeyRing.of(settings.home, slug, lambda: directory.revision)
        async with reading(engine) as connection:
            query = sa.select(sa.func.max(t.positions.c.at)).where(t.positions.c.epoch == epoch)
            last = (await connection.execute(query)).scalar()
        now = last if cluster.clock == "simulated" and last is not None else datetime.now(UTC)
        if command == "hand-over":
            testament = Testament(slug, engine, directory, ring.signer(directory, now), ring, now)
            return f"written for {await testament.write(file, unfinished)}: {file}"
        taken = await Heir(slug, epoch, engine, directory, ring, settings.home / "keys" / slug, now).take(file)
        told = ", ".join(f"{count} {table}" for table, count in taken.rows.items() if count) or "nothing new"
        return f"taken over: {told}; {taken.rejected} deliveries did not hold"
    finally:
        await reader.stop()
        await engine.dispose()


if __name__ == "__main__":
    try:
        print(asyncio.run(main(sys.argv[1], Path(sys.argv[2]), "--unfinished" in sys.argv[3:])))  # noqa: T201
    except (NotHandedOver, KeysUnusable, NoKey, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
