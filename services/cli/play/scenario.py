"""The scenario format. docs/scenarios.md explains it to writers; this module is what checks their files."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from schemas.base import Code, Frozen, Slug
from schemas.handovers import HandoverState
from schemas.manifest import Category, GdprArticle, Purpose, SourceKind, StatementKind, Withheld
from schemas.parties import OrganisationKind
from schemas.person import Custody, Person, PersonStatus, Role
from schemas.refusal import Flag, Refusal
from schemas.tables.messages import BY_NAME

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
Label = Annotated[str, StringConstraints(pattern=r"^\$[a-z][a-z0-9_-]{0,40}$")]
"""A name for an id that the player makes, e.g. `$handover`; the same label is the same id throughout one play."""
Who = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,47}/[A-Za-z0-9_.-]{1,40}$")]
"""A professional: `organisation/ref` as in the directory, e.g. `lokaal-team-linde/lt-1`."""
_DURATION = re.compile(r"(\d+) (minute|hour|day|week)s?")


def _local(value: datetime) -> datetime:
    """A time without a zone is Dutch local time."""
    return value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)


def _duration(value: str) -> str:
    if not _DURATION.fullmatch(value):
        raise ValueError("write a duration as '3 days', '26 hours', '90 minutes' or '2 weeks'")
    return value


Moment = Annotated[datetime, AfterValidator(_local)]
Duration = Annotated[str, AfterValidator(_duration)]


def as_timedelta(value: Duration) -> timedelta:
    """`'3 days'` as a length of time."""
    found = _DURATION.fullmatch(value)
    if found is None:
        raise ValueError(value)
    return timedelta(**{f"{found[2]}s": int(found[1])})


class PersonSpec(Frozen):
    """A person of the family. `custody` names who holds custody: refs of other persons, or whole custody rows."""

    role: Role
    birth_date: date | None = None
    due_date: date | None = None
    mother: Code | None = None
    custody: tuple[Code | Custody, ...] = ()
    status: PersonStatus = PersonStatus.KNOWN
    competent: bool | None = None
    representative: Code | None = None
    contact_unsafe: bool = False
    location_protected: bool = False

    def person(self, ref: str, checked_on: date) -> Person:
        """The person as it stands in a message; custody was checked on the scenario's first day."""
        rows = tuple(c if isinstance(c, Custody) else Custody(holder=c, checked_on=checked_on) for c in self.custody)
        return Person(ref=ref, **{**self.model_dump(exclude={"custody"}), "custody": rows})


class SectionSpec(Frozen):
    """One section of a letter. `basis`: one for all persons it is about, or per person."""

    item: Label | None = None
    category: Category
    about: tuple[Code, ...] = ()
    kind: StatementKind = StatementKind.FACT
    as_of: date | None = None
    source: SourceKind | dict[str, Any] = SourceKind.OWN_OBSERVATION
    basis: str | dict[Code, str | dict[str, Any]] = {}
    gdpr: GdprArticle = GdprArticle.PUBLIC_TASK
    text: str


class ForwardSpec(Frozen):
    """An item received or sent before, sent on."""

    forward: Label
    basis: str | dict[Code, str | dict[str, Any]] = {}
    gdpr: GdprArticle = GdprArticle.PUBLIC_TASK


class AlertExpected(Frozen):
    """An open alert that must be there. `to`: each of these has it; `child`: about that child."""

    code: Code
    tier: int | None = None
    to: Annotated[tuple[Slug, ...], Field(min_length=1)]
    child: Code | None = None


class QueryExpected(Frozen):
    """What a question to a page of an organisation (or of the ledger) must answer.

    `contains`: every field named must be there with this value; of lists, an element for each one named. `lacks`: text that
    may stand nowhere in the answer. `status`: HTTP status.
    """

    who: Who
    get: str
    at: Slug | None = None  # `ledger`, or another organisation than that of `who`
    status: int = 200
    contains: Any = None
    count: int | None = None
    lacks: tuple[str, ...] = ()


class Expect(Frozen):
    """What must be true after a step. Everything named is checked."""

    delivered: bool | None = None
    refused: tuple[Refusal, ...] | None = None  # exactly these codes
    refused_with: tuple[Refusal, ...] = ()  # at least these
    reasons: tuple[dict[str, Any], ...] = ()  # each must be found among the reasons, field by field
    flags: tuple[Flag, ...] = ()
    regie: Slug | Literal["nobody"] | None = None
    handovers: dict[Label, HandoverState] = {}
    alerts: tuple[AlertExpected, ...] = ()
    no_alert: bool | tuple[Code, ...] = False
    sight: dict[Code, tuple[Slug, ...]] = {}  # child -> organisations whose plan is in force
    queries: tuple[QueryExpected, ...] = ()

    @model_validator(mode="after")
    def _one_verdict(self) -> Self:
        if self.delivered and (self.refused is not None or self.refused_with):
            raise ValueError("a message is delivered or refused, not both")
        return self


class Step(Frozen):
    """One moment: somebody says something, opens a letter, or only time passes."""

    step: str
    at: Moment | None = None
    after: Duration | None = None
    who: Who | None = None
    second: Who | None = None
    say: str | None = None
    case: Label = "$case"
    to: tuple[Slug, ...] = ()
    acting_under: OrganisationKind | None = None
    dry_run: bool = False
    body: dict[str, Any] = {}
    purpose: Purpose | None = None
    sections: tuple[SectionSpec | ForwardSpec, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    message: Label | None = None  # names the message, for `open`
    open: Label | None = None  # who opens the letter that was named so
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.at is not None and self.after is not None:
            raise ValueError("give `at` or `after`, not both")
        if (self.say or self.open) and self.who is None:
            raise ValueError("`who` says or opens it: organisation/ref")
        if self.say and self.say not in BY_NAME:
            near = [name for name in BY_NAME if name.partition(".")[0] == self.say.partition(".")[0]]
            raise ValueError(f"unknown message {self.say!r}; there is {', '.join(near or sorted(BY_NAME))}")
        if self.sections and self.purpose is None:
            raise ValueError("a letter with sections needs a `purpose`")
        return self

    @property
    def expects_refusal(self) -> bool:
        """Whether the step is there to be refused."""
        return self.expect.refused is not None or bool(self.expect.refused_with) or self.expect.delivered is False


class Scenario(Frozen):
    """A whole story: who takes part, the family, and the steps in order."""

    scenario: str
    about: str = ""
    source: str = ""
    start: Moment
    organisations: Annotated[tuple[Slug, ...], Field(min_length=1)]
    persons: dict[Code, PersonSpec]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [*self._unknown_organisations(), *self._unknown_custody(), *self._backwards()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _unknown_organisations(self) -> list[str]:
        named = set(self.organisations)
        return [
            f"step {number} ({step.step}): {slug!r} does not stand under organisations"
            for number, step in enumerate(self.steps, 1)
            for slug in {*step.to, *([step.who.partition("/")[0]] if step.who else [])}
            if slug not in named
        ]

    def _unknown_custody(self) -> list[str]:
        return [
            f"persons: {ref} is in custody of {holder!r}, who is no person here"
            for ref, person in self.persons.items()
            for holder in person.custody
            if isinstance(holder, str) and holder not in self.persons and holder not in self.organisations
        ]

    def _backwards(self) -> list[str]:
        faults, now = [], self.start
        for number, step in enumerate(self.steps, 1):
            moment = self.moment(step, now)
            if moment < now:
                faults.append(f"step {number} ({step.step}): time goes back from {now:%d %b %H:%M}")
            now = max(now, moment)
        return faults

    @staticmethod
    def moment(step: Step, now: datetime) -> datetime:
        """When a step happens, after a step at `now`."""
        if step.at is not None:
            return step.at
        return now + as_timedelta(step.after) if step.after is not None else now


class BadScenario(Exception):
    """The file is not a scenario; the text says where and why, and how to mend it."""


def load(file: Path) -> Scenario:
    """Read and check a scenario file. Raises BadScenario naming every fault."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadScenario(f"{file}: not YAML: {error}") from None
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        raise BadScenario("\n".join([f"{file}:", *_faults(error, content)])) from None


def _faults(error: ValidationError, content: Any) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False):
        where = [str(part) for part in fault["loc"]]
        if len(where) > 1 and where[0] == "steps":
            step = content["steps"][int(where[1])]
            title = step.get("step", "?") if isinstance(step, dict) else "?"
            where[:2] = [f"step {int(where[1]) + 1} ({title})"]
        lines.append(f"  {' > '.join(where) or 'the file'}: {fault['msg'].removeprefix('Value error, ')}")
    return lines
