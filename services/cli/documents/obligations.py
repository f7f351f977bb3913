"""docs/obligations.md: what is owed, by whom, until when, who looks on, and how loud it gets."""

from collections.abc import Iterator
from typing import Final

from schemas.tables.agreeable import TERM
from schemas.tables.ladder import LADDERS, LONGEST_SILENCE, NO_OVERSIGHT, PATTERNS, Ladder
from schemas.tables.obligation_row import Basis, From, On, Row
from schemas.tables.obligations import ROWS
from services.cli.documents.agreements import bound
from services.cli.documents.words import BASES, DUTCH, plainly, term, with_dutch

HEAD: Final = """# Obligations (verplichtingen)

What somebody owes after a message, until when, who looks on, and how loud it gets when nothing happens. Made from
`schemas/tables/obligations.py` and `ladder.py`: change it there, and run `estafette documents`. Working days
(werkdagen) and terms of law by the Algemene termijnenwet; the day of the event is day 0; a term in days ends at
23:59:59 in the Netherlands, a term in hours is elapsed hours. In direct unsafety (direct onveilig) our own working
days count 24 hours each, or as the row says; terms of law and norm do not change. What a chain may agree otherwise, and
how, is in [agreements.md](agreements.md): terms of law and norm only shorter.
"""


def document() -> str:
    """The page."""
    lines = [HEAD, *_overview(), "\n## Each of them"]
    for row in ROWS:
        lines += _row(row)
    return "\n".join([*lines, *_heights()]).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| code | in Dutch | due | whose term | responsible | looks on |"
    yield "|---|---|---|---|---|---|"
    for row in ROWS:
        yield (
            f"| [{row.code}](#{row.code.lower()}) | {DUTCH.get(row.code, '')} | {_due(row)} | {_basis(row)} | "
            f"{plainly(row.responsible)} | {plainly(row.watcher)} |"
        )


def _due(row: Row) -> str:
    if row.due is None:
        return plainly(row.counts_from)
    direct = row.term(direct_unsafety=True)
    other = f"; direct {term(direct)}" if direct is not None and direct != row.due else ""
    return term(row.due) + other


def _basis(row: Row) -> str:
    return BASES[row.due.basis] if row.due is not None else "the date that was given, within the bounds of the source"


def _row(row: Row) -> Iterator[str]:
    yield f"\n### {row.code}\n"
    if row.code in DUTCH:
        yield f"{DUTCH[row.code].capitalize()}. {row.source}.\n"
    else:
        yield f"{row.source}.\n"
    yield f"* **One for each**: {plainly(row.per)}"
    yield f"* **Opens**: {'; or '.join(map(_on, row.opens)) or 'with what it is one for'}"
    yield f"* **Due**: {_due(row)} ({_basis(row)})" + _counted(row)
    yield from _agreed(row)
    yield f"* **Responsible**: {plainly(row.responsible)}. **Looks on**: {plainly(row.watcher)}" + (
        ", from the first tier on" if row.tells_watcher else ""
    )
    closes = [_on(on) + ("" if on.met else " (it no longer applies)") for on in row.closes]
    yield f"* **Closes**: {'; or '.join(closes) or 'only with its case'}"
    yield (
        f"* **Heights**: {row.heights}"
        + (f", as alert {row.alarm}" if row.alarm else "")
        + (", one alert a child" if row.alert_per_child else "")
    )
    if extra := list(_extra(row)):
        yield f"* {'; '.join(extra)}"


def _agreed(row: Row) -> Iterator[str]:
    """What of it a chain may agree otherwise."""
    own = [name for name in TERM if name == row.code or name.startswith(f"{row.code}.")]
    if own:
        told = "; ".join(f"{name} {bound(TERM[name])}" for name in own)
        yield f"* **A chain may agree** ([agreements.md](agreements.md)): {told}"


def _counted(row: Row) -> str:
    return "" if row.due is None else f", from {_since(row)}"


def _since(row: Row) -> str:
    return "the moment it opens" if row.counts_from is From.NOW else plainly(row.counts_from)


def _extra(row: Row) -> Iterator[str]:
    if row.outlives:
        yield "outlives its handover"
    if row.after_closing:
        yield "stays after the case is closed"
    if row.restarts:
        yield "opening it again sets a new date"
    if row.keeps_date is not None:
        yield f"opened again it keeps its date, with {term(row.keeps_date)} at least"
    if row.opens_before is not None:
        yield f"shows from {term(row.opens_before)} before its date"


def _on(on: On) -> str:
    """One event in words."""
    parts = [on.message] if on.message else []
    parts += [f"the handover becomes {with_dutch(on.enters.value)}"] if on.enters else []
    parts += [f"the handover leaves {with_dutch(on.leaves.value)}"] if on.leaves else []
    parts += [f"effect: {plainly(on.effect)}"] if on.effect else []
    parts += [f"when: {plainly(on.when)}"] if on.when else []
    return ", ".join(parts)


def _heights() -> Iterator[str]:
    yield "\n## Heights (escalatieladder)\n"
    yield (
        "Tier 1: the next morning's digest of who is responsible. Tier 2: its team manager and the chain "
        "coordinator. Tier 3: both"
    )
    yield (
        "organisations and the coordinator, at once. An alert that somebody took up is silent until the "
        "day named, at most"
    )
    yield f"{term(LONGEST_SILENCE)}, and then goes one tier up. All of it is {BASES[Basis.OURS]}.\n"
    yield "What is late already goes a tier up at once when a report comes in while it was watched whether it stays"
    yield "safe, and when the family breaks with who watches; no sight by whom it broke with begins a tier higher.\n"
    yield "| heights | otherwise | in direct unsafety |"
    yield "|---|---|---|"
    for name, (usual, direct) in LADDERS.items():
        yield f"| {name} | {_rungs(usual)} | {_rungs(direct)} |"
    yield f"\n{NO_OVERSIGHT}: tier 3 at once. Patterns without a due moment, with their tier: " + (
        ", ".join(f"{code} {tier}" for code, tier in PATTERNS.items()) + "."
    )


def _rungs(ladder: Ladder) -> str:
    return ", ".join(
        f"tier {rung.tier} {'at the due moment' if rung.after is None else f'{term(rung.after)} later'}"
        for rung in ladder
    )
