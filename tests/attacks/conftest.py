"""An edge to attack: behind a real HTTP server, and in this process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.organisation import access, api
from services.runtime import guard
from services.runtime.guard import PatientProtocol
from tests.attacks.served import VT, Served, served
from tests.organisation.offices import Office, Street, make_home
from tests.organisation.small_gate import SmallGate


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An edge that is asked more often in these tests than it would bear, and waits less long."""
    with pytest.MonkeyPatch.context() as patch, served_with(patch, tmp_path_factory.mktemp("edge")) as made:
        yield made


def served_with(patch: pytest.MonkeyPatch, folder: Path) -> Any:
    for name in ("PERSON_PER_SECOND", "PERSON_BURST"):
        patch.setattr(access, name, 1_000_000)
    for name in ("ADDRESS_PER_SECOND", "ADDRESS_BURST"):
        patch.setattr(api, name, 1_000_000)
    patch.setattr(guard, "BODY_SECONDS", 4.0)
    patch.setattr(PatientProtocol, "patience", 4.0)
    return served(VT, folder)


@pytest.fixture
def client(edge: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=edge.url, timeout=60, trust_env=False) as made:
        yield made


@pytest.fixture
async def vt(tmp_path: Path) -> AsyncIterator[Office]:
    """An edge in this process, with the limits it has in earnest."""
    home = make_home(tmp_path / "home")
    made = await Street(home, SmallGate(home), None, tmp_path).office(VT)
    yield made
    await made.edge.engine.dispose()
