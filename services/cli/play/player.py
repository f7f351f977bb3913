"""Plays scenarios step by step, and says what happened."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from deploy.system import System
from schemas.days import dutch_day
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
        self.scenario = scenario
        self.system = system
        self._desks = Desks(system)
        self._filling = Filling(scenario, system.deployment, {})
        self._judge = Judge(self._desks.get, self._filling.labels)
        self._done = 0

    @property
    def labels(self) -> dict[str, str]:
        """Every id of this play by its label; cases too."""
        return dict(self._filling.labels)

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next step; None when all is told."""
        if self._done == len(self.scenario.steps):
            return None
        return Scenario.moment(self._next, self._filling.now)

    @property
    def next_at_desk(self) -> str | None:
        """The organisation whose clock the next step needs; None when nobody does anything in it."""
        return self._next.who.partition("/")[0] if self._next.who else None

    def act(self, at: datetime) -> "_Act":
        """Say, or open, what the next step says."""
        self._filling.now = at
        step = self._next
        self._done += 1
        said = self._say(step) if step.say else []
        return _Act(self._done, step, said, self._open(step) if step.open else None)

    def judged(self, act: "_Act", pool: ThreadPoolExecutor) -> Played:
        """What is seen after a step, held against what it expects."""
        step = act.step
        today = dutch_day(self._filling.now)
        seen = look(self._desks, self.scenario.organisations, self._filling.labels.get(step.case), pool, today)
        found = self._judge.judge(step, act.said, seen)
        if step.open:
            found.insert(0, Found("the letter opens", act.opened is not None, "it cannot be opened"))
        return Played(act.number, step, self._filling.now, act.said, act.opened, seen, found, self.labels)

    def close(self) -> None:
        self._desks.close()

    @property
    def _next(self) -> Step:
        return self.scenario.steps[self._done]

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


class _Act(NamedTuple):
    """What was done in a step."""

    number: int
    step: Step
    said: list[Said]
    opened: Any

    @property
    def rounds(self) -> int:
        """How many barriers until all that follows from it is done."""
        if self.step.open or self.step.expect.queries:
            return 2
        return 1 if self.step.say else 0


def play_together(players: Sequence[Player], tell: Callable[[Player, Played], None]) -> list[Played]:
    """Several scenarios on one clock, as cases run side by side in a region: always what comes first. What several
    do at the same moment they do at once.

    Raises TimeHasPassed before anything is said, and NoAnswer when the system does not keep up.
    """
    keeper = Timekeeper(players[0].system)
    now, start = keeper.now(), min(player.scenario.start for player in players)
    if now is not None and now > start:
        raise TimeHasPassed(now, start)
    played = []
    keeper.settle(start)
    with ThreadPoolExecutor(4) as pool:
        while due := _due(players):
            played += _moment(due, keeper, pool, tell)
    for player in players:
        player.close()
    return played


def _due(players: Sequence[Player]) -> list[tuple[datetime, Player]]:
    """Those with a step at the first moment at which anything happens."""
    waiting = [(at, player) for player in players if (at := player.next_at) is not None]
    first = min((at for at, _ in waiting), default=None)
    return [(at, player) for at, player in waiting if at == first]


def _moment(
    due: Sequence[tuple[datetime, Player]],
    keeper: Timekeeper,
    pool: ThreadPoolExecutor,
    tell: Callable[[Player, Played], None],
) -> list[Played]:
    at = due[0][0]
    keeper.move(at, {desk for _, player in due if (desk := player.next_at_desk)})
    acts = list(pool.map(lambda each: each[1].act(at), due))
    keeper.settle(at, rounds=max(act.rounds for act in acts))
    played = []
    for (_, player), act in zip(due, acts, strict=True):
        played.append(player.judged(act, pool))
        tell(player, played[-1])
    return played
