"""`estafette audit letter`: the answer to "who saw what about me", in plain words, for the person whose data it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.runtime.days import AMSTERDAM

Line = Mapping[str, Any]


def letter(answer: Mapping[str, Any], person: str) -> Iterator[str]:
    """Line by line: when, who gave what to whom, what for and why it was allowed, and when it was opened. Never what is
    about somebody else; where an address is secret the ledger names kinds of organisations.
    """
    lines = [line for line in answer["entries"] if line["verdict"] == "DELIVERED" and _about(line, person)]
    yield f"What was shared about you ({person}), as far as {answer['by']} gave or got it."
    if answer.get("by_kind"):
        yield "Other organisations are named by their kind, because an address must stay secret."
    if not lines:
        yield "Nothing was shared."
    for line in lines:
        yield from _share(line, person)
    yield "You may ask for a correction or for destruction, object, and complain to the Autoriteit Persoonsgegevens."


def _about(line: Line, person: str) -> list[Line]:
    return [section for section in line["sections"] if person in section["about"]]


def _share(line: Line, person: str) -> Iterator[str]:
    to = ", ".join(line["recipients"]) or "nobody else"
    why = f", {line['purpose_in_words']}" if line["purpose_in_words"] else ""
    yield f"\nOn {_when(line['at'])} {line['actor']} gave to {to}{why}:"
    for section in _about(line, person):
        allowed = next((b["secrecy_in_words"] for b in section["bases"] if b["person"] == person), "no basis stated")
        yield f"  - {section['category_in_words']}. Allowed by: {allowed}"
    opened = "; ".join(f"{one['by']} on {_when(one['at'])}" for one in line["opened"])
    yield f"  Opened by {opened}." if opened else "  Not opened yet."


def _when(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
