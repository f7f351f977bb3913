"""What the organisations of one chain agreed otherwise than we have it (werkafspraken; D#17, D#152, D#158).

A chain is a coordination with everyone who names it in the directory. Its agreements stand in the coordination's entry,
each from a day on, and past ones stay: what was decided under them is not decided again. What may be agreed, within
which bounds, and what holds where nothing was agreed: tables/agreeable.py. The work protocols of college, Raad and
institutions are put in writing anyway (Jeugdwet 3.1(5), 3.5(3)).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.base import Code, Frozen

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

    def __str__(self) -> str:
        return f"{self.document} from {self.since}"


def in_force(agreed: Iterable[Agreements], day: date) -> Agreements | None:
    """What holds on a day: the last one listed that has begun. None: everything as we have it."""
    begun = [agreements for agreements in agreed if agreements.since <= day]
    return begun[-1] if begun else None


def kept(before: tuple[Agreements, ...], after: tuple[Agreements, ...]) -> bool:
    """Whether what was agreed before still stands, in its place: only something new may follow it."""
    return after[: len(before)] == before


def same(one: Agreements | None, other: Agreements | None) -> bool:
    """Whether both say the same, whatever they are called and whenever they began."""
    return _said(one) == _said(other)


def _said(agreements: Agreements | None) -> Mapping[str, Any]:
    said = agreements.model_dump(mode="json") if agreements else {}
    return {name: value for name, value in said.items() if name not in ("since", "document") and value}
