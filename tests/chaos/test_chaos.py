"""A short storm over the spine; the long one is `make chaos`."""

import pytest

from tests.chaos.run import put_under_fire
from tests.chaos.spine_scene import SpineScene

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(400)]


def test_nothing_is_lost_or_doubled_when_processes_and_the_broker_die() -> None:
    """Each fault is seen at least once: kill -9 of a process and of the broker, a freeze, SIGTERM."""
    report = put_under_fire(SpineScene(rate=300, seed=11), seconds=40, seed=11)
    assert report.wrong() == {}, report.text()
    assert set(report.faults) == {"kill -9 of a process", "kill -9 of the broker", "freeze", "SIGTERM of a process"}
    assert report.found["messages"] > 5000
