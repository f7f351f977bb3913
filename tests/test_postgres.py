"""The throw-away PostgreSQL of the tests."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.mark.postgres
async def test_the_throw_away_postgresql_answers(postgres: str) -> None:
    """Edges and views run on it in production, so the tests do too."""
    engine = create_async_engine(postgres)
    try:
        async with engine.connect() as connection:
            assert (await connection.execute(text("select 1"))).scalar_one() == 1
    finally:
        await engine.dispose()
