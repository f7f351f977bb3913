"""Plays a scenario step by step, and says what happened."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from deploy.system import System
from services.cli.play.desk import Desks, Said
from services.cli.play.expectations import Found, Judge
from services.cli.play.filling import Filling
from services.cli.play.scenario import Scenario, Step
from services.cli.play.seen import Seen, look
from services.cli.play.time import Timekeeper


class Played(NamedTuple):
    """One step as it went. `opened`: the letter that was opened, or None. `labels`: the ids of the play so far."""

    number: int
    step: Step
    at: datetime
    said: list[Said]
    opened: Any
    seen: Seen
    found: list[Found]
    labels: Mapping[str, str]

    @property
    def met(self) -> bool:
        return all(one.met for one in self.found)

    def as_json(self) -> dict[str, Any]:
        """The step as `--json` prints it."""
        return {
            "step": self.number,
            "title": self.step.step,
            "at": self.at.isoformat(),
            "who": self.step.who,
            "say": self.step.say,
            "verdict": [{"id": s.id, "status": s.status, "codes": s.codes, "flags": s.flags} for s in self.said],
            "met": [one.expected for one in self.found if one.met],
            "unmet": [{"expected": one.expected, "found": one.instead} for one in self.found if not one.met],
        }


class TimeHasPassed(Exception):
    """The cluster's time lies after the scenario's start: its story cannot be told any more."""

    def __init__(self, cluster: datetime, start: datetime) -> None:
        super().__init__(f"this cluster's time is {cluster:%Y-%m-%d %H:%M} UTC, after the scenario's start {start}")
        self.cluster = cluster
        self.start = start


class Player:
    """One play of one scenario on one running system."""

    def __init__(self, scenario: Scenario, system: System) -> None:
        self._scenario = scenario
        self._desks = Desks(system)
        self._time = Timekeeper(system)
        self._filling = Filling(scenario, system.deployment, {})
        self._judge = Judge(self._desks.get, self._filling.labels)

    @property
    def labels(self) -> dict[str, str]:
        """Every id of this play by its label; cases too."""
        return dict(self._filling.labels)

    def play(self, tell: Callable[[Played], None]) -> list[Played]:
        """All steps; `tell` hears of each as it is done.

        Raises TimeHasPassed before anything is said, and NoAnswer when the system does not keep up.
        """
        now = self._time.now()
        if now is not None and now > self._scenario.start:
            raise TimeHasPassed(now, self._scenario.start)
        played = []
        self._time.settle(self._filling.now)
        with ThreadPoolExecutor(4) as pool:
            for number, step in enumerate(self._scenario.steps, 1):
                one = self._step(number, step, pool)
                tell(one)
                played.append(one)
        self._desks.close()
        return played

    def _step(self, number: int, step: Step, pool: ThreadPoolExecutor) -> Played:
        moment = Scenario.moment(step, self._filling.now)
        if moment > self._filling.now:
            self._filling.now = moment
            self._time.settle(moment, only=step.who.partition("/")[0] if step.who else None)
        said = self._say(step) if step.say else []
        opened = self._open(step) if step.open else None
        if step.say or step.open or step.expect.queries:
            self._time.settle(self._filling.now, rounds=2 if step.open or step.expect.queries else 1)
        seen = look(self._desks, self._scenario.organisations, self._filling.labels.get(step.case), pool)
        found = self._judge.judge(step, said, seen)
        if step.open:
            found.insert(0, Found("the letter opens", opened is not None, "it cannot be opened"))
        return Played(number, step, self._filling.now, said, opened, seen, found, self.labels)

    def _say(self, step: Step) -> list[Said]:
        said = self._desks.say(str(step.who), str(step.say), self._filling.payload(step), step.second)
        labels = self._filling.labels
        if step.say == "cases.opened" and said[0].subject:
            labels[step.case] = said[0].subject
        if step.message is not None and said[0].id:
            labels[step.message] = said[0].id
        return said

    def _open(self, step: Step) -> Any:
        status, content = self._desks.get(str(step.who), f"/api/inbox/{self._filling.label(str(step.open))}/content")
        return content if status == 200 else None
