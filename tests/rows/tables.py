"""Every table of rules, and in words each of its rows: what a test must have made decide something."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.manifest import Category, Purpose
from schemas.refusal import Mend, Refusal
from schemas.tables import (
    access_ages,
    agreeable,
    blocks,
    calendar,
    categories,
    consent_ages,
    grounds,
    investigations,
    key_decisions,
    ladder,
    messages,
    obligations,
    refusals,
    request,
    team_reasons,
    transitions,
)
from schemas.tables.blocks import BlockRow, Need, Route
from schemas.tables.investigations import Step
from schemas.tables.obligation_row import On, Per
from schemas.tables.transitions import Transition
from services.gate.rules.judge import AFTER_CLOSING
from services.oversight.rules.flagged import FLAGGED

FILE = "ESTAFETTE_ROWS"
"""The environment variable that names the file in which the recorder writes what decided."""


def said(on: On) -> str:
    """What opens or closes an obligation."""
    parts = (on.message, on.enters and f"into {on.enters}", on.leaves and f"out of {on.leaves}", on.effect, on.when)
    return " ".join(str(part) for part in parts if part) or "time"


def step(row: Transition | Step[Any]) -> str:
    """A row of a state machine."""
    states = "/".join(sorted(state.value if state else "NONE" for state in row.states))
    when = "".join(f" if {when}" for when in getattr(row, "when", ()))
    return f"{row.by} says {row.message}{f' {row.variant}' if row.variant else ''} in {states}{when}: {row.to}"


def asked(row: BlockRow, route: Route) -> str:
    """A block on a route."""
    return f"{row.block} {route}"


def _asked() -> Iterator[str]:
    """Of a proposal: what can be refused for want of it."""
    for row in blocks.BLOCKS:
        for route in Route:
            need = row.need(route)
            if need is Need.M or (need is Need.U and row.category is not None):
                yield asked(row, route)


def _opening() -> Iterator[str]:
    for row in obligations.ROWS:
        yield from (f"{row.code} opens: {said(on)}" for on in row.opens)


def _closing() -> Iterator[str]:
    """A check of sight is met by looking at the plans (services/oversight/rules/sight.py), as one row."""
    for row in obligations.ROWS:
        if row.per is Per.CHILD:
            yield f"{row.code} closes"
        else:
            yield from (f"{row.code} closes: {said(on)}" for on in row.closes)


def _rungs() -> Iterator[str]:
    for name, pair in ladder.LADDERS.items():
        for direct, rungs in zip((False, True), pair, strict=True):
            yield from (rung(name, direct, each.tier) for each in rungs)


def rung(name: str, direct: bool, tier: int) -> str:
    return f"{name}{' in direct unsafety' if direct else ''}, tier {tier}"


def _days_off() -> Iterator[str]:
    yield from (f"{day:02}-{month:02}" for month, day in (*calendar.FIXED, calendar.KINGS_DAY))
    yield from (f"Easter {offset:+}" for offset in calendar.FROM_EASTER)
    yield from (day.isoformat() for days in calendar.DECREE_DAYS.values() for day in sorted(days))


def _limited(purpose: Purpose) -> bool:
    """Some category may not travel for it."""
    return bool(frozenset(Category) - categories.NO_ROUTE - categories.PURPOSES[purpose])


def _purposes() -> Iterator[str]:
    for purpose in Purpose:
        yield f"{purpose} lets through"
        if _limited(purpose):
            yield f"{purpose} holds back"


def _conversations() -> Iterator[str]:
    for name, allowed in categories.CONVERSATIONS.items():
        yield f"{name} lets through"
        if frozenset(Purpose) - allowed:
            yield f"{name} holds back"


CITED: Mapping[str, categories.Cited] = {
    **{category.value: cited for category, cited in categories.LAWS.items()},
    **{name: value for name, value in vars(categories).items() if isinstance(value, categories.Cited)},
}
"""What a refusal of a category, purpose or recipient stands on."""


def _texts(rows: Iterable[str]) -> tuple[str, ...]:
    found = tuple(rows)
    if len(set(found)) != len(found):
        raise ValueError(f"two rows by one name: {sorted(name for name in set(found) if found.count(name) > 1)}")
    return found


TABLES: Mapping[str, tuple[str, ...]] = {
    name: _texts(rows)
    for name, rows in {
        "messages": (row.name for row in messages.ROWS),
        "what the gate says": (body.name for body in messages.GATE_MADE),
        "after closing": sorted(AFTER_CLOSING),
        "handovers": map(step, transitions.TRANSITIONS),
        "investigations": map(step, investigations.INVESTIGATION),
        "round tables": map(step, investigations.TABLE),
        "grounds": (ground.code for ground in grounds.GROUNDS),
        "other bases": (grounds.CONSENT, grounds.SET_ASIDE, grounds.OWN_WORD),
        "exemptions": (row.law for row in categories.EXEMPTIONS),
        "consent by age": (row.law + str(row.voices) for row in consent_ages.AGES),
        "access by age": (f"from {row.since}, competent {row.competent}" for row in access_ages.ROWS),
        "purposes": _purposes(),
        "purposes of conversations": _conversations(),
        "limits of categories": CITED,
        "blocks of a proposal": _asked(),
        "elements of a request": (row.element.value for row in request.ELEMENTS),
        "key decisions": (row.message for row in key_decisions.KEY_DECISIONS),
        "obligations open": _opening(),
        "obligations close": _closing(),
        "obligations alarm": (row.code for row in obligations.ROWS),
        "standing obligations": (state.value for state in obligations.STANDING),
        "ladders": _rungs(),
        "patterns": ladder.PATTERNS,
        "flags looked at": (f"{row.flag}: {over}" for row in FLAGGED for over in row.over),
        "agreed terms": agreeable.TERM,
        "agreed numbers": agreeable.NUMBER,
        "reasons of teams": (reason.value for reason in team_reasons.REASON_OF),
        "refusals": Refusal,
        "mends": Mend,
        "mends of a code": (f"{code} {mend}" for code, mend in refusals.OF_CODE),
        "days off": _days_off(),
    }.items()
}
"""The rows by table."""
