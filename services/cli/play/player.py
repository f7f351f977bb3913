"""Plays a scenario step by step, and says what happened."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from deploy.system import System
from services.cli.play.desk import Desks, Said
from services.cli.play.expectations import Found, Judge
from services.cli.play.scenario import AMSTERDAM, ForwardSpec, Scenario, SectionSpec, Step
from services.cli.play.time import Timekeeper

_TODAY = re.compile(r"today(?:([+-]\d+))?")
_NOW = re.compile(r"now(?:([+-]\d+)([mhd]))?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Played(NamedTuple):
    """One step as it went."""

    number: int
    step: Step
    at: datetime
    said: list[Said]
    found: list[Found]

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


class Player:
    """One play of one scenario on one running system."""

    def __init__(self, scenario: Scenario, system: System) -> None:
        self._scenario = scenario
        self._desks = Desks(system)
        self._time = Timekeeper(system)
        self._labels: dict[str, str] = {}
        self._judge = Judge(self._desks, scenario, self._labels)
        self._now = scenario.start

    def play(self, tell: Callable[[Played], None]) -> list[Played]:
        """All steps; `tell` hears of each as it is done. Raises NoAnswer when the system does not keep up."""
        played = []
        self._time.settle(self._now)
        for number, step in enumerate(self._scenario.steps, 1):
            one = self._step(number, step)
            tell(one)
            played.append(one)
        self._desks.close()
        return played

    def _step(self, number: int, step: Step) -> Played:
        moment = Scenario.moment(step, self._now)
        if moment > self._now:
            self._now = moment
            self._time.settle(moment)
        said = self._say(step) if step.say else []
        if step.open and step.who:
            self._desks.get(step.who, f"/api/inbox/{self._labels[step.open]}/content")
        if step.say or step.open:
            self._time.settle(self._now)
        return Played(number, step, self._now, said, self._judge.judge(step, said))

    def _say(self, step: Step) -> list[Said]:
        said = self._desks.say(str(step.who), str(step.say), self._payload(step), step.second)
        if step.say == "cases.opened" and said[0].subject:
            self._labels[step.case] = said[0].subject
        if step.message is not None and said[0].id:
            self._labels[step.message] = said[0].id
        return said

    def _payload(self, step: Step) -> dict[str, Any]:
        payload: dict[str, Any] = {"to": list(step.to), "body": self._body(step), "dry_run": step.dry_run}
        if step.say != "cases.opened" or step.case in self._labels:
            payload["case"] = self._labels.get(step.case) or self._unknown_case(step.case)
        if step.acting_under is not None:
            payload["acting_under"] = step.acting_under
        if step.purpose is not None:
            sections = [self._section(section) for section in step.sections]
            withheld = [self._filled(row.model_dump(mode="json")) for row in step.withheld]
            payload["manifest"] = {"purpose": step.purpose, "sections": sections, "withheld": withheld}
        return payload

    def _unknown_case(self, label: str) -> str:
        """A case nobody opened: an id like any other, so that the answer can be seen to be the same."""
        return self._labels.setdefault(label, f"case:{uuid4()}")

    def _body(self, step: Step) -> Any:
        body = dict(step.body)
        if step.say == "cases.opened" and "persons" not in body:
            body["persons"] = list(self._scenario.persons)
        if step.say in ("cases.opened", "cases.persons_changed"):
            body["persons"] = [self._person(person) for person in body.get("persons", [])]
        return self._filled(body)

    def _person(self, person: Any) -> Any:
        """A name stands for the person as the scenario describes it."""
        if not isinstance(person, str):
            return person
        spec = self._scenario.persons[person].person(person, self._scenario.start.date())
        return spec.model_dump(mode="json", exclude_none=True)

    def _section(self, spec: SectionSpec | ForwardSpec) -> dict[str, Any]:
        if isinstance(spec, ForwardSpec):
            return {"forward": self._label(spec.forward), "bases": self._bases(spec, tuple(spec.basis))}
        source = spec.source if isinstance(spec.source, dict) else {"kind": spec.source}
        section = {
            "category": spec.category,
            "about": list(spec.about),
            "kind": spec.kind,
            "as_of": (spec.as_of or self._today()).isoformat(),
            "source": source,
            "bases": self._bases(spec, spec.about),
            "text": spec.text,
        }
        return section | ({"item": self._label(spec.item)} if spec.item else {})

    def _bases(self, spec: SectionSpec | ForwardSpec, about: tuple[str, ...]) -> list[dict[str, Any]]:
        named = dict.fromkeys(about, spec.basis) if isinstance(spec.basis, str) else spec.basis
        rows = {ref: {"secrecy": one} if isinstance(one, str) else dict(one) for ref, one in named.items()}
        return [{"person": ref, "gdpr": spec.gdpr, **self._filled(row)} for ref, row in rows.items()]

    def _filled(self, value: Any) -> Any:
        """The value with `$labels`, `today+3` and `now-2h` filled in."""
        if isinstance(value, Mapping):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._filled(inner) for inner in value]
        if isinstance(value, datetime):
            local = value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)
            return local.isoformat()
        if isinstance(value, date):
            return value.isoformat()
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if text.startswith("$"):
            return self._label(text)
        if today := _TODAY.fullmatch(text):
            return (self._today() + timedelta(days=int(today[1] or 0))).isoformat()
        if now := _NOW.fullmatch(text):
            shift = timedelta(**{_UNITS[now[2]]: int(now[1])}) if now[1] else timedelta()
            return (self._now + shift).isoformat()
        return text

    def _label(self, label: str) -> str:
        return self._labels.setdefault(label, str(uuid4()))

    def _today(self) -> date:
        return self._now.astimezone(AMSTERDAM).date()
