"""Puts a scene under fire and reports what an independent reader finds afterwards."""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.kafka import LocalKafka
from tests.chaos.processes import Faults
from tests.chaos.scene import Scene


class Report(NamedTuple):
    """`found`: what was counted; keys that begin with `!` must be 0. `kinds`: of each kind of message how many came
    through and how many were refused.
    """

    faults: dict[str, int]
    exits: dict[str, dict[int, int]]
    found: dict[str, int]
    seconds: float
    kinds: Mapping[str, tuple[int, int]]

    def wrong(self) -> dict[str, int]:
        return {name: count for name, count in self.found.items() if name.startswith("!") and count}

    def text(self) -> str:
        lines = [f"{'fault: ' + name:48} {count:>8}" for name, count in self.faults.items()]
        lines += [f"{'exits of ' + name:48} {codes}" for name, codes in self.exits.items()]
        lines += [f"{name:48} {count:>8}" for name, count in self.found.items()]
        lines += [f"{kind:48} {through:>8} {refused:>8}" for kind, (through, refused) in self.kinds.items()]
        lines += [self._mix(), f"{'seconds':48} {self.seconds:>8.0f}"]
        return "\n".join(lines)

    def _mix(self) -> str:
        through, refused = (sum(1 for counts in self.kinds.values() if counts[which]) for which in (0, 1))
        return f"{'kinds of message: came through, refused':48} {through:>8} {refused:>8}"


def put_under_fire(scene: Scene, seconds: float, seed: int, clock: str = "real", settle: float = 120.0) -> Report:
    """Load and faults for `seconds` on a broker of its own, then up to `settle` seconds of peace, then the check."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="estafette-chaos-") as folder:
        kafka = LocalKafka(Path(folder) / "home", clock=clock)
        kafka.start()
        try:
            scene.prepare(kafka)
            processes = scene.processes(Path(folder))
            faults = Faults(kafka, processes, random.Random(seed), scene.acts())
            try:
                _fire(scene, faults, seconds, settle)
            finally:
                last = {process.name: process.end() for process in processes}
            exits = {process.name: dict(process.exits) for process in processes}
            unclean = {name: code for name, code in last.items() if code != 0}
            if unclean:
                sys.stderr.write(f"SIGTERM did not end these cleanly: {unclean}\n")
            found = {**scene.check(), "! SIGTERM did not end a process cleanly": len(unclean)}
            return Report(dict(faults.done), exits, found, time.monotonic() - start, scene.kinds())
        finally:
            kafka.kill9()


def _fire(scene: Scene, faults: Faults, seconds: float, settle: float) -> None:
    load = threading.Thread(target=scene.load, args=(seconds,), daemon=True)
    load.start()
    faults.run(time.monotonic() + seconds)
    load.join(settle)
    _wait_settled(scene, settle)


def _wait_settled(scene: Scene, settle: float) -> None:
    deadline = time.monotonic() + settle
    while not scene.settled() and time.monotonic() < deadline:
        time.sleep(1)
    time.sleep(2)  # so that what is written twice gets written
