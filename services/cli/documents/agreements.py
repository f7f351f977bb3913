"""docs/agreements.md: what a chain may agree otherwise than we have it, within which bounds, and how that is done."""

from collections.abc import Iterator
from typing import Final

from schemas.tables.agreeable import NUMBERS, TERMS, Agreeable, Bound
from services.cli.documents.words import term

HEAD: Final = """# Agreements of a chain (werkafspraken)

A chain (keten) is a coordination and every organisation that names it. It may agree other terms than we have: forms
differ, the task does not. This page is made from `schemas/tables/agreeable.py`: change it there, and run
`estafette documents`. Why it works this way:
[decisions/agreements-of-a-chain.md](decisions/agreements-of-a-chain.md).

## How it is done

1. The organisations of the chain agree, write it down and sign it among themselves (Jeugdwet 3.1(5), 3.5(3)).
2. The coordination puts what differs into a file in git. `estafette directory agreements FILE` says in plain words what
   it changes, or every reason why it cannot be, with the law.
3. The coordination names the file in its own description, after those of before, and signs:
   `estafette directory join us.yaml --folder DIR`.
4. The operator does `estafette directory confirm`, `plan` (each mistake once more, also a day that has begun), `apply`.

```yaml
# noord-2027.yaml, beside us.yaml
since: 2027-01-01
document: werkafspraken-noord-2027  # the paper that was signed
terms:
  FIRST_REACTION: 2 working days
  VT_INFORM: 14 days  # the law gives four weeks: shorter may be agreed, longer may not
numbers:
  ATTEMPTS: 2
```

```yaml
# us.yaml, in addition to what docs/keys.md names
agreements: [noord-2026.yaml, noord-2027.yaml]
```

* What is not named is as we have it. `deploy/agreements/default.yaml` names everything, as it is: a start to work from.
* It counts from `since` on (the last one listed that has begun) for cases that an organisation of the chain leads. What
  was decided or owed before stays. To change agreements, list new ones after the old: an entry in which earlier ones
  are gone or altered is ignored.
* A term of law or of a norm becomes shorter, never longer, in the unit it has; so does a term that is there because
  something went before its time. Others: up to twice ours. In direct unsafety nothing takes longer than otherwise. Gate
  and oversight leave alone what is beyond these bounds.
* Days off by decree (Algemene termijnenwet art. 3(3)) that came after this release stand in `decree-days.yaml` under
  the ESTAFETTE_HOME of oversight, which then starts anew; `estafette oversight decree-days FILE` checks it and shows
  every year (an example: `deploy/agreements/example-decree-days.yaml`). A decree that changes a year that was known
  counts for terms that begin on its `known_from` or later.
* Not agreed: what the law wants at once, whose consent is needed, what may be shared, the terms of telling a person
  (Wmo 2015 art. 5.3.1), the three months of the Raad (D§3a D11). Whether one parent's no may be passed over stands in
  the description of the organisation itself (`lenient_consent`).
"""
BOUNDS: Final = {
    Bound.LAW: "shorter only: law (wet)",
    Bound.NORM: "shorter only: norm of the field (veldnorm)",
    Bound.DANGER: "shorter only: it looks at what went before its time",
    Bound.DOUBLE: "up to twice as long",
    Bound.NEAR: "between half and twice",
}


def document() -> str:
    """The page."""
    return "\n".join([HEAD, *_terms(), *_numbers()]) + "\n"


def _terms() -> Iterator[str]:
    yield "## Terms\n"
    yield "`.direct`: in direct unsafety; `.least`: left when it opens again; `.before`: it shows before its date.\n"
    yield "| name | ours | may be agreed | what | source |"
    yield "|---|---|---|---|---|"
    for row in TERMS:
        yield f"| {row.name} | {term(row.term)} | {bound(row)} | {row.meaning} | {row.source} |"


def bound(row: Agreeable) -> str:
    """How far a chain may go with it, in words."""
    if row.bound is Bound.DOUBLE and row.own_unit:
        return f"{BOUNDS[row.bound]}, in days"
    return BOUNDS[row.bound]


def _numbers() -> Iterator[str]:
    yield "\n## Numbers\n"
    yield "| name | ours | may be agreed | what | source |"
    yield "|---|---|---|---|---|"
    for row in NUMBERS:
        yield f"| {row.name} | {row.number} | {row.least} to {row.most} | {row.meaning} | {row.source} |"
