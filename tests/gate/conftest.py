"""What the tests of the gate share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.directory import Deployment, init
from schemas.parties import Professional
from tests.gate.bench import WORKER, GateBench


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("gate-home")
    init(home, Deployment.load())
    return home


@pytest.fixture
def bench(demo_home: Path) -> Iterator[GateBench]:
    yield GateBench(demo_home)


@pytest.fixture
def worker() -> Professional:
    """A registered professional, trained in safety."""
    return WORKER
