"""Every invariant holds after every step of every story that is told."""

import pytest

from tests.invariants.stories import STORIES
from tests.invariants.talk import Talk
from tests.invariants.watchers import WATCHERS
from tests.invariants.world import World


@pytest.mark.parametrize("number", sorted(WATCHERS))
@pytest.mark.parametrize("name", sorted(STORIES))
def test_it_holds_in(name: str, number: str) -> None:
    """The story is told to its end; a watcher looks at each step."""
    talk = Talk(World())
    watcher = WATCHERS[number](talk)
    STORIES[name](talk)
    watcher.end()
