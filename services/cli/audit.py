"""`estafette audit`: what was shared about a case or person, by and with whom, on which basis, and what was refused."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx2
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.directory import Deployment
from services.cli.letter import held, letter, needs_second
from services.cli.system import organisations_option
from services.runtime.settings import Settings
from services.runtime.tokens import Issuer

Line = Mapping[str, Any]
SECONDS = 30.0
ledger_option = click.option(
    "--url", envvar="ESTAFETTE_LEDGER_URL", help="Of the ledger service (default: from the organisations file)."
)


@click.group()
@click.option("--as", "asker", required=True, metavar="ORGANISATION/PROFESSIONAL", help="Who asks: a privacy officer.")
@click.option("--json", "as_json", is_flag=True, help="The answer as the ledger gave it.")
@click.option("--since", type=click.DateTime(), help="From this moment on (UTC).")
@click.option("--until", type=click.DateTime(), help="Before this moment (UTC).")
@ledger_option
@organisations_option
@click.pass_context
def audit(
    context: click.Context,
    asker: str,
    as_json: bool,
    since: datetime | None,
    until: datetime | None,
    url: str | None,
    file: Path,
) -> None:
    """What was shared, with whom, on which basis, and what was refused. Every question is written down."""
    period = {name: f"{at.isoformat()}Z" for name, at in (("since", since), ("until", until)) if at is not None}
    context.obj = _Asking(asker, as_json, period, url, file)


@audit.command("case")
@click.argument("case")
@click.pass_obj
def case_command(asking: "_Asking", case: str) -> None:
    """About CASE (case:<uuid>)."""
    asking.show(f"/api/cases/{case}/audit", case)


@audit.command("person")
@click.argument("case")
@click.argument("ref")
@click.pass_obj
def person_command(asking: "_Asking", case: str, ref: str) -> None:
    """About the person with REF in CASE."""
    asking.show(f"/api/persons/{case}/{ref}/audit", f"{ref} in {case}")


@audit.command("letter")
@click.argument("case")
@click.argument("ref")
@click.option("--edge", "edge", envvar="ESTAFETTE_EDGE_URL", help="Of the own edge (default: from the same file).")
@click.option(
    "--second", metavar="PROFESSIONAL", help="Who stands behind showing it to somebody it is unsafe to reach."
)
@click.pass_obj
def letter_command(asking: "_Asking", case: str, ref: str, edge: str | None, second: str | None) -> None:
    """The answer for the person with REF in CASE: who saw what about them, in plain words. What the organisation holds
    back from them stays out.
    """
    back = held(asking.held_back(case, ref, edge))
    answer = asking.answer(f"/api/persons/{case}/{ref}/audit")
    if needs_second(answer, ref) and not asking.is_another(second):
        raise click.ClickException(f"{ref} must not be led to the family: a second professional decides (--second)")
    click.echo("\n".join(letter(answer, ref, back)))


@audit.command("organisation")
@click.argument("slug")
@click.pass_obj
def organisation_command(asking: "_Asking", slug: str) -> None:
    """About what passed between the own organisation and SLUG (or all of the own)."""
    asking.show(f"/api/organisations/{slug}/audit", slug)


class _Asking:
    """Who asks, over which period, and how to show the answer."""

    def __init__(self, asker: str, as_json: bool, period: Mapping[str, str], url: str | None, file: Path) -> None:
        self._asker = asker
        self._as_json = as_json
        self._period = period
        self._url = url
        self._file = file

    def answer(self, path: str) -> dict[str, Any]:
        """What the ledger says. Raises ClickException."""
        deployment = deployment_of(self._file)
        token = token_of(deployment, self._asker)
        return asked(self._url or address_of(deployment), path, token, self._period)

    def held_back(self, case: str, ref: str, edge: str | None) -> list[dict[str, str]]:
        """What the own organisation holds back from a person. Raises ClickException: without it no letter is made."""
        deployment = deployment_of(self._file)
        url = edge or f"http://127.0.0.1:{deployment.organisation(self._asker.partition('/')[0]).port}"
        headers = {"Authorization": f"Bearer {token_of(deployment, self._asker)}"}
        with httpx2.Client(base_url=url, headers=headers, timeout=SECONDS) as client:
            return rows_of(client, f"/api/cases/{case}/persons/{ref}/withheld")

    def is_another(self, second: str | None) -> bool:
        """Whether this is another professional of the asker's organisation. Raises ClickException for a stranger."""
        organisation, _, professional = self._asker.partition("/")
        if second is None or second == professional:
            return False
        token_of(deployment_of(self._file), f"{organisation}/{second}")
        return True

    def show(self, path: str, about: str) -> None:
        answer = self.answer(path)
        if self._as_json:
            click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
            return
        console = Console(width=None if sys.stdout.isatty() else 200)
        for part in rendered(answer, about):
            console.print(part)


def token_of(deployment: Deployment, asker: str) -> str:
    """A token for ORGANISATION/PROFESSIONAL. Raises ClickException."""
    organisation, _, professional = asker.partition("/")
    try:
        caller = deployment.organisation(organisation).caller(professional)
        return Issuer.from_home(Settings().home).issue(caller)
    except KeyError as unknown:
        raise click.ClickException(f"unknown: {unknown.args[0]}") from None
    except FileNotFoundError:
        raise click.ClickException("there is no token issuer yet: estafette directory init") from None


def asked(url: str, path: str, token: str, period: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All pages of an answer as one. Raises ClickException."""
    entries: list[Any] = []
    query = dict(period or {})
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS) as client:
        while True:
            answer = answer_of(client, path, query)
            entries += answer["entries"]
            if not answer.get("next"):
                return answer | {"entries": entries}
            query["after"] = answer["next"]


def rows_of(client: httpx2.Client, path: str) -> list[dict[str, str]]:
    """Rows of the own edge. Raises ClickException."""
    found: list[dict[str, str]] = _json_of(client, path, {}, "the edge")
    return found


def answer_of(client: httpx2.Client, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One answer of the ledger service. Raises ClickException with its code and reason when it refuses."""
    answer: dict[str, Any] = _json_of(client, path, query, "the ledger service")
    return answer


def _json_of(client: httpx2.Client, path: str, query: Mapping[str, str], who: str) -> Any:
    try:
        response = client.get(path, params=query)
    except httpx2.HTTPError as error:
        raise click.ClickException(f"{who} does not answer: {type(error).__name__}") from None
    if response.status_code != 200:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        raise click.ClickException(f"{problem.get('code', response.status_code)}: {problem.get('detail', 'no answer')}")
    return response.json()


def deployment_of(file: Path) -> Deployment:
    """The organisations file. Raises ClickException."""
    try:
        return Deployment.load(file)
    except ValidationError as error:
        raise click.ClickException(f"{file} does not describe a deployment:\n{error}") from None


def address_of(deployment: Deployment) -> str:
    """Where the ledger service of this machine listens. Raises ClickException."""
    port = next((service.port for service in deployment.services if service.slug == "ledger"), None)
    if port is None:
        raise click.ClickException("no ledger service in the organisations file: give --url")
    return f"http://127.0.0.1:{port}"


def rendered(answer: Mapping[str, Any], about: str) -> Iterable[Table | str]:
    """The answer for a reader: what was shared, what was refused, what else was decided."""
    lines: list[Line] = answer["entries"]
    if not lines:
        yield f"Nothing about {escape(about)} in which {answer['by']} acts or received."
    shared = [line for line in lines if line["verdict"] == "DELIVERED" and line["sections"]]
    refused = [line for line in lines if line["verdict"] == "REFUSED"]
    other = [line for line in lines if line not in shared and line not in refused and line["kind"] != "CHECKPOINT"]
    if shared:
        yield _shared(shared)
    if refused:
        yield _refused(refused)
    if other:
        yield _other(other)
    for pattern in answer.get("patterns", ()):
        whom = f" about {pattern['person']}" if pattern["person"] else ""
        yield f"{pattern['code']}: {pattern['actor']} was refused {pattern['times']} times{whom} in {pattern['case']}"
    reach = ", ".join(f"slot {slot['slot']} entry {slot['slot_seq']}" for slot in answer["read_up_to"])
    yield f"read up to: {reach or 'nothing'}"


def _shared(lines: Iterable[Line]) -> Table:
    table = Table("when", "who", "with whom", "what for", "what, about whom", "on which basis", "opened", "entry")
    table.title, table.show_lines = "Shared", True
    for line in lines:
        bases = dict.fromkeys(_basis(basis) for section in line["sections"] for basis in section["bases"])
        opened = "\n".join(f"{o['by']} {_when(o['at'])}" for o in line["opened"]) or "-"
        row = (
            _when(line["at"]),
            _who(line),
            _to(line),
            line["purpose_in_words"] or "-",
            _what(line),
            "\n".join(bases),
            opened,
        )
        table.add_row(*map(escape, (*row, _entry(line))))
    return table


def _what(line: Line) -> str:
    return "\n".join(f"{s['category_in_words']} ({', '.join(s['about']) or 'nobody'})" for s in line["sections"])


def _basis(basis: Mapping[str, Any]) -> str:
    stood_on = f" [statement {', '.join(basis['statements'])}]" if basis["statements"] else ""
    return f"{basis['person']}: {basis['secrecy_in_words']}; {basis['gdpr_in_words']}{stood_on}"


def _refused(lines: Iterable[Line]) -> Table:
    columns = ("when", "who", "to whom", "message", "what, about whom", "why", "what would mend it", "entry")
    table = Table(*columns, title="Refused", show_lines=True)
    for line in lines:
        why = "\n".join(_why(reason) for reason in line["reasons"])
        mend = "\n".join(dict.fromkeys(mend for reason in line["reasons"] for mend in reason["mend"]))
        row = (
            _when(line["at"]),
            _who(line),
            _to(line),
            line["name"] or "-",
            _what(line) or "-",
            why,
            mend,
            _entry(line),
        )
        table.add_row(*map(escape, row))
    return table


def _why(reason: Mapping[str, Any]) -> str:
    person = f"{reason['person']}: " if reason["person"] else ""
    missing = f" (missing: {', '.join(reason['missing'])})" if reason["missing"] else ""
    law = f" [{reason['law']}]" if reason["law"] else ""
    return f"{person}{reason['in_words']}{missing}{law} {reason['code']}"


def _other(lines: Iterable[Line]) -> Table:
    table = Table("when", "who", "message", "to whom", "verdict", "what it changed", "entry", title="Other decisions")
    for line in lines:
        row = (_when(line["at"]), _who(line), line["name"] or line["kind"], _to(line), line["verdict"] or "-")
        table.add_row(*map(escape, (*row, _changed(line), _entry(line))))
    return table


def _changed(line: Line) -> str:
    regie, handover = line["regie"], line["handover"]
    told = [flag["in_words"] for flag in line["flags"]]
    if regie:
        told.append(f"regie from {regie.get('holder_before') or 'nobody'} to {regie.get('holder_after') or 'nobody'}")
    if handover:
        told.append(f"handover {handover['state']}")
    return "; ".join(told)


def _who(line: Line) -> str:
    second = f" with {line['second']}" if line["second"] else ""
    return f"{line['actor'] or '-'}{'/' + line['professional'] if line['professional'] else ''}{second}"


def _to(line: Line) -> str:
    return ", ".join(line["recipients"]) or "-"


def _entry(line: Line) -> str:
    return f"{line['slot']}/{line['slot_seq']} {line['hash'][:8]}"


def _when(at: str) -> str:
    return at[:16].replace("T", " ")
