"""Professionals at work: one story told many times at once through the pages, whatever dies meanwhile. Some tell a part
of it and then say anything (anything.py).

Half of the tellers tell it with the team that merges into the other; what it began is told on by the other.
"""

import random
import tempfile
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
from services.cli.play.scenario import Scenario, Step
from tests.chaos.anything import Anything

STORY = Path(__file__).with_name("story.yaml")
LINDE, BERK = "lokaal-team-linde", "lokaal-team-berk"
TELLERS = 10
SAYING_ANYTHING = 6
"""Tellers beside them, where anything is said."""
MUCH = 25
"""Messages of any kind after one story."""
WHOLE = 0.6
"""The part of all tellings that goes on to the end."""
CONSENT = "consents.recorded"
OPEN = "a yes"
"""After this step of the story a handover is open and accepted."""
READ = "read it"
"""From here on whoever takes over does it anew."""
ANOTHER = "another takes it over"
"""Told by the team that takes over, and only then."""
ON_PURPOSE = frozenset({"open it again", "a yes by nobody", "too late"})
"""The steps that the story means to be refused."""
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


class Telling(NamedTuple):
    """One story to tell: with which team, how far, without what, and how much after it."""

    scenario: Scenario
    last: int
    without: str
    anything: int = 0
    """So many messages of any kind follow."""


class Tellers:
    """Tell stories for some seconds; begun ones are told on a little longer."""

    def __init__(self, system: System, seed: int, speakers: Sequence[str] = ()) -> None:
        """`speakers`: who says anything, beside those who tell the story."""
        self._system = system
        self._speakers = speakers
        self._linde, self._berk = (_story(system, team) for team in (LINDE, BERK))
        self._seed = seed
        self.accepted: list[Accepted] = []
        self.said: list[Said] = []
        self.unanswered = 0
        self.broken: list[BaseException] = []
        self.wrongly: list[tuple[str, tuple[str, ...]]] = []
        """Steps that were refused though nothing in their story gives a reason."""
        self.merged_at: datetime | None = None
        self.halfway = threading.Event()
        """A handover to the team that will merge is open and accepted."""
        """From when the one team stands in the place of the other."""
        self.told_on = 0
        """Stories that the one team began and the other told on."""

    def tell(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        tellers = TELLERS + (SAYING_ANYTHING if self._speakers else 0)
        threads = [threading.Thread(target=self._work, args=(end, number)) for number in range(tellers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, end: float, number: int) -> None:
        chance = random.Random(self._seed * 100 + number)
        desks = _Desks(self._system, self.accepted)
        try:
            while time.monotonic() < end:
                self._tell(desks, end, self._plan(number, chance), chance)
        except BaseException as error:
            self.broken.append(error)
            raise
        finally:
            desks.close()

    def _plan(self, number: int, chance: random.Random) -> Telling:
        """Who tells, how far, and what is left out. The first teller tells all, the second leaves handovers open."""
        scenario = self._linde if number % 2 or self._merged() else self._berk
        whole = _index(scenario, ANOTHER)
        if number >= TELLERS:
            return Telling(self._linde, chance.randrange(1, whole), "", MUCH)
        if number in (0, 2):
            return Telling(scenario, whole, "")
        if number == 1:
            return Telling(scenario, 1 + _index(scenario, OPEN), "")
        last = whole if chance.random() < WHOLE else chance.randrange(1, whole)
        return Telling(scenario, last, CONSENT if chance.random() < 0.2 else "")

    def _merged(self) -> bool:
        return self.merged_at is not None and datetime.now(UTC) > self.merged_at

    def _tell(self, desks: Desks, end: float, telling: Telling, chance: random.Random) -> None:
        filling, index, strict = Filling(telling.scenario, self._system.deployment, {}), 0, not telling.without
        while index < telling.last and time.monotonic() < end + LONGER:
            if telling.scenario is self._berk and self.merged_at is not None:
                strict = False  # what is said while the names change may come just too late
                if self._merged():
                    telling = telling._replace(scenario=self._linde)
                    index = self._take_over(desks, filling, index)
            step = telling.scenario.steps[index]
            index += 1
            if telling.scenario is self._berk and index > 1 + _index(self._berk, OPEN):
                self.halfway.set()
            if step.say != telling.without:
                strict = self._step(desks, filling, step, strict)
        self._say_anything(desks, filling, end, telling, chance)

    def _say_anything(
        self, desks: Desks, filling: Filling, end: float, telling: Telling, chance: random.Random
    ) -> None:
        subject = filling.labels.get(telling.scenario.steps[0].case)
        anything = Anything(self._system, self._speakers, chance)
        for _ in range(telling.anything if subject else 0):
            if time.monotonic() < end:
                anything.say(desks, filling, str(subject))

    def _take_over(self, desks: Desks, filling: Filling, index: int) -> int:
        """The other team names its own professional in an accepted handover. Where to go on."""
        if index <= _index(self._linde, OPEN):
            return index
        self.told_on += 1
        self._step(desks, filling, self._linde.steps[_index(self._linde, ANOTHER)], strict=False)
        return min(index, _index(self._linde, READ))

    def _step(self, desks: Desks, filling: Filling, step: Step, strict: bool) -> bool:
        """Say it; whether what follows may still be expected to end as the story says."""
        filling.now = datetime.now(UTC)
        try:
            said = desks.say(str(step.who), str(step.say), filling.payload(step), step.second)
        except NoAnswer:
            self.unanswered += 1
            return False
        self.said += said
        if step.say == "cases.opened" and said[0].subject:
            filling.labels.setdefault(step.case, said[0].subject)
        refused = [tuple(map(_why, one.reasons)) for one in said if one.status != "delivered"]
        if strict and refused and step.step not in ON_PURPOSE:
            self.wrongly += [(step.step, codes) for codes in refused]
        return strict


def _why(reason: Mapping[str, Any]) -> str:
    """Its code, and what a page says of it."""
    return " ".join(str(reason[name]) for name in ("code", "text") if name in reason)


def _story(system: System, team: str) -> Scenario:
    """The story with this local team in it."""
    if team == LINDE:
        return load(STORY, system.deployment)
    with tempfile.TemporaryDirectory(prefix="estafette-story-") as folder:
        file = Path(folder) / STORY.name
        file.write_text(STORY.read_text().replace(LINDE, team).replace("linde-1", "berk-1"))
        return load(file, system.deployment)


def _index(scenario: Scenario, name: str) -> int:
    return next(index for index, step in enumerate(scenario.steps) if step.step == name)
