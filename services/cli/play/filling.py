"""Turns a step into what an organisation's page is asked to send: labels, dates, people filled in."""

import re
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from deploy.directory import Deployment
from schemas.days import AMSTERDAM, dutch_day
from schemas.parties import Professional
from schemas.tables.messages import BY_NAME
from services.cli.play.models import holds_a_list, models_in
from services.cli.play.scenario import LABEL, WHO, BasisSpec, ForwardSpec, Scenario, SectionSpec, Step

_TODAY = re.compile(r"today(?:([+-]\d+))?(?: (\d\d?):(\d\d))?")
_NOW = re.compile(r"now(?:([+-]\d+)([mhd]))?")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
_OTHER_CASE = re.compile(rf"case:({LABEL})")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Filling:
    """One play's words made whole. `labels` grows as labels are met; `now` is the moment of the step."""

    def __init__(self, scenario: Scenario, deployment: Deployment, labels: MutableMapping[str, str]) -> None:
        self._scenario = scenario
        self._deployment = deployment
        self.labels = labels
        self.now = scenario.start
        self._days: dict[str, date] = {}  # of items by their label: an item keeps the day on which it was first said

    def payload(self, step: Step) -> dict[str, Any]:
        """The JSON of POST /api/messages/{step.say}."""
        payload: dict[str, Any] = {"to": list(step.to), "body": self.body(step), "dry_run": step.dry_run}
        row = BY_NAME.get(str(step.say))
        begins_thread = row is not None and row.thread and step.case not in self.labels
        if step.say != "cases.opened" or step.case in self.labels:
            # a case that nobody opened gets an id like any other, so that the answer can be seen to be the same
            payload["case"] = self.labels.setdefault(step.case, f"{'thread' if begins_thread else 'case'}:{uuid4()}")
        if step.acting_under is not None:
            payload["acting_under"] = step.acting_under
        if step.purpose is not None:
            sections = [self.section(section) for section in step.sections]
            withheld = [self.filled(row.model_dump(mode="json")) for row in step.withheld]
            payload["manifest"] = {"purpose": step.purpose, "sections": sections, "withheld": withheld}
        return payload

    def body(self, step: Step) -> Any:
        """The coded body, as its model expects it."""
        body = dict(step.body)
        if step.say == "cases.opened":
            body.setdefault("persons", list(self._scenario.persons))
            body.setdefault("lead", step.who)
        if isinstance(body.get("persons"), list):
            body["persons"] = [self._person(person) for person in body["persons"]]
        row = BY_NAME.get(str(step.say))
        whole = self._with_professionals(body, row.body, str(step.who).partition("/")[0]) if row else body
        return self.filled(whole)

    def section(self, spec: SectionSpec | ForwardSpec) -> dict[str, Any]:
        """One row of the manifest."""
        if isinstance(spec, ForwardSpec):
            return {"forward": self.label(spec.forward), "bases": self._bases(spec, self._about(spec.forward))}
        source = spec.source.model_dump(mode="json") if isinstance(spec.source, BaseModel) else {"kind": spec.source}
        section = {
            "category": spec.category,
            "about": list(spec.about),
            "kind": spec.kind,
            "as_of": self._as_of(spec).isoformat(),
            "source": source,
            "bases": self._bases(spec, spec.about),
            "text": spec.text,
        }
        return section | ({"item": self.label(spec.item)} if spec.item else {})

    def filled(self, value: Any) -> Any:
        """The value with `$labels`, `today+3` and `now-2h` filled in."""
        if isinstance(value, Mapping):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(inner) for inner in value]
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)).isoformat()
        if isinstance(value, date):
            return value.isoformat()
        return self._text(value) if isinstance(value, str) else value

    def label(self, label: str) -> str:
        """The id behind a label; a new one the first time."""
        return self.labels.setdefault(label, str(uuid4()))

    def _text(self, text: str) -> str:
        if re.fullmatch(LABEL, text):
            return self.label(text)
        if other := _OTHER_CASE.fullmatch(text):
            return self.labels.setdefault(other[1], f"case:{uuid4()}")
        if today := _TODAY.fullmatch(text):
            day = self._today() + timedelta(days=int(today[1] or 0))
            if today[2] is None:
                return day.isoformat()
            return datetime(day.year, day.month, day.day, int(today[2]), int(today[3]), tzinfo=AMSTERDAM).isoformat()
        if now := _NOW.fullmatch(text):
            shift = timedelta(**{_UNITS[now[2]]: int(now[1])}) if now[1] else timedelta()
            return (self.now + shift).isoformat()
        if _LOCAL.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).isoformat()
        return text

    def _person(self, person: Any) -> Any:
        """A ref stands for the person as the scenario describes it."""
        if not isinstance(person, str) or person not in self._scenario.persons:
            return person
        spec = self._scenario.persons[person].person(person, self._scenario.start.date())
        return spec.model_dump(mode="json", exclude_none=True)

    def _with_professionals(self, value: Any, model: type[BaseModel], organisation: str) -> Any:
        """The value with `linde-1` or `lokaal-team-linde/linde-1` written out wherever a professional is expected, and
        in brackets what stands alone where a list is.
        """
        if not isinstance(value, Mapping):
            return value
        whole = dict(value)
        for name in value.keys() & model.model_fields.keys():
            annotation = model.model_fields[name].annotation
            if holds_a_list(annotation) and isinstance(value[name], str | Mapping):
                whole[name] = [value[name]]
            for inner in models_in(annotation):
                if inner is Professional and isinstance(value[name], str):
                    whole[name] = self._professional(value[name], organisation)
                elif isinstance(whole[name], list | tuple):
                    whole[name] = [self._with_professionals(row, inner, organisation) for row in whole[name]]
                else:
                    whole[name] = self._with_professionals(whole[name], inner, organisation)
        return whole

    def _professional(self, who: str, organisation: str) -> Any:
        slug, _, ref = who.rpartition("/") if re.fullmatch(WHO, who) else (organisation, "", who)
        try:
            caller = self._deployment.organisation(slug).caller(ref)
        except KeyError:
            return who
        return caller.professional.model_dump(mode="json", exclude_none=True)

    def _about(self, item: str) -> tuple[str, ...]:
        """Whom the forwarded item is about, as the section that made it says."""
        made = [s for step in self._scenario.steps for s in step.sections if isinstance(s, SectionSpec)]
        return next((section.about for section in made if section.item == item), ())

    def _bases(self, spec: SectionSpec | ForwardSpec, about: tuple[str, ...]) -> list[dict[str, Any]]:
        named = dict.fromkeys(about, spec.basis) if isinstance(spec.basis, str) else spec.basis
        rows = {ref: one if isinstance(one, BasisSpec) else BasisSpec(secrecy=one) for ref, one in named.items()}
        return [
            {"person": ref, "gdpr": spec.gdpr, **self.filled(row.model_dump(mode="json", exclude_none=True))}
            for ref, row in rows.items()
        ]

    def _as_of(self, spec: SectionSpec) -> date:
        if spec.as_of is not None or spec.item is None:
            return spec.as_of or self._today()
        return self._days.setdefault(spec.item, self._today())

    def _today(self) -> date:
        return dutch_day(self.now)
