"""The database of an edge: its tables are brought to what this program expects at every start."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.organisation import tables as t
from services.runtime.migrating import OtherVersionError, migrate

MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def prepare(engine: AsyncEngine) -> None:
    """Make or change the tables. Raises OtherVersionError."""
    await migrate(engine, MIGRATIONS, t.metadata, _adopted)


def _adopted(connection: sa.Connection) -> str | None:
    """Before steps were counted the version was a row; there was one."""
    if not sa.inspect(connection).has_table("schema_version"):
        return None
    held = connection.execute(sa.select(sa.column("version")).select_from(sa.table("schema_version"))).scalar()
    if held != 1:
        raise OtherVersionError(f"the database is of version {held}, this program knows version 1 and the steps since")
    return "0001"


async def reader_group(connection: AsyncConnection, slug: str) -> str:
    """The consumer group that reads the inbox. A database from a backup is a new group: it reads everything that is
    still in the inbox once more, and what it has already changes nothing."""
    query = sa.select(t.restores.c.id).order_by(t.restores.c.at.desc()).limit(1)
    restored = (await connection.execute(query)).scalar()
    return f"{slug}.edge" if restored is None else f"{slug}.edge.{restored[:8]}"


async def barrier(connection: AsyncConnection, epoch: str, slots: int) -> str | None:
    """The lowest barrier that was passed on every partition; None until each has one."""
    query = sa.select(t.positions.c.barrier_passed).where(t.positions.c.epoch == epoch)
    passed = [each for (each,) in (await connection.execute(query)).all() if each is not None]
    return min(passed) if len(passed) == slots else None
