"""What a scenario's own form cannot show: do the professionals exist, does each body fit its message, are labels made
before they are used, does time run forward.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from deploy.directory import Deployment
from schemas.person import Person
from schemas.refusal import Refusal
from schemas.tables.grounds import BY_CODE, CONSENT, OWN_WORD, SET_ASIDE
from schemas.tables.ladder import NO_OVERSIGHT, PATTERNS
from schemas.tables.messages import BY_NAME, Shape
from schemas.tables.obligations import BY_CODE as OBLIGATIONS
from services.cli.play.faults import faults
from services.cli.play.filling import Filling
from services.cli.play.models import near
from services.cli.play.scenario import LABEL, BasisSpec, ForwardSpec, Scenario, SectionSpec, Step

Fault = tuple[tuple[str | int, ...], str]
SAYABLE = {name: row for name, row in BY_NAME.items() if row.by_hand}
"""What a professional may say. The rest is said by machines."""
ALERTS = frozenset({NO_OVERSIGHT, *PATTERNS, *(row.alert_code for row in OBLIGATIONS.values())})
"""What oversight may raise."""
SERVICES = ("ledger",)
_PERSON_FIELDS = frozenset({"about", "asked_of", "child", "children", "family", "given_by", "holder", "met", "person"})
"""Fields of bodies that name persons of the case."""


def check(scenario: Scenario, deployment: Deployment) -> list[Fault]:
    """Every fault as a path into the file and a sentence, in the order of the file. Without a family in order the steps
    are not looked at: what is said about it would be said of each.
    """
    family = list(_family(scenario))
    found = [*_organisations(scenario, deployment), *family]
    if family:
        return found
    reader = _Reader(scenario, deployment)
    now = scenario.start
    for place, step in enumerate(scenario.steps):
        moment = scenario.moment(step, now)
        if moment < now:
            field = "at" if step.at else "after"
            found.append((("steps", place, field), f"time goes back: the step before is at {now:%Y-%m-%d %H:%M}"))
        now = max(now, moment)
        found += [(("steps", place, *path), says) for path, says in reader.step(step, now)]
    return found


def _organisations(scenario: Scenario, deployment: Deployment) -> Iterator[Fault]:
    known = [organisation.slug for organisation in deployment.organisations]
    for place, slug in enumerate(scenario.organisations):
        if slug not in known:
            hint = near(slug, known) or f"; there is {', '.join(known)}"
            yield ("organisations", place), f"there is no organisation {slug!r}{hint}"


def _family(scenario: Scenario) -> Iterator[Fault]:
    refs = scenario.persons.keys()
    for ref, spec in scenario.persons.items():
        named = [("mother", spec.mother), ("representative", spec.representative)]
        named += [("custody", row) for row in spec.custody if isinstance(row, str)]
        for field, other in named:
            if other is not None and other not in refs and other not in scenario.organisations:
                yield ("persons", ref, field), f"{other!r} is no person here{near(str(other), refs)}"
        try:
            spec.person(ref, scenario.start.date())
        except ValidationError as error:
            yield from ((("persons", ref, *path), says) for path, says in faults(Person, error))


class _Reader:
    """Reads the steps in order and remembers which labels were made."""

    def __init__(self, scenario: Scenario, deployment: Deployment) -> None:
        self._scenario = scenario
        self._deployment = deployment
        self._filling = Filling(scenario, deployment, {})
        self._letters: set[str] = set()
        self._items: set[str] = set()

    def step(self, step: Step, now: datetime) -> Iterator[Fault]:
        """The faults of one step."""
        self._filling.now = now
        for field in ("who", "second"):
            yield from self._professional(getattr(step, field), (field,))
        yield from self._slugs(step.to, ("to",))
        if step.say is not None:
            yield from self._said(step)
        if step.open is not None and step.open not in self._letters:
            yield ("open",), f"no letter before this one has `message: {step.open}`{near(step.open, self._letters)}"
        yield from self._expected(step)

    def _said(self, step: Step) -> Iterator[Fault]:
        row = SAYABLE.get(str(step.say))
        if row is None:
            yield ("say",), _unknown_message(str(step.say))
            return
        if not step.expects_refusal:
            yield from self._allowed(step)
        if row.shape is Shape.LETTER and not step.to and not row.own:
            yield ("say",), f"{row.name} is a letter: `to` says to whom"
        if Refusal.MALFORMED not in (*(step.expect.refused or ()), *step.expect.refused_with):
            yield from self._body(step)
        for place, section in enumerate(step.sections):
            yield from ((("sections", place, *path), says) for path, says in self._section(section, step))
        self._items |= {s.item for s in step.sections if isinstance(s, SectionSpec) and s.item}
        self._filling.payload(step)  # makes the labels
        if step.say == "cases.opened":
            self._filling.labels.setdefault(step.case, "case:00000000-0000-4000-8000-000000000000")
        if step.message is not None:
            self._letters.add(step.message)
            self._filling.label(step.message)

    def _allowed(self, step: Step) -> Iterator[Fault]:
        row, slug = SAYABLE[str(step.say)], str(step.who).partition("/")[0]
        found = [o for o in self._deployment.organisations if o.slug == slug]
        if found and found[0].kind not in row.senders:
            kinds = ", ".join(sorted(row.senders))
            yield ("who",), f"{slug} is a {found[0].kind}; {row.name} is said by {kinds}"

    def _body(self, step: Step) -> Iterator[Fault]:
        model = SAYABLE[str(step.say)].body
        body = self._filling.body(step)
        try:
            model.model_validate(body)
        except ValidationError as error:
            for path, says in faults(model, error):
                yield ("body", *path), f"{says} ({step.say}: docs/messages.md)"
        if not step.expects_refusal:
            yield from self._persons_in(step.body, ("body",))

    def _persons_in(self, value: Any, path: tuple[str | int, ...]) -> Iterator[Fault]:
        rows = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in rows:
            here = (*path, key)
            if isinstance(inner, dict | list):
                yield from self._persons_in(inner, here)
            elif _names_a_person(here) and isinstance(inner, str):
                yield from self._person(inner, here)

    def _section(self, section: SectionSpec | ForwardSpec, step: Step) -> Iterator[Fault]:
        if isinstance(section, ForwardSpec) and section.forward not in self._items:
            yield ("forward",), f"no section before has `item: {section.forward}`{near(section.forward, self._items)}"
        if step.expects_refusal:
            return
        if isinstance(section, SectionSpec):
            for ref in section.about:
                yield from self._person(ref, ("about",))
        bases = {"": section.basis} if isinstance(section.basis, str) else section.basis
        for ref, basis in bases.items():
            code = basis.secrecy if isinstance(basis, BasisSpec) else basis
            known = (CONSENT, SET_ASIDE, OWN_WORD, *BY_CODE)
            if code not in known:
                yield ("basis",), f"there is no basis {code!r}; there is {', '.join(known)}"
            if ref:
                yield from self._person(ref, ("basis", ref))

    def _expected(self, step: Step) -> Iterator[Fault]:
        expect = step.expect
        for label in expect.handovers:
            yield from self._label(label, ("expect", "handovers", label))
        silent = expect.no_alert if isinstance(expect.no_alert, tuple) else ()
        for code in silent:
            yield from _alert(code, ("expect", "no_alert"))
        for place, alert in enumerate(expect.alerts):
            yield from _alert(alert.code, ("expect", "alerts", place, "code"))
            yield from self._slugs((*alert.to, *alert.not_to), ("expect", "alerts", place, "to"))
            if alert.named is not None:
                self._filling.label(alert.named)
        for child, slugs in expect.sight.items():
            yield from self._person(child, ("expect", "sight", child))
            yield from self._slugs(slugs, ("expect", "sight", child))
        if expect.regie not in (None, "nobody"):
            yield from self._slugs((str(expect.regie),), ("expect", "regie"))
        for place, query in enumerate(expect.queries):
            path = ("expect", "queries", place)
            yield from self._professional(query.who, (*path, "who"))
            if query.at is not None and query.at not in SERVICES:
                yield from self._slugs((query.at,), (*path, "at"))
            for label in re.findall(LABEL, query.get):
                yield from self._label(label, (*path, "get"))

    def _label(self, label: str, path: tuple[str | int, ...]) -> Iterator[Fault]:
        made = self._filling.labels
        if label not in made:
            yield path, f"no step before names {label}{near(label, made)}"

    def _person(self, ref: str, path: tuple[str | int, ...]) -> Iterator[Fault]:
        if ref not in self._scenario.persons:
            yield path, f"{ref!r} does not stand under persons{near(ref, self._scenario.persons)}"

    def _slugs(self, slugs: tuple[str, ...], path: tuple[str | int, ...]) -> Iterator[Fault]:
        for slug in slugs:
            if slug not in self._scenario.organisations:
                yield path, f"{slug!r} does not stand under organisations{near(slug, self._scenario.organisations)}"

    def _professional(self, who: str | None, path: tuple[str | int, ...]) -> Iterator[Fault]:
        if who is None:
            return
        slug, _, ref = who.partition("/")
        yield from self._slugs((slug,), path)
        for organisation in self._deployment.organisations:
            refs = [member.ref for member in organisation.professionals]
            if organisation.slug == slug and ref not in refs:
                yield path, f"nobody called {ref!r} works at {slug}; there is {', '.join(refs)}"


def _alert(code: str, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if code not in ALERTS:
        yield path, f"there is no alert {code!r}{near(code, ALERTS) or '; docs/obligations.md has them all'}"


def _unknown_message(name: str) -> str:
    if name in BY_NAME:
        return f"{name} is said by machines, not by a professional"
    conversation = [known for known in SAYABLE if known.partition(".")[0] == name.partition(".")[0]]
    hint = near(name, SAYABLE) or f"; there is {', '.join(conversation or SAYABLE)}"
    return f"there is no message {name!r}{hint}"


def _names_a_person(path: tuple[str | int, ...]) -> bool:
    """Whether the value at this path is a person's ref: by the innermost field's name; in a pair it comes first."""
    if len(path) > 1 and isinstance(path[-2], int) and isinstance(path[-1], int) and path[-1] > 0:
        return False
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    return field in _PERSON_FIELDS
