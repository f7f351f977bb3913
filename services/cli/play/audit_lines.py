"""What a privacy officer is answered, as lines that fit a terminal: what was shared, and what was refused."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from schemas.days import AMSTERDAM

Line = Mapping[str, Any]
SILENT = ("receipts.", "notices.", "checkpoints.", "dossiers.opened")
"""What machines said of themselves: in the ledger, and not worth a line here."""


def lines(entries: list[Line]) -> Iterator[Text]:
    """Every decision about the case: when, what, who, to whom and whether it went; then what it carried or lacked."""
    for entry in entries:
        name = str(entry["name"] or entry["kind"])
        if not name.startswith(SILENT):
            yield _head(entry, name)
            yield from _shared(entry) if entry["verdict"] == "DELIVERED" else _refused(entry)
    silent = sum(str(entry["name"] or "").startswith(SILENT) for entry in entries)
    yield Text(f"and {silent} entries of machines: receipts, notices, openings", style="dim")


def _head(entry: Line, name: str) -> Text:
    at = f"{datetime.fromisoformat(entry['at']).astimezone(AMSTERDAM):%Y-%m-%d %H:%M}"
    who = f"{entry['actor']}/{entry['professional']}" if entry["professional"] else str(entry["actor"])
    to = f" to {', '.join(entry['recipients'])}" if entry["recipients"] else ""
    verdict = Text("delivered", "green") if entry["verdict"] == "DELIVERED" else Text("refused", "red")
    proof = Text(f"  {entry['slot']}/{entry['slot_seq']}", "dim")
    return Text.assemble((f"{at}  ", "dim"), (name, "bold"), f" {who}{to}  ", verdict, proof)


def _shared(entry: Line) -> Iterator[Text]:
    """Each section, and for each basis for whom it held."""
    for section in entry["sections"]:
        persons: dict[str, list[str]] = {}
        for basis in section["bases"]:
            persons.setdefault(_basis(basis), []).append(basis["person"])
        told = "; ".join(f"{', '.join(refs)} on {basis}" for basis, refs in persons.items())
        yield Text.assemble("    ", (str(section["category_in_words"]), "magenta"), f": {told or 'about nobody'}")
    if entry["opened"]:
        yield Text(f"    opened by {', '.join(str(one['by']) for one in entry['opened'])}", "dim")
    if (regie := entry["regie"]) is not None:
        yield Text(f"    the lead went from {regie.get('holder_before')} to {regie.get('holder_after')}", "yellow")


def _basis(basis: Mapping[str, Any]) -> str:
    stood_on = f" ({', '.join(str(one)[:8] for one in basis['statements'])})" if basis["statements"] else ""
    return f"{basis['secrecy']}{stood_on}"


def _refused(entry: Line) -> Iterator[Text]:
    """What was attempted, as its sender claimed it, and why it did not go."""
    for section in entry["sections"]:
        whom = ", ".join(section["about"]) or "nobody"
        yield Text.assemble("    ", (str(section["category_in_words"]), "magenta"), f": about {whom}, not sent")
    told = {f"    {_whom(reason)}{reason['in_words']}{_lacks(reason)}": None for reason in entry["reasons"]}
    for text in told:
        yield Text(text, "red")


def _whom(reason: Mapping[str, Any]) -> str:
    return f"about {reason['person']}: " if reason["person"] else ""


def _lacks(reason: Mapping[str, Any]) -> str:
    return f" ({', '.join(reason['missing'])})" if reason["missing"] else ""
