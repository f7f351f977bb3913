"""Professionals at work: one story told many times at once through the pages, whatever dies meanwhile."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from deploy.system import System
from services.cli.play.desk import Desks, NoAnswer, Said
from services.cli.play.filling import Filling
from services.cli.play.reading import load
from services.cli.play.scenario import Step

STORY = Path(__file__).with_name("story.yaml")
TELLERS = 10
WHOLE = 0.6
"""The part of all tellings that goes on to the end."""
CONSENT = "consents.recorded"
OPEN = "a yes"
"""After this step of the story a handover is open and accepted."""
LONGER = 180.0
"""So many seconds after the end a begun telling may still go on."""


class Accepted(NamedTuple):
    """A message that an organisation's page took (202)."""

    id: str
    source: str
    to: tuple[str, ...]
    subject: str
    dry_run: bool


class _Desks(Desks):
    """Writes down what was accepted before it waits for the verdict."""

    def __init__(self, system: System, accepted: list[Accepted]) -> None:
        super().__init__(system)
        self._accepted = accepted
        self._dry_run = False

    def say(self, who: str, name: str, payload: Mapping[str, Any], second: str | None) -> list[Said]:
        self._dry_run = bool(payload["dry_run"])
        return super().say(who, name, payload, second)

    def _verdict(self, who: str, message: Mapping[str, Any]) -> Said:
        source = who.partition("/")[0]
        to = tuple(message["to"])
        self._accepted.append(Accepted(message["id"], source, to, message["subject"], self._dry_run))
        return super()._verdict(who, message)


class Tellers:
    """Tell stories for some seconds; begun ones are told on a little longer."""

    def __init__(self, system: System, seed: int) -> None:
        self._system = system
        self._scenario = load(STORY, system.deployment)
        self._seed = seed
        self.accepted: list[Accepted] = []
        self.said: list[Said] = []
        self.unanswered = 0
        self.broken: list[BaseException] = []

    def tell(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._work, args=(end, number)) for number in range(TELLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, end: float, number: int) -> None:
        chance = random.Random(self._seed * 100 + number)
        desks = _Desks(self._system, self.accepted)
        try:
            while time.monotonic() < end:
                self._tell(desks, end, *self._plan(number, chance))
        except BaseException as error:
            self.broken.append(error)
            raise
        finally:
            desks.close()

    def _plan(self, number: int, chance: random.Random) -> tuple[Sequence[Step], str]:
        """How far to tell, and what to leave out. The first teller tells all, the second leaves handovers open."""
        steps = self._scenario.steps
        if number == 0:
            return steps, ""
        if number == 1:
            return steps[: 1 + next(i for i, step in enumerate(steps) if step.step == OPEN)], ""
        last = len(steps) if chance.random() < WHOLE else chance.randrange(1, len(steps))
        return steps[:last], CONSENT if chance.random() < 0.2 else ""

    def _tell(self, desks: Desks, end: float, steps: Sequence[Step], without: str) -> None:
        filling = Filling(self._scenario, self._system.deployment, {})
        for step in steps:
            if step.say == without or time.monotonic() > end + LONGER:
                continue
            try:
                self._step(desks, filling, step)
            except NoAnswer:
                self.unanswered += 1

    def _step(self, desks: Desks, filling: Filling, step: Step) -> None:
        filling.now = datetime.now(UTC)
        said = desks.say(str(step.who), str(step.say), filling.payload(step), step.second)
        self.said += said
        if step.say == "cases.opened" and said[0].subject:
            filling.labels.setdefault(step.case, said[0].subject)
