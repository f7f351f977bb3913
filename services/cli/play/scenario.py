"""The scenario format. docs/scenarios.md explains it to writers; this module and `check` are what their files are held
against.
"""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from schemas.base import Code, Frozen, Slug
from schemas.days import AMSTERDAM
from schemas.handovers import HandoverState
from schemas.manifest import (
    Category,
    GdprArticle,
    Purpose,
    Source,
    SourceKind,
    SpecialArticle,
    StatementKind,
    Weighing,
    Withheld,
)
from schemas.parties import OrganisationKind
from schemas.person import Custody, Person, PersonStatus, Role
from schemas.refusal import Flag, Refusal

LABEL = r"\$[a-z][a-z0-9_-]{0,40}"
WHO = r"[a-z][a-z0-9-]{1,47}/[A-Za-z0-9_.-]{1,40}"
_DURATION = re.compile(r"(\d+) (minute|hour|day|week)s?")


def _text(pattern: str, says: str) -> AfterValidator:
    """A text of this form; `says` tells a writer what is expected."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {says}")
        return value

    return AfterValidator(check)


def _local(value: datetime) -> datetime:
    """A time without a zone is Dutch local time."""
    return value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)


def _listed(value: Any) -> Any:
    """One stands for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


_LISTED = BeforeValidator(_listed)
Label = Annotated[str, _text(LABEL, "a label: write it as $handover (a $, then small letters, digits, - or _)")]
"""A name for an id that the player makes, e.g. `$handover`; the same label is the same id throughout one play."""
Who = Annotated[str, _text(WHO, "a professional: write organisation/ref, e.g. lokaal-team-linde/linde-1")]
"""A professional: `organisation/ref` as in the directory, e.g. `lokaal-team-linde/linde-1`."""
Moment = Annotated[datetime, AfterValidator(_local)]
Duration = Annotated[
    str, _text(_DURATION.pattern, "a length of time: write '3 days', '26 hours', '90 minutes' or '2 weeks'")
]
Slugs = Annotated[tuple[Slug, ...], _LISTED]
Codes = Annotated[tuple[Code, ...], _LISTED]
Refs = Annotated[tuple[Code, ...], _LISTED]
Refusals = Annotated[tuple[Refusal, ...], _LISTED]


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
    custody: Annotated[tuple[Code | Custody, ...], _LISTED] = ()
    status: PersonStatus = PersonStatus.KNOWN
    competent: bool | None = None
    representative: Code | None = None
    contact_unsafe: bool = False
    location_protected: bool = False

    def person(self, ref: str, checked_on: date) -> Person:
        """The person as it stands in a message; custody was checked on the scenario's first day."""
        rows = tuple(c if isinstance(c, Custody) else Custody(holder=c, checked_on=checked_on) for c in self.custody)
        return Person(ref=ref, **{**self.model_dump(exclude={"custody"}), "custody": rows})


class BasisSpec(Frozen):
    """A basis for one person, where a code alone does not say enough."""

    secrecy: Code
    gdpr: GdprArticle | None = None
    special: SpecialArticle | None = None
    weighing: Weighing | dict[str, Any] | None = None


def _shape(names: type | tuple[type, ...], otherwise: str) -> Discriminator:
    return Discriminator(lambda value: "plain" if isinstance(value, names) else otherwise)


OneBasis = Annotated[Annotated[Code, Tag("plain")] | Annotated[BasisSpec, Tag("whole")], _shape(str, "whole")]
Bases = Annotated[
    Annotated[Code, Tag("plain")] | Annotated[dict[Code, OneBasis], Tag("a person")], _shape(str, "a person")
]
"""One code for every person, or a basis for each person."""
NO_BASES: Bases = Field(default_factory=dict)


class SectionSpec(Frozen):
    """One section of a letter. `basis`: one for all persons it is about, or per person."""

    item: Label | None = None
    category: Category
    about: Refs = ()
    kind: StatementKind = StatementKind.FACT
    as_of: date | None = None
    source: Annotated[
        Annotated[SourceKind, Tag("plain")] | Annotated[Source, Tag("whole")], _shape((str, SourceKind), "whole")
    ] = SourceKind.OWN_OBSERVATION
    basis: Bases = NO_BASES
    gdpr: GdprArticle = GdprArticle.PUBLIC_TASK
    text: str


class ForwardSpec(Frozen):
    """An item received or sent before, sent on as it is."""

    forward: Label
    basis: Bases = NO_BASES
    gdpr: GdprArticle = GdprArticle.PUBLIC_TASK


class WithheldSpec(Withheld):
    """An item that is kept back, by its label."""

    item: Label


def _forwards(value: Any) -> str:
    found = isinstance(value, ForwardSpec) or (isinstance(value, dict) and "forward" in value)
    return "forwarded" if found else "section"


OneSection = Annotated[
    Annotated[SectionSpec, Tag("section")] | Annotated[ForwardSpec, Tag("forwarded")], Discriminator(_forwards)
]


class AlertExpected(Frozen):
    """An open alert that must be there. `to`: each of these has it; `not_to`: none of these has one of this code."""

    code: Code
    tier: Annotated[int, Field(ge=1, le=3)] | None = None
    to: Annotated[tuple[Slug, ...], _LISTED, Field(min_length=1)]
    not_to: Slugs = ()
    child: Code | None = None
    named: Label | None = None  # from here on this label is the alert's id


class QueryExpected(Frozen):
    """What a question to a page of an organisation (or of the ledger) must answer.

    `under`: the part of the answer that is looked at, e.g. `entries`. `contains`: every field named must be there with
    this value; of lists, an element for each one named. `lacks`: text that may stand nowhere in it. `status`: of HTTP.
    """

    who: Who
    get: str
    at: Slug | None = None  # `ledger`, or another organisation than that of `who`
    status: int = 200
    under: str | None = None
    contains: Any = None
    count: int | None = None
    lacks: Annotated[tuple[str, ...], _LISTED] = ()


class Expect(Frozen):
    """What must be true after a step. Everything named is checked."""

    delivered: bool | None = None
    refused: Refusals | None = None  # exactly these codes
    refused_with: Refusals = ()  # at least these
    reasons: Annotated[tuple[dict[str, Any], ...], _LISTED] = ()  # each found among the reasons, field by field
    flags: Annotated[tuple[Flag, ...], _LISTED] = ()
    regie: Slug | Literal["nobody"] | None = None
    handovers: dict[Label, HandoverState] = Field(default_factory=dict)
    alerts: Annotated[tuple[AlertExpected, ...], _LISTED] = ()
    no_alert: Annotated[Annotated[bool, Tag("plain")] | Annotated[Codes, Tag("codes")], _shape(bool, "codes")] = False
    sight: dict[Code, Slugs] = Field(default_factory=dict)  # child -> organisations whose plan is in force
    queries: Annotated[tuple[QueryExpected, ...], _LISTED] = ()

    @model_validator(mode="after")
    def _one_verdict(self) -> Self:
        if self.delivered and (self.refused is not None or self.refused_with):
            raise ValueError("a message is delivered or refused, not both")
        return self


class Step(Frozen):
    """One moment: somebody says something, opens a letter, or only time passes."""

    step: str
    note: str = ""
    at: Moment | None = None
    after: Duration | None = None
    who: Who | None = None
    second: Who | None = None
    say: str | None = None
    case: Label = "$case"
    to: Slugs = ()
    acting_under: OrganisationKind | None = None
    dry_run: bool = False
    body: dict[str, Any] = Field(default_factory=dict)
    purpose: Purpose | None = None
    sections: Annotated[tuple[OneSection, ...], _LISTED] = ()
    withheld: Annotated[tuple[WithheldSpec, ...], _LISTED] = ()
    message: Label | None = None  # names the message, for `open`
    open: Label | None = None  # who opens the letter that was named so
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.at is not None and self.after is not None:
            raise ValueError("give `at` or `after`, not both")
        if self.say and self.open:
            raise ValueError("one step says something or opens a letter; make two steps")
        if (self.say or self.open) and self.who is None:
            raise ValueError("`who` says or opens it: organisation/ref")
        if self.sections and self.purpose is None:
            raise ValueError("a letter with sections needs a `purpose`")
        if not self.say and self._about_the_verdict():
            raise ValueError("nobody says anything here, so there is no verdict to expect: give `who` and `say`")
        return self

    def _about_the_verdict(self) -> bool:
        expect = self.expect
        return expect.delivered is not None or self.expects_refusal or bool(expect.reasons or expect.flags)

    @property
    def expects_refusal(self) -> bool:
        """Whether the step is there to be refused."""
        return self.expect.refused is not None or bool(self.expect.refused_with) or self.expect.delivered is False


class Scenario(Frozen):
    """A whole story: who takes part, the family, and the steps in order. `parts` holds YAML anchors to repeat."""

    scenario: str
    about: str = ""
    source: str = ""
    start: Moment
    organisations: Annotated[tuple[Slug, ...], Field(min_length=1)]
    persons: dict[Code, PersonSpec]
    parts: Any = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @staticmethod
    def moment(step: Step, now: datetime) -> datetime:
        """When a step happens, after a step at `now`."""
        if step.at is not None:
            return step.at
        return now + as_timedelta(step.after) if step.after is not None else now
