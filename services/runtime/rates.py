"""How often somebody may ask: a bucket of tokens each, filled at a steady rate. Kept in memory, of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

KEPT: Final = 10_000
"""How many askers are remembered. Who asked longest ago is forgotten, which only ever fills a bucket."""


class Rate:
    """`per_second` steadily, `burst` at once. `now` counts seconds from anywhere."""

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def take(self, who: str) -> float:
        """0 when `who` may go on; otherwise the seconds until it may, and nothing was taken."""
        left = self._left(who)
        if left < 1:
            return (1 - left) / self._per_second
        self._keep(who, left - 1)
        return 0.0

    def _left(self, who: str) -> float:
        left, at = self._held.get(who, (float(self._burst), self._now()))
        return min(float(self._burst), left + (self._now() - at) * self._per_second)

    def _keep(self, who: str, left: float) -> None:
        self._held[who] = (left, self._now())
        self._held.move_to_end(who)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
