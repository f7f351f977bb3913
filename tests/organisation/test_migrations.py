"""The tables of an edge and of the ledger: made from nothing, and brought along from what was there before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ledger import store as ledger
from services.organisation import store as edge
from services.organisation import tables
from services.runtime import migrating
from services.runtime.migrating import OtherVersionError, drift, steps
from services.runtime.sql import engine_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
EPOCH, ALERT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@dataclass(frozen=True)
class Store:
    """A service's tables: where its steps are, how it starts, and the row that told its version before."""

    folder: Path
    metadata: sa.MetaData
    prepare: Callable[[AsyncEngine], Awaitable[Any]]
    version: str

    async def before_steps(self, engine: AsyncEngine, version: int = 1) -> None:
        """Leave the database as the program made it before steps were counted, with one alert in it."""

        def first(connection: sa.Connection) -> None:
            command.upgrade(migrating._config(self.folder, connection, self.metadata), "0001")
            connection.execute(sa.text("drop table alembic_version"))
            connection.execute(sa.text(self.version.format(version)))

        async with engine.begin() as connection:
            await connection.run_sync(first)
            await self.alert(connection)

    async def alert(self, connection: AsyncConnection) -> None:
        held = await connection.run_sync(lambda sync: sa.Table("alerts", sa.MetaData(), autoload_with=sync))
        row = {"alert": ALERT, "subject": "case:x", "case": "case:x", "code": "NO_OVERSIGHT", "at": AT, "state": "open"}
        row |= {"slot_seq": 1, "epoch": EPOCH, "offset": 1, "responsible": ["team-a"], "addressees": []}
        await connection.execute(sa.insert(held).values({k: v for k, v in row.items() if k in held.c}))
        if "epoch" in held.c:  # the ledger's is referred to: a table made anew must not lose or break that
            told = {"epoch": EPOCH, "alert": ALERT, "organisation": "team-a"}
            await connection.execute(sa.insert(ledger.alert_organisations).values(**told))


STORES = {
    "edge": Store(edge.MIGRATIONS, tables.metadata, edge.prepare, "insert into schema_version values (1, {})"),
    "ledger": Store(
        ledger.MIGRATIONS, ledger.metadata, ledger.prepare, "insert into meta values ('version', '{}'), ('id', 'abc')"
    ),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    sqlite = request.param == "sqlite"
    made = engine_of(f"sqlite+aiosqlite:///{tmp_path}/a.db" if sqlite else request.getfixturevalue("postgres"))
    yield made
    await made.dispose()


async def test_an_empty_database_gets_the_tables_the_program_uses(store: Store, engine: AsyncEngine) -> None:
    """Step by step, with the same result as the table definitions; a second start changes nothing."""
    await store.prepare(engine)
    assert await drift(engine, store.folder, store.metadata) is None
    await store.prepare(engine)
    async with engine.connect() as connection:
        held = (await connection.execute(sa.text("select version_num from alembic_version"))).scalars().all()
    assert held == [steps(store.folder)[-1]]


async def test_a_database_from_before_the_steps_is_brought_along(store: Store, engine: AsyncEngine) -> None:
    """With what it held, and with what refers to it."""
    await store.before_steps(engine)
    await store.prepare(engine)
    assert await drift(engine, store.folder, store.metadata) is None
    alerts = store.metadata.tables["alerts"]
    async with engine.connect() as connection:
        row = (await connection.execute(sa.select(alerts))).mappings().one()
        assert (row["alert"], row["at"], row["responsible"]) == (ALERT, AT, ["team-a"])
        if store is STORES["ledger"]:
            told = (await connection.execute(sa.select(ledger.alert_organisations))).mappings().one()
            assert told["alert"] == ALERT
        if connection.dialect.name == "sqlite":
            assert (await connection.execute(sa.text("pragma foreign_keys"))).scalar() == 1
    if store is STORES["ledger"]:
        assert await ledger.prepare(engine) == "abc"  # the read model is the same one, and reads on where it was


async def test_a_newer_database_is_not_touched(store: Store, engine: AsyncEngine) -> None:
    """The program says at which step the database stands, and what to do; nothing in it has changed."""
    await store.prepare(engine)
    async with engine.begin() as connection:
        await connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(OtherVersionError, match=r"step 9999.*backup"):
        await store.prepare(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(sa.text("select version_num from alembic_version"))).scalar() == "9999"


async def test_a_version_nobody_knows_is_refused(store: Store, engine: AsyncEngine) -> None:
    """Also in the form from before the steps."""
    await store.before_steps(engine, version=7)
    with pytest.raises(OtherVersionError, match="version 7"):
        await store.prepare(engine)


async def test_a_step_that_fails_leaves_the_database_as_it_was(
    store: Store, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction."""
    await store.before_steps(engine)
    upgrade = command.upgrade

    def breaks(*arguments: Any) -> None:
        upgrade(*arguments)
        raise ConnectionError

    monkeypatch.setattr(command, "upgrade", breaks)
    with pytest.raises(ConnectionError):
        await store.prepare(engine)
    async with engine.connect() as connection:
        held = await connection.run_sync(lambda sync: sa.inspect(sync).get_columns("alerts"))
        tables_now = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert store is STORES["ledger"] or "until" in {column["name"] for column in held}
    assert "alembic_version" not in tables_now


async def test_a_step_that_breaks_a_reference_is_undone(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table made anew without rows that others refer to: the database stays as it was."""
    store, upgrade = STORES["ledger"], command.upgrade
    await store.before_steps(engine)

    def loses(config: Any, *arguments: Any) -> None:
        upgrade(config, *arguments)
        config.attributes["connection"].execute(sa.text("delete from alerts"))

    monkeypatch.setattr(command, "upgrade", loses)
    with pytest.raises(sa.exc.IntegrityError):
        await store.prepare(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(sa.text("select count(*) from alerts"))).scalar() == 1
        assert (await connection.execute(sa.text("select count(*) from alert_organisations"))).scalar() == 1
