"""Fixtures of the edge's tests; what they are made of stands in offices.py."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.organisation.offices import Street, make_home
from tests.organisation.small_gate import SmallGate


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def gate(small_home: Path) -> SmallGate:
    return SmallGate(small_home)


@pytest.fixture
async def street(small_home: Path, gate: SmallGate, tmp_path: Path) -> AsyncIterator[Street]:
    made = Street(small_home, gate, None, tmp_path)
    yield made
    for office in made.open:
        await office.edge.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def any_street(
    request: pytest.FixtureRequest, small_home: Path, gate: SmallGate, tmp_path: Path
) -> AsyncIterator[Street]:
    """The first office that is opened uses the database of the parameter."""
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    made = Street(small_home, gate, url, tmp_path)
    yield made
    for office in made.open:
        await office.edge.engine.dispose()
