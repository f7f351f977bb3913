"""Whether persons who are named together make a family that the rules can judge by."""

from collections.abc import Iterable, Iterator

from schemas.person import Person
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules.case import Context


def family_fits(ctx: Context, persons: Iterable[Person]) -> Iterator[Reason]:
    """Custody holders, mothers and representatives are persons of the case; a guardian may be a known organisation."""
    changed = {person.ref: person for person in persons}
    refs = changed.keys() | {person.ref for person in ctx.case.persons}
    named = [
        *(custody.holder for p in changed.values() for custody in p.custody if custody.holder not in ctx.directory),
        *(ref for p in changed.values() for ref in (p.mother, p.representative) if ref is not None),
    ]
    missing = tuple(dict.fromkeys(ref for ref in named if ref not in refs))
    if missing:
        yield Reason(code=Refusal.PERSON_UNKNOWN, missing=missing[:64], law="BW 1:245", mend=(Mend.CORRECT,))
