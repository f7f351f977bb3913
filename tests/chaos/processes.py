"""Processes that are started again whenever they end, and what is done to them on purpose."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from deploy import born
from deploy.kafka import LocalKafka

Act = tuple[str, float, Callable[[], None]]
"""What is done: its name, how often it is chosen compared with others, and the deed."""

FREEZE_SECONDS = 9.0
"""Longer than a session of the group (6 s): the others take over while the frozen one still believes in its slots."""


class Kept:
    """A process that a thread keeps alive."""

    def __init__(
        self,
        name: str,
        module: str,
        log: Path,
        environment: Mapping[str, str] = os.environ,
        arguments: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.exits: Counter[int] = Counter()
        self._start: Callable[[], born.Born] = partial(born.start, name, module, log, environment, arguments)
        self._ended = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def signal(self, which: signal.Signals) -> None:
        self._process.send_signal(which)

    def end(self) -> int:
        """SIGTERM, and its exit code."""
        self._ended.set()
        self._thread.join()
        self._process.terminate()
        try:
            return self._process.wait(20)
        except TimeoutError:
            self._process.kill()
            return self._process.wait()

    def _keep(self) -> None:
        while not self._ended.wait(0.1):
            code = self._process.poll()
            if code is not None:
                self.exits[code] += 1
                self._process = self._start()


class Faults:
    """Does something bad to one of the processes or to the broker, and counts it."""

    def __init__(
        self, kafka: LocalKafka, processes: Sequence[Kept], chance: random.Random, more: Sequence[Act] = ()
    ) -> None:
        self.done: Counter[str] = Counter()
        self._kafka = kafka
        self._processes = processes
        self._chance = chance
        self._acts: list[Act] = [
            ("kill -9 of a process", 0.65, self.kill),
            ("kill -9 of the broker", 0.15, self.kill_broker),
            ("freeze", 0.15, self.freeze),
            ("SIGTERM of a process", 0.05, self.terminate),
            *more,
        ]

    def run(self, until: float) -> None:
        """One after another until this moment of time.monotonic(). First each kind once, the last of them first; that
        may take longer.
        """
        first = list(self._acts)
        while first or time.monotonic() < until:
            weights = [weight for _, weight, _ in self._acts]
            name, _, act = first.pop() if first else self._chance.choices(self._acts, weights)[0]
            act()
            self.done[name] += 1
            time.sleep(self._chance.uniform(0.3, 5.0))

    def kill(self) -> None:
        self._chance.choice(self._processes).signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._chance.choice(self._processes).signal(signal.SIGTERM)

    def freeze(self) -> None:
        frozen = self._chance.choice(self._processes)
        frozen.signal(signal.SIGSTOP)
        time.sleep(FREEZE_SECONDS)
        frozen.signal(signal.SIGCONT)

    def kill_broker(self) -> None:
        self._kafka.kill9()
        self._kafka.start()
