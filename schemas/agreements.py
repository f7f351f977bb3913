"""What the organisations of one chain agreed otherwise than we have it (werkafspraken; D#17, D#152, D#158).

A chain is a coordination with everyone who names it in the directory. Its agreements stand in the coordination's entry,
each from a day on, and past ones stay: what was decided under them is not decided again. What may be agreed, within
which bounds, and what holds where nothing was agreed: tables/agreeable.py. The work protocols of college, Raad and
institutions are put in writing anyway (Jeugdwet 3.1(5), 3.5(3)).
"""

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import Field, StringConstraints

from schemas.base import Code, Frozen, Slug
from schemas.competences import Competence


class InstitutionRole(StrEnum):
    """What an institution does with a family while a team leads and there is no measure (rol van de GI, D#17)."""

    ADVISES = "ADVISES"  # the team alone is in touch with the family
    BESIDE = "BESIDE"  # comes along with the team, which does the rest
    CARRIES = "CARRIES"  # does the work for safety itself


class Power(StrEnum):
    """A decision of who leads with consequences for a partner (doorzettingsmacht, D#19)."""

    GIVE_STANDSTILL = "GIVE_STANDSTILL"  # a standstill becomes a partner's to get moving
    END_HELP = "END_HELP"  # help that a partner gives ends


class TeamTask(StrEnum):
    """What a local team does itself (D#139)."""

    SIGNAL_AND_DISCUSS = "SIGNAL_AND_DISCUSS"  # signaleren en bespreken
    ASSESS_AND_INTERVENE = "ASSESS_AND_INTERVENE"  # beoordelen en interveniëren


class PairFor(StrEnum):
    """Which cases that a local team leads have a fixed pair of its professional and one of the safety team (D#187)."""

    VT_ORIGIN = "VT_ORIGIN"
    DIRECT_SAFETY = "DIRECT_SAFETY"
    ALL = "ALL"


TermText = Annotated[
    str,
    StringConstraints(
        pattern="^(1 (working day|day|month|hour)|([2-9]|[1-9][0-9]{1,3}) (working days|days|months|hours))$"
    ),
]
"""A length of time as people write it: `5 working days`, `1 day`, `24 hours`."""


def unsaid(value: Any) -> bool:
    """Whether a field says nothing: then it is not written, and who does not know it yet can read the rest."""
    return not value


class Agreements(Frozen):
    """What holds from the day `since` on, in the place of all that was agreed before. What is not named is as we have
    it.
    """

    since: date  # decisions of this day on, in the Netherlands
    document: Code  # where it is written down and signed, e.g. werkafspraken-noord-2027
    terms: Annotated[dict[Code, TermText], Field(max_length=128, default_factory=dict, exclude_if=unsaid)]
    numbers: Annotated[dict[Code, int], Field(max_length=16, default_factory=dict, exclude_if=unsaid)]
    advisers: Annotated[tuple[Competence, ...], Field(max_length=8, default=(), exclude_if=unsaid)]
    """Of whom one is consulted before the Raad is asked. None named: a behavioural scientist."""
    institution: Annotated[tuple[InstitutionRole, ...], Field(max_length=3, default=(), exclude_if=unsaid)]
    """What an institution may be asked to do. None named: whatever the two say."""
    powers: Annotated[dict[Power, tuple[Code, ...]], Field(default_factory=dict, exclude_if=unsaid)]
    """Which functions of who leads hold a power without talking it over first. Not named: each."""
    teams: Annotated[
        dict[Slug, Annotated[tuple[TeamTask, ...], Field(min_length=1)]],
        Field(max_length=64, default_factory=dict, exclude_if=unsaid),
    ]
    """What a local team does itself. Not named: both."""
    pair: Annotated[PairFor | None, Field(default=None, exclude_if=unsaid)]
    """Which cases have a fixed pair. Not named: none has to."""

    def __str__(self) -> str:
        return f"{self.document} from {self.since}"


def in_force(agreed: Iterable[Agreements], day: date) -> Agreements | None:
    """What holds on a day: the last one listed that has begun. None: everything as we have it."""
    begun = [agreements for agreements in agreed if agreements.since <= day]
    return begun[-1] if begun else None


class Member(Protocol):
    """An organisation as a directory has it."""

    @property
    def coordination(self) -> Slug | None: ...
    @property
    def agreements(self) -> tuple[Agreements, ...]: ...


def agreed_by(member: Member | None, find: Callable[[Slug], Member | None], day: date) -> Agreements | None:
    """What the chain of an organisation agreed: the entry of its coordination, as it holds on a day. None: everything
    as our own tables have it.
    """
    desk = find(member.coordination or "") if member else None
    return in_force(desk.agreements, day) if desk else None


def kept(before: tuple[Agreements, ...], after: tuple[Agreements, ...]) -> bool:
    """Whether what was agreed before still stands, in its place: only something new may follow it."""
    return after[: len(before)] == before
