"""What holds in a chain: its agreements where they are within their bounds, our own tables elsewhere.

An agreement beyond its bounds changes nothing, whoever published it; `flaws` names every one of them with how to mend
it, and `estafette directory` publishes none.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from schemas.agreements import Agreements
from schemas.tables.agreeable import BEFORE, DIRECT, LEAST, NUMBER, TERM, Agreeable, Bound, height
from schemas.tables.ladder import LADDERS, Ladder
from schemas.tables.obligation_row import Basis, Row, Term, Unit
from schemas.tables.obligations import BY_CODE

UNITS = {Unit.WORKING_DAYS: "working day", Unit.DAYS: "day", Unit.MONTHS: "month", Unit.HOURS: "hour"}
_UNIT_OF = {**{word: unit for unit, word in UNITS.items()}, **{f"{word}s": unit for unit, word in UNITS.items()}}
_HOURS = {Unit.HOURS: 1, Unit.DAYS: 24, Unit.WORKING_DAYS: 24, Unit.MONTHS: 30 * 24}


class Flaw(NamedTuple):
    """Why an agreement cannot stand, and what may."""

    name: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}\n    {self.mend}"


def written(term: Term) -> str:
    """`3 working days`."""
    return f"{term.count} {UNITS[term.unit]}{'' if term.count == 1 else 's'}"


def read_term(text: str, basis: Basis = Basis.OURS) -> Term:
    """What `written` wrote, or a person. Raises ValueError."""
    count, _, unit = text.partition(" ")
    if unit not in _UNIT_OF:
        raise ValueError(f"{text!r} is no length of time")
    return Term(int(count), _UNIT_OF[unit], basis)


def nominal(term: Term) -> int:
    """Its length in hours, a working day as a day: to compare terms of our own."""
    return term.count * _HOURS[term.unit]


@lru_cache(maxsize=4096)
def _agreed(name: str, text: str) -> Term | Flaw:
    row = TERM.get(name)
    if row is None:
        fixed = f"is not agreed: {BY_CODE[name].source}" if name in BY_CODE else "is nothing that is agreed"
        return Flaw(name, fixed, _near(name))
    term = read_term(text, row.term.basis)
    return _out_of_bounds(row, term) or term


def _near(name: str) -> str:
    same = sorted(known for known in TERM if known.partition(".")[0] == name.partition(".")[0])
    if name in NUMBER:
        return "it is a number: put it under `numbers`"
    return f"there is {', '.join(same)}" if same else "leave it out; what may be agreed stands in docs/agreements.md"


def _out_of_bounds(row: Agreeable, term: Term) -> Flaw | None:
    told, ours = written(term), written(row.term)
    if row.own_unit and term.unit is not row.term.unit:
        return Flaw(row.name, f"{told} cannot be laid beside {ours} ({row.source})", f"in {UNITS[row.term.unit]}s")
    if row.bound in _WHY:
        longer = f"{told} is longer than {ours}: {_WHY[row.bound]} ({row.source})"
        return Flaw(row.name, longer, f"{ours} at most") if term.count > row.term.count else None
    if nominal(term) > 2 * nominal(row.term):
        return Flaw(row.name, f"{told} is more than twice {ours}", f"{written(_times(row.term, 2))} at most")
    if row.bound is Bound.NEAR and 2 * nominal(term) < nominal(row.term):
        return Flaw(row.name, f"{told} is less than half of {ours}", f"at least half of {ours}")
    return None


_WHY = {
    Bound.LAW: "the law gives this term, and no agreement lengthens it",
    Bound.NORM: "the norm of the field gives this term, and no agreement lengthens it",
    Bound.DANGER: "something went before its time, and is looked at no later",
}


def _times(term: Term, factor: int) -> Term:
    return replace(term, count=factor * term.count)


def flaws(agreements: Agreements) -> Iterator[Flaw]:
    """Everything in it that cannot stand."""
    for name, text in agreements.terms.items():
        found = _agreed(name, text)
        if isinstance(found, Flaw):
            yield found
    for name, number in agreements.numbers.items():
        yield from _flawed_number(name, number)
    yield from _slower_in_danger(agreements)


def _flawed_number(name: str, number: int) -> Iterator[Flaw]:
    row = NUMBER.get(name)
    if row is None:
        mend = "it is a term: put it under `terms`" if name in TERM else f"there is {', '.join(NUMBER)}"
        yield Flaw(name, "is no number that is agreed", mend)
    elif not row.least <= number <= row.most:
        yield Flaw(name, f"{number} is out of bounds ({row.source})", f"from {row.least} to {row.most}")


def _slower_in_danger(agreements: Agreements) -> Iterator[Flaw]:
    """What is agreed for direct unsafety is no longer than otherwise."""
    for name in TERM:
        usual = name.replace(DIRECT, "")
        if DIRECT not in name or usual not in TERM or not {name, usual} & agreements.terms.keys():
            continue
        slow, fast = term_of(name, agreements), term_of(usual, agreements)
        if nominal(slow) > nominal(fast):
            what = f"{written(slow)} in direct unsafety is longer than {written(fast)} otherwise"
            yield Flaw(name, what, f"{written(fast)} at most; give {name} too")


def term_of(name: str, agreements: Agreements | None) -> Term:
    """The term of this name in a chain. Raises KeyError for a name that is none."""
    ours = TERM[name].term
    if agreements is None or name not in agreements.terms:
        return ours
    found = _agreed(name, agreements.terms[name])
    return ours if isinstance(found, Flaw) else found


def number_of(name: str, agreements: Agreements | None) -> int:
    """The number of this name in a chain. Raises KeyError for a name that is none."""
    row = NUMBER[name]
    number = agreements.numbers.get(name, row.number) if agreements else row.number
    return number if row.least <= number <= row.most else row.number


def row_of(row: Row, agreements: Agreements | None) -> Row:
    """A row of the table of obligations with the terms of a chain."""
    if agreements is None:
        return row

    def agreed(suffix: str, ours: Term | None) -> Term | None:
        return term_of(row.code + suffix, agreements) if row.code + suffix in TERM else ours

    return replace(
        row,
        due=agreed("", row.due),
        direct=agreed(DIRECT, row.direct),
        keeps_date=agreed(LEAST, row.keeps_date),
        opens_before=agreed(BEFORE, row.opens_before),
    )


def ladder_of(name: str, direct: bool, agreements: Agreements | None) -> Ladder:
    """The rungs of this name in a chain."""
    usual, fast = LADDERS[name]
    rungs = fast if direct else usual
    if agreements is None:
        return rungs
    suffix = DIRECT if direct and fast is not usual else ""
    return tuple(
        replace(rung, after=term_of(height(name, suffix, rung.tier), agreements)) if rung.after else rung
        for rung in rungs
    )
