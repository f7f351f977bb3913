"""The database of an edge or a view: SQLite by default, PostgreSQL in production, one behaviour.

SQLite gives read-then-write transactions only when each takes the write lock at its beginning; without that, two of
them read the same value and one change is lost without an error.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_MILLISECONDS = 10_000
"""How long a transaction on SQLite waits for another process that writes."""

READ_ONLY = "estafette_read_only"
"""Execution option of a connection that will not write."""

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
"""JSON of the database's own kind."""


class Utc(sa.TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite itself would drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def database_url(url: str | None, home: Path, slug: str) -> str:
    """The configured address, or `<home>/db/<slug>.db`. The folder is made."""
    if url is not None:
        return url
    folder = home / "db"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite+aiosqlite:///{folder / slug}.db"


def engine_of(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite://...` or `postgresql+asyncpg://...`; `postgresql://` is taken as the latter."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, hide_parameters=True, pool_pre_ping=url.startswith("postgresql"))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", _prepare)
        sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and ends transactions, not the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=wal",
        "synchronous=full",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "foreign_keys=on",
        "secure_delete=on",  # what is deleted is overwritten
    ):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextlib.asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that only reads: it waits for no writer and keeps none waiting."""
    async with engine.connect() as connection:
        yield await connection.execution_options(**{READ_ONLY: True})


def insert_into(connection: AsyncConnection, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, for the dialect of this connection."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


async def insert_new(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]
) -> int:
    """Insert the rows whose key is not there yet; how many those were. Rows that are there stay as they are."""
    values = [rows] if isinstance(rows, Mapping) else list(rows)
    if not values:
        return 0
    key = list(table.primary_key.columns)
    statement = insert_into(connection, table).on_conflict_do_nothing(index_elements=key).returning(*key)
    return len((await connection.execute(statement, values)).all())


async def upsert(
    connection: AsyncConnection, table: sa.Table, row: Mapping[str, Any], newer: sa.Column[Any] | None = None
) -> bool:
    """Insert a row or replace what it names. With `newer`, only where the new value of that column is not lower than
    the old one. True when the row was written."""
    key = list(table.primary_key.columns)
    names = {column.name for column in key}
    statement = insert_into(connection, table).values(**row)
    changes = {name: statement.excluded[name] for name in row if name not in names}
    where = None if newer is None else statement.excluded[newer.name] >= newer
    statement = statement.on_conflict_do_update(index_elements=key, set_=changes, where=where).returning(*key)
    return (await connection.execute(statement)).first() is not None


async def check_writable(engine: AsyncEngine) -> None:
    """Raises sqlalchemy.exc.SQLAlchemyError when the database cannot be reached or takes no write now."""
    async with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            state = await connection.execute(sa.text("show transaction_read_only"))
            if state.scalar_one() == "on":
                raise sa.exc.OperationalError("read only", None, Exception("read only"))
        else:
            await connection.execute(sa.text("pragma user_version"))


async def compact(engine: AsyncEngine) -> None:
    """Write the database anew, so that nothing is left in it of what was deleted before. Others wait meanwhile.

    PostgreSQL's write-ahead log keeps old pages until it is recycled, and archived copies of it until they expire.
    """
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            sqlite: Any = (await connection.get_raw_connection()).driver_connection
            for statement in ("vacuum", "pragma wal_checkpoint(truncate)"):
                await (await sqlite.execute(statement)).close()
            return
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(sa.text("vacuum full"))
