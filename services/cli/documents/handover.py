"""docs/handover.md: the warm handover as diagrams and as a table, drawn from schemas/tables/transitions.py."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.handovers import FINAL, HandoverKind, HandoverState
from schemas.tables import lead, transitions
from schemas.tables.blocks import BLOCKS, Route
from schemas.tables.transitions import ANY_KIND, NO_STATE, Side, Transition
from services.cli.documents.words import DUTCH, codes, plainly

HEAD: Final = """# The warm handover (warme overdracht)

In which state who may say what, and what the handover becomes. Drawn from `schemas/tables/transitions.py`: change it
there, and run `estafette documents`. Whatever does not stand here is refused as WRONG_STATE and changes nothing. Of
several rows that fit the first counts. Until a handover is complete, or an emergency, the sender stays responsible.

**Sender** (overdrager), **receiver** (ontvanger), **opener**: who begins it; **other**: it is said about another
handover of the same case and touches this one. A dash: the state stays as it is.
"""
PHASES: Final[tuple[tuple[str, str, Sequence[Transition]], ...]] = (
    ("How it begins (begin)", "A proposal, a court order, or acute danger.", transitions.OPENING),
    ("The answer (antwoord)", "The receiver answers by name; the sender may take it back.", transitions.ANSWERING),
    (
        "Warm (warm gesprek)",
        "The talk of both with the family, the reading, the first contact: regie moves.",
        transitions.WARM,
    ),
    ("Going back (terug)", "A joint consult, or handing back and its answer.", transitions.GOING_BACK),
    ("Emergency (spoed)", "Taking over in acute danger, and giving it back.", transitions.EMERGENCY),
    ("Court orders (maatregel)", "What a measure does to a handover.", transitions.MEASURES),
)


def document() -> str:
    """The page. A row that stands in no phase is an error."""
    drawn = [row for _, _, rows in PHASES for row in rows]
    if tuple(drawn) != transitions.TRANSITIONS:
        raise ValueError("every row of the table stands in one phase of the page, in its order")
    lines = [HEAD, *_states()]
    for title, about, rows in PHASES:
        lines += [f"\n## {title}\n", f"{about}\n", *_diagram(rows), "", *_table(rows)]
    return "\n".join([*lines, *_blocks(), *_lead()]).rstrip() + "\n"


def _lead() -> Iterator[str]:
    """What goes over with the case, from schemas/tables/lead.py."""
    yield "\n## What comes with the lead (wat regie inhoudt)\n"
    yield "Only who leads says this; of anybody else it is refused as NOT_REGIE_HOLDER. Veilig Thuis hands over its own"
    yield "report as well, and who carries out a measure asks others to join.\n"
    yield "| who leads may | by |"
    yield "|---|---|"
    yield from (f"| {what} | {message} |" for message, what in lead.ALONE.items())
    yield f"\nAnd who leads owes, whoever that is by then: {', '.join(lead.OWED)} ([obligations.md](obligations.md))."


def _states() -> Iterator[str]:
    yield "| state | in Dutch | |"
    yield "|---|---|---|"
    for state in HandoverState:
        yield f"| {state.value} | {DUTCH.get(state.value, '')} | {'final' if state in FINAL else 'open'} |"


def _diagram(rows: Sequence[Transition]) -> Iterator[str]:
    """Each pair of states once, with all that leads from one to the other."""
    moves: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for state in _ordered(row):
            if row.to is not None:
                said = moves.setdefault((_node(state), row.to.value), [])
                if (label := _said(row)) not in said:
                    said.append(label)
    yield "```mermaid"
    yield "stateDiagram-v2"
    for (source, target), labels in moves.items():
        yield f"    {source} --> {target}: {', '.join(labels)}"
    for final in sorted({target for _, target in moves} & {state.value for state in FINAL}):
        yield f"    {final} --> [*]"
    yield "```"


def _ordered(row: Transition) -> list[HandoverState | None]:
    order: list[HandoverState | None] = [None, *HandoverState]
    return [state for state in order if state in row.states]


def _node(state: HandoverState | None) -> str:
    return "[*]" if state is None else state.value


def _said(row: Transition) -> str:
    """`accepted`, `consult held RETURN`: the conversation is left out where it is the handover's own."""
    name = row.message.removeprefix("handovers.").replace("_", " ").replace(".", " ")
    return f"{name} {row.variant}" if row.variant else name


def _table(rows: Sequence[Transition]) -> Iterator[str]:
    yield "| message | in state | by | when | becomes | kinds | also | opens, closes | source |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        message = f"{row.message} {row.variant}" if row.variant else row.message
        states = ", ".join(NO_STATE if state is None else state.value for state in _ordered(row))
        kinds = "any" if row.kinds == ANY_KIND else codes(row.kinds, HandoverKind)
        yield (
            f"| {message} | {states} | {_side(row.by)} | {'; '.join(map(plainly, row.when))} | "
            f"{row.to.value if row.to else '-'} | {kinds} | {'; '.join(map(plainly, row.effects))} | "
            f"{_owed(row)} | {row.source} |"
        )


def _side(side: Side) -> str:
    return side.value.lower()


def _owed(row: Transition) -> str:
    opens = [f"opens {code}" for code in row.opens]
    return ", ".join([*opens, *(f"closes {code}" for code in row.closes)])


def _blocks() -> Iterator[str]:
    yield "\n## What a proposal holds (inhoud van de overdracht)\n"
    yield (
        "M: refused without it. U: a value, or the coded reason why there is none. -: not asked. From "
        "`schemas/tables/blocks.py`.\n"
    )
    yield f"| block | section | {' | '.join(route.value.replace('_', ' ').lower() for route in Route)} | source |"
    yield f"|---|---|{'---|' * len(Route)}---|"
    for row in BLOCKS:
        cells = " | ".join(row.need(route).value for route in Route)
        yield (
            f"| {row.block.value} | {row.category.value if row.category else 'coded field'} | {cells} | {row.source} |"
        )
