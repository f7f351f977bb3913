"""The database of an edge: made on the first start, never touched when it is of another version."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.organisation import tables as t


class OtherVersionError(Exception):
    """The database was made by another version of this program."""


async def prepare(engine: AsyncEngine) -> None:
    """Make the tables, or check that they are of this version. Raises OtherVersionError."""
    async with engine.begin() as connection:
        await connection.run_sync(t.metadata.create_all)
        found = (await connection.execute(sa.select(t.schema_version.c.version))).scalar()
        if found is None:
            await connection.execute(sa.insert(t.schema_version).values(id=1, version=t.VERSION))
        elif found != t.VERSION:
            raise OtherVersionError(f"the database is of version {found}, this program of version {t.VERSION}")


async def barrier(connection: AsyncConnection, epoch: str, slots: int) -> str | None:
    """The lowest barrier that was passed on every partition; None until each has one."""
    query = sa.select(t.positions.c.barrier_passed).where(t.positions.c.epoch == epoch)
    passed = [each for (each,) in (await connection.execute(query)).all() if each is not None]
    return min(passed) if len(passed) == slots else None
