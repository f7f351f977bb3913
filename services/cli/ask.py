"""`estafette ask`: the questions the chain must be able to answer. docs/questions.md has an example of each."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli.audit import SECONDS, address_of, answer_of, deployment_of, ledger_option, token_of
from services.cli.system import organisations_option

Row = Mapping[str, Any]
Shown = Iterable[Table | str]


class Asking:
    """Who asks, over which days, and how the answer is shown."""

    def __init__(self, asker: str, days: Mapping[str, str], url: str | None, file: Path) -> None:
        self._asker, self._days, self._url, self._file = asker, days, url, file
        self.as_json = False

    def show(self, path: str, shown: Callable[[Any], Shown], **query: str | None) -> None:
        """Ask, and show the answer: as it came, or as `shown` words it."""
        deployment = deployment_of(self._file)
        wanted = {**self._days, **{name: value for name, value in query.items() if value is not None}}
        headers = {"Authorization": f"Bearer {token_of(deployment, self._asker)}"}
        url = self._url or address_of(deployment)
        with httpx2.Client(base_url=url, headers=headers, timeout=SECONDS) as client:
            answer = answer_of(client, path, wanted)
        if self.as_json:
            click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
            return
        console = Console(width=None if sys.stdout.isatty() else 200)
        for part in shown(answer["answer"]):
            console.print(part)
        if answer.get("uncounted"):
            console.print(f"not counted: {answer['uncounted']} decisions whose facts were gone before they were read")


def _as_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.obj.as_json = value


def question(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A question as a sub-command."""

    def made(function: Callable[..., Any]) -> click.Command:
        json_ = click.option(
            "--json", is_flag=True, expose_value=False, callback=_as_json, help="As the ledger gave it."
        )
        return ask.command(name)(json_(click.pass_obj(function)))

    return made


@click.group()
@click.option(
    "--as",
    "asker",
    required=True,
    metavar="ORGANISATION/PROFESSIONAL",
    help="Who asks: a privacy officer about the own organisation, a chain coordinator about numbers of its region.",
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day, included.")
@ledger_option
@organisations_option
@click.pass_context
def ask(
    context: click.Context,
    asker: str,
    since: datetime | None,
    until: datetime | None,
    url: str | None,
    file: Path,
) -> None:
    """Who leads, who knew what, what was received, what waits on whom. Every question is written down first."""
    days = {name: f"{day:%Y-%m-%d}" for name, day in (("since", since), ("until", until)) if day is not None}
    context.obj = Asking(asker, days, url, file)


@question("leads")
@click.argument("case")
@click.option("--at", help="A moment, e.g. 2026-03-02T09:00:00Z (default: now).")
def leads_command(asking: Asking, case: str, at: str | None) -> None:
    """Who leads CASE, and who led it before."""
    asking.show(f"/api/cases/{case}/leads", _leads, at=at)


@question("knew")
@click.argument("case")
@click.option("--at", help="A moment, e.g. 2026-03-02T09:00:00Z (default: now).")
def knew_command(asking: Asking, case: str, at: str | None) -> None:
    """Which items of CASE were held by whom at a moment."""
    asking.show(f"/api/cases/{case}/knew", _knew, at=at)


@question("received")
@click.option(
    "--from", "kind", default="VEILIG_THUIS", show_default=True, help="The kind of organisation it came from."
)
def received_command(asking: Asking, kind: str) -> None:
    """Everything received from Veilig Thuis, with state and outcome."""
    asking.show("/api/received", _received, kind=kind)


@question("refusals")
def refusals_command(asking: Asking) -> None:
    """What was refused, by reason."""
    asking.show("/api/numbers/refusals", _refusals)


@question("routes")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="The day it is looked at (default: the last day, or today)."
)
@click.option(
    "--siblings/--no-siblings", default=True, show_default=True, help="Whether brothers and sisters count each."
)
def routes_command(asking: Asking, on: datetime | None, siblings: bool) -> None:
    """Routes A to D: help without a measure and measures, how many and how long."""
    day = f"{on:%Y-%m-%d}" if on else None
    asking.show("/api/numbers/routes", _routes, on=day, siblings=str(siblings).lower())


@question("contact")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day it is looked at (default: today).")
def contact_command(asking: Asking, on: datetime | None) -> None:
    """Days from the first report to the first real contact; how often cases moved and were given back."""
    asking.show("/api/numbers/contact", _contact, on=f"{on:%Y-%m-%d}" if on else None)


@question("waits")
@click.option("--case", help="Of one case only.")
def waits_command(asking: Asking, case: str | None) -> None:
    """Who waited how long on whom."""
    asking.show("/api/numbers/waits", _waits, case=case)


@question("alone")
def alone_command(asking: Asking) -> None:
    """The share of youths that were spoken to alone in a handover."""
    asking.show("/api/numbers/alone", _alone)


@question("learn")
@click.argument("quarter")
def learn_command(asking: Asking, quarter: str) -> None:
    """Numbers of a QUARTER that has ended (2026-Q1), in which nothing identifies anyone."""
    asking.show("/api/numbers/learn", _learn, quarter=quarter)


def table(title: str, *columns: str, rows: Iterable[Iterable[Any]]) -> Table:
    """A table in which nothing that came from elsewhere is read as markup."""
    made = Table(*columns, title=title)
    for row in rows:
        made.add_row(*("-" if value is None else escape(str(value)) for value in row))
    return made


def when(at: str | None) -> str | None:
    return at[:16].replace("T", " ") if at else None


def _leads(answer: Row) -> Shown:
    then = answer["then"]
    yield f"{_lead(then)} leads {answer['case']}" + (f" at {when(answer['at'])}" if answer["at"] else "")
    rows = ((_lead(s), when(s["since"]), when(s["until"]), s["by"], s["entry"][:8]) for s in answer["spells"])
    yield table("Who led", "who", "from", "until", "by", "entry", rows=rows)


def _lead(spell: Row | None) -> str:
    holder = (spell or {}).get("holder") or "nobody"
    return f"the family, with {holder}" if spell and spell["family"] else holder


def _knew(answer: Row) -> Shown:
    yield f"{_lead(answer['lead'])} led {answer['case']} at {when(answer['at'])}"
    rows = (
        (o["organisation"], i["category"], ", ".join(i["about"]), i["source"], when(i["since"]), when(i["opened_at"]))
        for o in answer["organisations"]
        for i in o["items"]
    )
    yield table("Held then", "who", "what", "about", "from", "since", "opened", rows=rows)


def _received(answer: Row) -> Shown:
    if answer["counts"]:
        rows = ((c["receiver"], c["source"], c["kind"], c["state"], c["number"]) for c in answer["counts"])
        yield table("Received", "by", "from", "kind", "state", "how many", rows=rows)
        return
    columns = ("received", "from", "case", "kind", "state", "last word", "when", "leads now", "case closed")
    yield table("Handovers received", *columns, rows=map(_handover, answer["handovers"]))
    letters = (
        (when(each["received_at"]), each["source"], each["case"], each["name"], when(each["opened_at"]))
        for each in answer["letters"]
    )
    yield table("Other letters received", "received", "from", "case", "message", "opened", rows=letters)


def _handover(row: Row) -> Iterable[Any]:
    brought = (when(row["received_at"]), row["source"], row["case"], row["kind"])
    became = (row["state"], row["outcome"], when(row["outcome_at"]))
    return (*brought, *became, row["leads"], when(row["case_closed_at"]))


def _refusals(answer: Row) -> Shown:
    yield f"{answer['refused']} messages refused"
    rows = ((r["number"], r["name"], r["in_words"], r["code"]) for r in answer["reasons"])
    yield table("Why", "how many", "message", "reason", "code", rows=rows)


ROUTES = {
    "A": "straight to a measure, help was not possible",
    "B": "straight to a measure, help was possible",
    "A_OR_B": "straight to a measure, not said whether help was possible",
    "C": "help, and no measure",
    "D": "help, and a measure all the same",
    "OPEN": "help that runs on",
}
SPELLS = {"finished": "help that ended", "to_measure": "- to a measure", "not_to_measure": "- not to a measure"}


def _routes(answer: Row) -> Shown:
    found, counted = answer["table"], "counted each" if answer["siblings"] else "counted once"
    days = f"{answer['first'] or 'the beginning'} to {answer['last'] or answer['on']}"
    yield f"Began {days}, looked at on {answer['on']}; brothers and sisters {counted}"
    rows: list[tuple[Any, ...]] = [("trajectories", found["trajectories"], None), ("measures", found["measures"], None)]
    rows += [("help without a measure", found["help"], None)]
    spells = {**SPELLS, "open": "still open"}
    rows += [(words, found[name]["number"], _days(found[name]["mean_days"])) for name, words in spells.items()]
    yield table("Table 1", "what", "how many", "mean days", rows=rows)
    if found["percent_to_measure"] is not None:
        yield f"{found['percent_to_measure']:.1f} % of the help that ended led to a measure"
    each = ((r["route"], ROUTES.get(r["route"]), r["number"], _days(r["mean_days"])) for r in answer["routes"])
    yield table("Routes, by child", "route", "which", "how many", "mean days of help", rows=each)
    if answer["not_counted"]:
        yield "not counted: " + ", ".join(f"{n['number']} x {n['kind']}" for n in answer["not_counted"])


def _days(mean: float | None) -> int | None:
    """In whole days, as the study prints them; the exact mean is in the JSON."""
    return None if mean is None else round(mean)


def _contact(answer: Row) -> Shown:
    for name, words in (("met", "met"), ("waiting", "not met yet")):
        mean, longest = answer[f"{name}_mean_days"], answer[f"{name}_longest_days"]
        how_long = f", {mean:.1f} days on average, {longest} at most" if answer[name] else ""
        yield f"{answer[name]} families {words}{how_long}"
    for name, words in (("hops", "Regie went to another organisation"), ("bounces", "Given back")):
        yield table(words, "times", "cases", rows=((each["times"], each["cases"]) for each in answer[name]))
    columns = ("case", "begins with", "on", "first contact", "days", "moves", "given back")
    names = ("case", "begins_with", "began_on", "first_contact_on", "days", "hops", "bounces")
    if answer["cases"]:
        yield table("By case", *columns, rows=([case[name] for name in names] for case in answer["cases"]))


def _waits(answer: Row) -> Shown:
    columns = ("what", "who waited", "on whom", "how many", "running", "mean days", "longest")
    rows = (
        (
            w["what"],
            w["waiting"],
            w["on"],
            w["number"],
            w["running"],
            f"{w['mean_days']:.1f}",
            f"{w['longest_days']:.1f}",
        )
        for w in answer["waits"]
    )
    yield table("Waits", *columns, rows=rows)


def _alone(answer: Row) -> Shown:
    share = f", {answer['percent']:.0f} %" if answer["percent"] is not None else ""
    yield f"{answer['alone']} of {answer['children']} children were spoken to alone{share}"
    rows = ((each["age"], each["children"], each["alone"], f"{each['percent']:.0f} %") for each in answer["ages"])
    yield table("By age", "age", "children", "alone", "share", rows=rows)


def _learn(answer: Row) -> Shown:
    yield f"{answer['quarter']}: groups of {answer['least']} and more; smaller ones are left out"
    rows = ((c["of"], " ".join(c["what"]), c["number"], c["mean_days"]) for c in answer["cells"])
    yield table("To learn from", "of", "what", "how many", "mean days", rows=rows)
