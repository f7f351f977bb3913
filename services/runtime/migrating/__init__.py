"""Brings the tables of a service to what its program expects, step by step, in one transaction.

Each step is a file in the service's folder `migrations`; alembic runs them and keeps in the database which was last.
There is no way back: a database that was stepped up is restored from a backup, not stepped down.
"""

import contextlib
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LOCK: Final = 0x6573746166657474
"""Number of the lock that lets one process at a time step up a PostgreSQL database (the text `estafett`). SQLite's
transactions are alone anyway."""

VERSION_TABLE: Final = "alembic_version"
Adopt = Callable[[sa.Connection], str | None]
"""The step at which a database stands that was made before steps were counted; None for an empty one."""


class OtherVersionError(Exception):
    """The database was made by a version of this program that this one knows nothing of. It was not touched."""


async def migrate(engine: AsyncEngine, folder: Path, metadata: sa.MetaData, adopt: Adopt) -> None:
    """Take the steps that are missing. Raises OtherVersionError when the database is newer than this program."""
    async with _alone(engine) as connection:
        await connection.run_sync(lambda sync: _migrate(sync, folder, metadata, adopt))


async def drift(engine: AsyncEngine, folder: Path, metadata: sa.MetaData) -> str | None:
    """What the database has otherwise than the tables of the program say; None when they agree."""
    async with engine.begin() as connection:
        return await connection.run_sync(lambda sync: _drift(sync, folder, metadata))


def steps(folder: Path) -> tuple[str, ...]:
    """The steps of a service, the oldest first."""
    scripts = ScriptDirectory.from_config(_config(folder))
    return tuple(step.revision for step in scripts.walk_revisions())[::-1]


@contextlib.asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction in which a table that others refer to can be made anew: on SQLite references are checked at its
    end instead of at every statement, which can only be asked for before it begins."""
    async with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            async with connection.begin():
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
                yield connection
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("pragma foreign_keys=off")
        try:
            async with connection.begin():
                yield connection
                broken = (await connection.exec_driver_sql("pragma foreign_key_check")).all()
                if broken:
                    raise sa.exc.IntegrityError(f"{len(broken)} references broken by a step", None, Exception("step"))
        finally:
            await driver.execute("pragma foreign_keys=on")


def _migrate(connection: sa.Connection, folder: Path, metadata: sa.MetaData, adopt: Adopt) -> None:
    config = _config(folder, connection, metadata)
    held = _held(connection)
    if held is None and (held := adopt(connection)) is not None:
        command.stamp(config, held)
    known = steps(folder)
    if held is not None and held not in known:
        raise OtherVersionError(
            f"the database stands at step {held}; this program knows the steps up to {known[-1]}. "
            "Start the newer program again, or give this one a backup from before that step."
        )
    command.upgrade(config, "head")


def _drift(connection: sa.Connection, folder: Path, metadata: sa.MetaData) -> str | None:
    try:
        command.check(_config(folder, connection, metadata))
    except CommandError as different:
        return str(different)
    return None


def _held(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))).scalar()


def _config(folder: Path, connection: sa.Connection | None = None, metadata: sa.MetaData | None = None) -> Config:
    config = Config(stdout=io.StringIO())  # its words are for a terminal
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, metadata=metadata)
    return config
