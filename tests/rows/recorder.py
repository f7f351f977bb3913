"""A pytest plugin that writes down which row of which table decided something while a test ran.

It stands around the few functions that walk the tables and around what comes of them,
so a row that was only looked at does not count: in the gate a row counts when a message was accepted by it, or refused.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from dateutil.easter import easter

from schemas.agreements import Agreements
from schemas.entry import EntryKind, Verdict
from schemas.refusal import Flag, Reason, Refusal
from schemas.supports import SupportRequested
from schemas.tables import access_ages, agreeable, agreed, categories, investigations, refusals
from schemas.tables.blocks import BLOCKS, route_of
from schemas.tables.calendar import DECREE_DAYS, FIXED, KINGS_DAY
from schemas.tables.ladder import PATTERNS
from schemas.tables.obligation_row import On, Row, Term
from schemas.tables.request import ELEMENTS
from services.gate import app as _gate  # noqa: F401 - and with it everything that imports a rule
from services.gate.rules import absences, bases, judge, sections, voices, walk
from services.gate.rules.case import Context, Judgement
from services.gate.scribe import Scribe
from services.oversight import app as _oversight  # noqa: F401
from services.oversight.rules import calendar, conditions, flagged, openings, sight
from services.oversight.rules import ladder as alarms
from services.oversight.rules.case import Alert, Watch
from tests.rows import tables

USED: defaultdict[str, set[str]] = defaultdict(set)
NOW: set[tuple[str, str]] = set()
"""What decided in the test that runs; it counts when the test passes."""
MAYBE: list[tuple[str, str]] = []
"""What decided, if the message that is being judged is accepted."""
STATE = {"running": False, "depth": 0}


def used(table: str, row: object) -> None:
    if STATE["running"]:
        NOW.add((table, str(row)))


def maybe(table: str, row: object) -> None:
    MAYBE.append((table, str(row)))


def around(function: Callable[..., Any], note: Callable[..., None]) -> None:
    """From here on `note` is called with what comes out and what went in, wherever the function is known by name."""

    @wraps(function)
    def noted(*args: Any, **more: Any) -> Any:
        found = function(*args, **more)
        note(found, *args)
        return found

    instead(function, noted)


def instead(function: Callable[..., Any], noted: Callable[..., Any]) -> None:
    owners = [module for name, module in tuple(sys.modules.items()) if name.startswith(("services.", "schemas."))]
    for owner in (*owners, Scribe, calendar.Calendar):
        for name, value in tuple(vars(owner).items()):
            if value is function:
                setattr(owner, name, noted)


# The gate


def judged(function: Callable[..., Judgement], note: Callable[[Judgement, Context], None]) -> None:
    """Rules call rules: what decided counts when the outermost of them accepts."""

    @wraps(function)
    def noted(ctx: Context, *args: Any) -> Judgement:
        STATE["depth"] += 1
        before = len(MAYBE)
        try:
            found = function(ctx, *args)
        finally:
            STATE["depth"] -= 1
        if found.reasons:
            del MAYBE[before:]
        elif not STATE["depth"]:
            for table, row in MAYBE:
                used(table, row)
            MAYBE.clear()
        for reason in found.reasons:
            refused(reason, ctx)
        note(found, ctx)
        return found

    instead(function, noted)


def accepted(found: Judgement, ctx: Context) -> None:
    """A message went through all rules. In a closed case, of what is there already, that alone is said."""
    closed = ctx.case.head is not None and not ctx.case.head.open
    if closed and [reason.code for reason in found.reasons] == [Refusal.CASE_EXISTS]:
        used("after closing", ctx.event.name)
    if found.reasons:
        return
    used("messages", ctx.event.name)
    if closed and ctx.event.name in judge.AFTER_CLOSING:
        used("after closing", ctx.event.name)
    if isinstance(ctx.body, SupportRequested) and ctx.body.team_reason is not None:
        used("reasons of teams", ctx.body.team_reason)
    if Flag.DECIDED_DURING_ABSENCE in found.effects.flags:
        used("key decisions", ctx.event.name)


def shared(found: Judgement, ctx: Context) -> None:
    """A letter's sections went through."""
    manifest = ctx.event.data.manifest
    if found.reasons or manifest is None or not manifest.sections:
        return
    used("purposes", f"{manifest.purpose} lets through")
    conversation = ctx.event.name.partition(".")[0]
    if conversation in categories.CONVERSATIONS:
        used("purposes of conversations", f"{conversation} lets through")
    for basis in (basis for section in manifest.sections for basis in section.bases):
        used("other bases" if basis.secrecy in tables.TABLES["other bases"] else "grounds", basis.secrecy)


def refused(reason: Reason, ctx: Context | None = None) -> None:
    used("refusals", reason.code)
    for mend in reason.mend:
        used("mends", mend)
        if (reason.code, mend) in refusals.OF_CODE and reason.missing:
            used("mends of a code", f"{reason.code} {mend}")
    if ctx is not None:
        _limits(reason, ctx)
        _lacks(reason, ctx)
        if reason.law in (absences.STAND_IN_LAW,) and ctx.event.name in tables.TABLES["key decisions"]:
            used("key decisions", ctx.event.name)


def _limits(reason: Reason, ctx: Context) -> None:
    section = next((s for s in ctx.sections if s.item == reason.section), None)
    if reason.code is Refusal.PURPOSE_NOT_ALLOWED:
        conversation = reason.section is None
        held = ctx.event.name.partition(".")[0] if conversation else ctx.purpose
        used("purposes of conversations" if conversation else "purposes", f"{held} holds back")
    for name, cited in tables.CITED.items():
        own = section is not None and categories.LAWS.get(section.category) is cited
        if reason.law == cited.law and (own or name not in {category.value for category in categories.LAWS}):
            used("limits of categories", name)


def _lacks(reason: Reason, ctx: Context) -> None:
    if reason.code is not Refusal.REQUIRED_SECTION_MISSING:
        return
    if ctx.event.name == "handovers.proposed":
        kind = ctx.recipients[0].kind if ctx.recipients else ctx.sender.kind
        route = route_of(ctx.sender.kind, kind)
        for block in (row for row in BLOCKS if row.source == reason.law):
            used("blocks of a proposal", tables.asked(block, route))
    if ctx.event.name == "investigations.registered":
        for element in (row for row in ELEMENTS if row.source == reason.law):
            used("elements of a request", element.element)


def exempt(found: bool, basis: Any, sharing: Any, office: Any) -> None:
    """The one row that lets it through; of two that would, neither is needed."""
    external = sharing.ctx.sender.external
    fit = [row for row in categories.EXEMPTIONS if row.fits(sharing.section.category, office, external, basis.secrecy)]
    alone = [row for row in fit if basis.special in (None, row.article)]
    if found and len(alone) == 1:
        maybe("exemptions", alone[0].law)


def entries() -> None:
    write, made = Scribe.write, Scribe.made

    def noted(self: Scribe, kind: Any, **fields: Any) -> str:
        for reason in fields.get("reasons", ()):
            refused(reason)
        if kind is EntryKind.MESSAGE and fields["verdict"] is Verdict.DELIVERED:
            used("messages", fields["message"].type)
        return write(self, kind, **fields)

    setattr(Scribe, "write", noted)  # noqa: B010
    around(made, lambda found, self, to, subject, body, *cause: used("what the gate says", body.name))


# Oversight


HELD: list[On] = []


def opened() -> None:
    """Which event opened it: the last that was found to hold."""
    original = openings._openings

    def noted(row: Row, event: Any) -> Iterator[Any]:
        HELD.clear()
        for about in original(row, event):
            used("obligations open", f"{row.code} opens: {tables.said(HELD[-1])}")
            yield about

    setattr(openings, "_openings", noted)  # noqa: B010
    around(conditions.opens, lambda found, on, *_: HELD.append(on) if found else None)


def stood(_: None, row: Row, event: Any, days: Any, about: Any) -> None:
    handover = about.handover
    if handover is not None and handover.before is handover.after and handover is not event.fact.handover:
        used("standing obligations", handover.after)


def closed(found: bool, on: On, event: Any, owed: Any) -> None:
    if found:
        used("obligations close", f"{owed.code} closes: {tables.said(on)}")


def sight_closed() -> None:
    original = sight.set_checks

    def noted(event: Any) -> None:
        before = {owed.key: owed.due for owed in event.watch.of(sight.CHECK)}
        original(event)
        after = {owed.key: owed.due for owed in event.watch.of(sight.CHECK)}
        if any(after.get(key) != due for key, due in before.items()):
            used("obligations close", f"{sight.CHECK} closes")

    setattr(sight, "set_checks", noted)  # noqa: B010


def told(_: None, watch: Watch, alert: Alert, kind: Any) -> None:
    if alert.code in PATTERNS:
        used("patterns", alert.code)
    elif alert.code in alarms._LADDER_OF:
        reached = tables.rung(alarms._LADDER_OF[alert.code], watch.direct, alert.tier)
        if reached in tables.TABLES["ladders"]:  # a child that nobody sees lifts an alarm above its ladder
            used("ladders", reached)


def term(found: Term, name: str, agreements: Agreements | None) -> None:
    if agreements is not None and found != agreeable.TERM[name].term:
        used("agreed terms", name)


def number(found: int, name: str, agreements: Agreements | None) -> None:
    if agreements is not None and found != agreeable.NUMBER[name].number:
        used("agreed numbers", name)


def looked_at() -> None:
    original = flagged.follow

    def noted(event: Any) -> None:
        before = set(event.watch.alerts)
        original(event)
        for row in flagged.FLAGGED:
            if row.flag in before and row.flag not in event.watch.alerts:
                used("flags looked at", f"{row.flag}: {event.fact.type}")

    setattr(flagged, "follow", noted)  # noqa: B010


def day_off(found: bool, days: Any, day: date) -> None:
    if found or day.weekday() >= 5:
        return
    offset = (day - easter(day.year)).days
    rows = {
        f"{day:%d-%m}": (day.month, day.day) in (*FIXED, KINGS_DAY),
        f"Easter {offset:+}": f"Easter {offset:+}" in tables.TABLES["days off"],
        day.isoformat(): day in DECREE_DAYS.get(day.year, ()),
    }
    for name in (name for name, holds in rows.items() if holds):
        used("days off", name)


def stand_around() -> None:
    judged(judge.judge, accepted)
    judged(sections.judge_sections, shared)
    for rule in set(judge.CONVERSATIONS.values()):
        judged(rule, lambda found, ctx: None)
    around(walk.applied, lambda found, before, record, row: maybe("handovers", tables.step(row)))
    around(investigations.step_for, _step)
    around(bases._exempt, exempt)
    around(voices.rule, lambda row, *_: used("consent by age", row.law + str(row.voices)))
    around(access_ages.row_for, lambda row, *_: used("access by age", f"from {row.since}, competent {row.competent}"))
    entries()
    opened()
    around(openings._open, stood)
    around(conditions.closes, closed)
    sight_closed()
    around(alarms.overdue, lambda _, watch, owed, days: used("obligations alarm", owed.code))
    around(alarms._tell, told)
    looked_at()
    around(calendar.Calendar.is_working_day, day_off)
    around(agreed.term_of, term)
    around(agreed.number_of, number)


def _step(found: Any, rows: Any, *_: Any) -> None:
    if found is not None:
        maybe("investigations" if rows is investigations.INVESTIGATION else "round tables", tables.step(found))


# pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    STATE["running"], STATE["depth"] = True, 0
    NOW.clear()
    MAYBE.clear()
    try:
        yield
    finally:
        STATE["running"] = False
    for table, row in NOW:
        USED[table].add(row)


def pytest_sessionfinish() -> None:
    found = {table: sorted(rows) for table, rows in USED.items()}
    Path(os.environ[tables.FILE]).write_text(json.dumps(found, indent=1))


stand_around()
