"""A small scenario as text, and ways to change it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.directory import Deployment
from services.cli.play.reading import BadScenario, load
from services.cli.play.scenario import Scenario

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    return Deployment.load()


@pytest.fixture(scope="session")
def small() -> str:
    """The complete example of the page for writers."""
    found = re.search(r"```yaml\n(.*?)```", (DOCS / "scenarios.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def read(small: str, deployment: Deployment, tmp_path: Path) -> Callable[..., Scenario]:
    """Reads the example with parts of its text replaced."""

    def reader(*changes: tuple[str, str]) -> Scenario:
        text = small
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "story.yaml"
        file.write_text(text)
        return load(file, deployment)

    return reader


@pytest.fixture
def faults(read: Callable[..., Scenario]) -> Callable[..., str]:
    """What is said about the example with parts of its text replaced."""

    def reader(*changes: tuple[str, str]) -> str:
        with pytest.raises(BadScenario) as raised:
            read(*changes)
        return str(raised.value)

    return reader
