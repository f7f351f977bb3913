"""Whatever organisations say to each other, in whatever order, each invariant holds after every message and tick."""

import os

from hypothesis import HealthCheck, Phase, settings

from tests.invariants.life import Life
from tests.invariants.watchers import WATCHERS

LIVES = settings(
    max_examples=int(os.environ.get("ESTAFETTE_LIVES", "12")),
    phases=(Phase.generate,),  # shrinking a whole life takes minutes, and one is readable as it is
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
"""So few lives keep the tests short; ESTAFETTE_LIVES=500 looks longer."""


def _lives(number: str) -> type:
    watched = type(f"Life{number}", (Life,), {"watchers": (WATCHERS[number],)})
    found: type = watched.TestCase  # type: ignore[attr-defined]
    found.settings = LIVES  # type: ignore[attr-defined]
    return found


TestI1 = _lives("I1")
TestI2 = _lives("I2")
TestI3 = _lives("I3")
TestI4 = _lives("I4")
TestI5 = _lives("I5")
TestI6 = _lives("I6")
TestI7 = _lives("I7")
