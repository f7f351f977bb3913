"""REPEATED_REFUSED_REQUESTS: the same organisation is refused again and again about the same matter.

Seen by its own privacy officer (and by nobody's professional): read from the entries of an answer, never stored, so a
restart counts nothing twice. Why here: docs/decisions/repeated-refusals.md.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from schemas.base import Slug, Subject
from schemas.person import PersonRef
from schemas.refusal import Refusal
from services.ledger.answers import Line, Repeated

TIMES = 3
WITHIN = timedelta(days=30)
"""How often, within how long: ours."""
FOR_WANT_OF_A_BASIS = frozenset(
    {
        Refusal.NOT_A_PARTY,
        Refusal.NO_BASIS,
        Refusal.BASIS_WRONG_DIRECTION,
        Refusal.BASIS_NEEDS_MEASURE,
        Refusal.BASIS_NEEDS_WEIGHING,
        Refusal.CONSENT_INCOMPLETE,
        Refusal.CONSENT_WITHDRAWN,
        Refusal.PURPOSE_NOT_ALLOWED,
        Refusal.CATEGORY_NOT_ALLOWED,
    }
)


def repeated(lines: Iterable[Line]) -> tuple[Repeated, ...]:
    """What recurs in these lines, which may stand in any order; a line counts once for each person it names."""
    seen: dict[tuple[Slug, Subject, PersonRef | None], list[Line]] = {}
    for line in {(line.slot, line.slot_seq): line for line in lines}.values():
        if line.verdict == "REFUSED" and line.actor and line.case:
            for person in dict.fromkeys(_whom(line)):
                seen.setdefault((line.actor, line.case, person), []).append(line)
    found = (_found(*key, sorted(same, key=lambda line: line.at)) for key, same in seen.items())
    return tuple(one for one in found if one.times >= TIMES)


def _whom(line: Line) -> Iterator[PersonRef | None]:
    return (reason.person for reason in line.reasons if reason.code in FOR_WANT_OF_A_BASIS)


def _found(actor: Slug, case: Subject, person: PersonRef | None, same: list[Line]) -> Repeated:
    times = max(sum(line.at <= other.at <= line.at + WITHIN for other in same) for line in same)
    return Repeated(actor=actor, case=case, person=person, times=times, first=same[0].at, last=same[-1].at)
