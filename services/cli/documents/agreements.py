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
advisers: [BEHAVIOURAL_SCIENCE, SAFETY]
institution: [BESIDE]
powers:
  END_HELP: [team-manager]
teams:
  lokaal-team-berk: [SIGNAL_AND_DISCUSS]
pair: VT_ORIGIN
```

```yaml
# us.yaml, in addition to what docs/keys.md names
agreements: [noord-2026.yaml, noord-2027.yaml]
```

* To see what it does: name the file so in a copy of `deploy/demo.yaml` (of its coordination), and play a story with it:
  `estafette play --fresh --organisations COPY scenarios/stilstand.yaml`.
* What is not named is as we have it. `docs/agreements-default.yaml` names everything, as it is: a start to work from.
* It counts from `since` on (the last one listed that has begun) for cases that an organisation of the chain leads. What
  was decided or owed before stays. To change agreements, list new ones after the old: an entry in which earlier ones
  are gone or altered is ignored.
* Agreements are published when everybody in the directory runs a release that knows them: an older one cannot read the
  entry.
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
CHOICES: Final = """
## Who does what

* `advisers`: of whom one is consulted before the Raad is asked (SAFETY, BEHAVIOURAL_SCIENCE, MANAGEMENT). The goal,
  reflection and dissent, is fixed, and not the means (D#155). Not named: a behavioural scientist
  (gedragswetenschapper).
* `institution`: what a certified institution does without a measure: ADVISES (the team alone is in touch with the
  family), BESIDE (comes along with the team), CARRIES (does the work for safety itself). A request names one of those
  agreed, and the acceptance the same (D#17). Not named: any, and it need not be said.
* `powers`: which functions of who leads decide for a partner without talking it over first: GIVE_STANDSTILL (a
  standstill becomes the partner's to get moving), END_HELP (help that the partner gives ends). Others are refused
  until the two have talked it over in the last four weeks (consults.held), or let their managers decide (D#19-20). A
  power that is not named: each who leads has it.
* `teams`: what a local team does itself, by its slug: SIGNAL_AND_DISCUSS, ASSESS_AND_INTERVENE. A team without the
  second takes no case of Veilig Thuis or in direct unsafety, and assesses no safety, unless a safety team or an
  institution joined (D#139). Not named: both.
* `pair`: in which cases that a local team leads a professional of the regional safety team is named beside it:
  VT_ORIGIN, DIRECT_SAFETY, ALL. As long as there is none, PAIR_NAMED is owed (D#187). Not named: none.
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
    return "\n".join([HEAD, *_terms(), *_numbers(), CHOICES]) + "\n"


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


def default() -> str:
    """docs/agreements-default.yaml: agreements that change nothing, to work from."""
    return "\n".join(_default()) + "\n"


def _default() -> Iterator[str]:
    yield "# Everything that a chain may agree, as it is where nothing was agreed: take over only what is otherwise."
    yield "# Made by `estafette documents`; within which bounds: docs/agreements.md"
    yield "since: 2027-01-01  # the day from which it holds"
    yield "document: werkafspraken-REGION-2027  # where it is written down and signed"
    yield "terms:"
    yield from (f"  {row.name}: {term(row.term)}" for row in TERMS)
    yield "numbers:"
    yield from (f"  {row.name}: {row.number}" for row in NUMBERS)
    yield "# And who does what: advisers, institution, powers, teams, pair (docs/agreements.md). Not named: as it was."
