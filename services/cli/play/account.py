"""The readable account of a play: what was said by whom to whom, what became of it, and what changed by it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from deploy.directory import Deployment
from schemas.days import AMSTERDAM
from schemas.refusal import Reason, Refusal
from schemas.tables import refusals
from services.cli.play.desk import Said
from services.cli.play.expectations import Found
from services.cli.play.player import Played
from services.cli.play.scenario import ForwardSpec, Scenario, SectionSpec, Step
from services.cli.play.seen import NOTHING, Row, Seen

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
INDENT = 12
LABELLED = ("lead  ", "baton ", "sight ", "alarm ")
"""Lines that begin with what they are about."""
TOLD_TIERS = {1: "for the next morning's list", 2: "team manager and coordinator", 3: "everyone, at once"}


class Account:
    """Tells a play on a console, step by step. Remembers what was seen of each case, and says what is new."""

    def __init__(self, console: Console, deployment: Deployment) -> None:
        self._console = console
        self._names = {organisation.slug: organisation.name for organisation in deployment.organisations}
        self._before: dict[str, Seen] = {}
        self._day: date | None = None
        self._moment: datetime | None = None

    def title(self, scenario: Scenario) -> None:
        """Who and what this is about."""
        self._console.print()
        self._console.print(Text(scenario.scenario, style="bold"))
        for paragraph in filter(None, (scenario.about.strip(), scenario.source and f"Source: {scenario.source}")):
            self._console.print(Text(" ".join(paragraph.split()), style="dim"))

    def tell(self, played: Played) -> None:
        """One step."""
        local = played.at.astimezone(AMSTERDAM)
        self._date(local)
        clock = f"{local:%H:%M}" if local != self._moment else ""
        self._moment = local
        self._line(Text(f" {clock:5} {played.number:4}  ", style="dim"), Text(played.step.step, style="bold"))
        for line in self._lines(played):
            text = line.copy()
            text.expand_tabs(8)
            depth = len(text.plain) - len(text.plain.lstrip())
            self._line(Text(" " * (INDENT + depth)), text[depth:], hanging=8 if line.plain[:6] in LABELLED else 2)

    def _line(self, head: Text, text: Text, hanging: int = 0) -> None:
        """`head`, then the text; where it wraps, the next lines stand a little further in."""
        room = self._console.width - len(head) - hanging
        first, *rest = text.wrap(self._console, room + hanging) or [Text()]
        first.rstrip()
        self._console.print(head + first, soft_wrap=True)
        if rest:
            left = text[len(first.plain) :]
            left = left[len(left.plain) - len(left.plain.lstrip()) :]
            for part in left.wrap(self._console, room):
                part.rstrip()
                self._console.print(Text(" " * (len(head) + hanging)) + part, soft_wrap=True)

    def sum(self, played: Iterable[Played], seconds: float) -> None:
        """How it went as a whole."""
        steps = list(played)
        unmet = [one for step in steps for one in step.found if not one.met]
        met = sum(len(step.found) for step in steps) - len(unmet)
        self._console.print()
        told = f"{len(steps)} steps in {seconds:.0f} s: {met} expectations met"
        if unmet:
            failed = ", ".join(str(step.number) for step in steps if not step.met)
            self._console.print(Text(f"{told}, {len(unmet)} not met (step {failed})", style="bold red"))
        else:
            self._console.print(Text(told, style="bold green"))

    def _date(self, at: datetime) -> None:
        if at.date() != self._day:
            self._day = at.date()
            title = f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at.year}"
            self._console.print()
            self._console.print(Rule(Text(title, style="cyan"), align="left", style="dim cyan"))

    def _lines(self, played: Played) -> Iterator[Text]:
        step = played.step
        if step.note:
            yield Text(" ".join(step.note.split()), style="italic dim")
        if step.say or step.open:
            yield self._speech(step)
        yield from _sections(step)
        for said in played.said:
            yield from _verdict(said)
        if step.open:
            yield from _opened(played.opened)
        before = self._before.get(step.case, NOTHING)
        if step.case in played.labels:
            self._before[step.case] = played.seen
            yield from self._changes(before, played)
        yield from _judged(played.found)

    def _speech(self, step: Step) -> Text:
        slug, _, ref = str(step.who).partition("/")
        line = Text.assemble((self._name(slug), "bold blue"), (f" {ref}", "blue"))
        if step.second:
            line.append(f" with {step.second.partition('/')[2]}", "blue")
        if step.open:
            return line.append(" opens the letter")
        line.append(" asks whether this could be sent: " if step.dry_run else " says ").append(str(step.say), "bold")
        return line.append(f" to {', '.join(map(self._name, step.to))}") if step.to else line

    def _changes(self, before: Seen, played: Played) -> Iterator[Text]:
        now = played.seen
        leads = [*dict.fromkeys(now.regie.values())]
        if leads != [*dict.fromkeys(before.regie.values())]:
            yield Text.assemble(("lead    ", "dim"), (" / ".join(map(self._name, leads)), "bold yellow"))
        labels = {identifier: label for label, identifier in played.labels.items()}
        for handover, state in _handovers(now).items():
            if _handovers(before).get(handover) != state:
                name = labels.get(handover, "").removeprefix("$") or handover[:8]
                yield Text.assemble(("baton   ", "dim"), f"{name} is ", (state, "yellow"))
        for child in sorted({*now.children, *before.children}):
            if (plans := self._plans(now, child)) != self._plans(before, child):
                yield Text.assemble(("sight   ", "dim"), f"{child}: ", (plans or "nobody", "" if plans else "bold red"))
        yield from self._alarms(before, now)

    def _plans(self, seen: Seen, child: str) -> str:
        """Whose plans for this child are in force, and who looks."""
        rows = {(row["owner"], *_watchers(row)) for row in seen.plans if row["child"] == child}
        told = [f"{self._name(owner)} ({', '.join(by)})" if by else self._name(owner) for owner, *by in sorted(rows)]
        return "; ".join(told)

    def _alarms(self, before: Seen, now: Seen) -> Iterator[Text]:
        was, are = _alerts(before), _alerts(now)
        for key, (row, told) in are.items():
            if key not in was or was[key][0]["tier"] != row["tier"] or set(told) - set(was[key][1]):
                yield self._alarm(row, told)
        for key, (row, _) in was.items():
            if key not in are:
                yield Text.assemble(("alarm   ", "dim"), (f"{_about(row)} is over", "green"))

    def _alarm(self, row: Row, told: list[str]) -> Text:
        line = Text.assemble(("alarm   ", "dim"), (f"{_about(row)}, tier {row['tier']}", "bold red"))
        line.append(f" ({TOLD_TIERS.get(int(row['tier']), '')}) to {', '.join(map(self._name, told))}")
        owed = [self._name(slug) for slug in row.get("responsible") or ()]
        return line.append(f"; it is up to {' and '.join(owed)}") if owed else line

    def _name(self, slug: str) -> str:
        return self._names.get(slug, slug)


def _sections(step: Step) -> Iterator[Text]:
    for section in step.sections:
        what = section.forward.removeprefix("$") if isinstance(section, ForwardSpec) else section.category.value
        line = Text.assemble("  ", (what, "magenta"))
        if isinstance(section, SectionSpec) and section.about:
            line.append(f" about {', '.join(section.about)}")
        if basis := _basis(section):
            line.append(f", on {basis}", "dim")
        yield line


def _basis(section: SectionSpec | ForwardSpec) -> str:
    if isinstance(section.basis, str):
        return section.basis
    persons: dict[str, list[str]] = {}
    for ref, one in section.basis.items():
        persons.setdefault(one if isinstance(one, str) else one.secrecy, []).append(ref)
    if len(persons) == 1:
        return next(iter(persons))
    return ", ".join(f"{code} ({', '.join(refs)})" for code, refs in persons.items())


def _verdict(said: Said) -> Iterator[Text]:
    if said.status == "delivered":
        flags = f"  flagged {', '.join(said.flags)}" if said.flags else ""
        yield Text.assemble(("✓ delivered", "green"), (flags, "yellow"))
        return
    words = {"rejected": "not sent: the organisation's own page does not take it"}
    yield Text(f"✗ {words.get(said.status, said.status)}", style="red")
    told = [tuple(_reason(reason)) for reason in said.reasons]
    for lines in {"\n".join(line.plain for line in lines): lines for lines in told}.values():
        yield from lines  # the same may be wrong with several sections: once is enough


def _reason(found: Mapping[str, Any]) -> Iterator[Text]:
    """Why, and what would mend it: in words as far as the code is known."""
    try:
        reason = Reason.model_validate({name: value for name, value in found.items() if name in Reason.model_fields})
    except ValidationError:
        yield Text(f"  {found.get('code')} {found.get('text') or ''}".rstrip())
        return
    why = str(found["text"]) if reason.code is Refusal.MALFORMED and found.get("text") else refusals.why(reason)
    yield Text.assemble("  ", (reason.code.value, "red"), f"  {why}")
    if mend := refusals.how_to_mend(reason):
        yield Text.assemble("    ", ("to mend it: ", "dim"), "; or ".join(mend))


def _opened(content: Any) -> Iterator[Text]:
    if not isinstance(content, Mapping):
        yield Text("✗ it cannot be opened", style="red")
        return
    for section in content.get("sections") or ():
        text = " ".join(str(section.get("text") or "").split())
        yield Text.assemble("  ", (str(section.get("category")), "magenta"), f" {text[:160]}")


def _handovers(seen: Seen) -> dict[str, str]:
    """Each handover's state; of several views the one that is furthest is told by the sides themselves."""
    return {row["id"]: row["state"] for page in seen.pages.values() for row in page["handovers"]}


def _watchers(row: Row) -> tuple[str, ...]:
    by = row.get("by") or ()
    rows = by if isinstance(by, list | tuple) else (by,)
    who = tuple(str(one.get("function")) if isinstance(one, Mapping) else str(one) for one in rows)
    return (*who, f"every {row['every_days']} days") if who and "every_days" in row else who


def _alerts(seen: Seen) -> dict[str, tuple[Row, list[str]]]:
    """Each open alert and who has it."""
    found: dict[str, tuple[Row, list[str]]] = {}
    for slug, rows in seen.alerts.items():
        for row in rows:
            found.setdefault(str(row["alert"]), (row, []))[1].append(slug)
    return found


def _about(row: Row) -> str:
    return f"{row['code']}{f' about {child}' if (child := row.get('child')) else ''}"


def _judged(found: list[Found]) -> Iterator[Text]:
    """Only what was not met is told at length."""
    for one in found:
        if not one.met:
            yield Text.assemble(("✗ expected: ", "bold red"), one.expected)
            yield Text(f"     found: {one.instead}", style="red")
