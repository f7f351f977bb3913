"""`estafette audit letter`: the answer to "who saw what about me", in plain words, for the person whose data it is."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.days import AMSTERDAM

Line = Mapping[str, Any]
REPORTER: Final = "REPORTER"
"""Never in such a letter: who reported stays secret (Uitvoeringsbesluit Wmo 2015 art. 4.1.8(3))."""


class Held(NamedTuple):
    """What an answer of the organisation holds back: these items of these messages, each looked at again on a day."""

    articles: Mapping[tuple[str, str], str]
    reviewed: Mapping[tuple[str, str], str]


NOTHING: Final = Held({}, {})


def held(rows: Collection[Mapping[str, str]]) -> Held:
    """As the edge tells it (`/api/cases/{case}/persons/{person}/withheld`)."""
    return Held(
        {(row["message"], row["item"]): row["article"] for row in rows},
        {(row["message"], row["item"]): row["review_on"] for row in rows},
    )


def needs_second(answer: Mapping[str, Any], person: str) -> bool:
    """Whether nobody may lead this person to the family (`contact_unsafe`): then nobody shows them anything alone."""
    cautions = [answer.get("caution"), *(line.get("caution") for line in answer["entries"])]
    return any(person in (caution or {}).get("unsafe", ()) for caution in cautions)


def letter(answer: Mapping[str, Any], person: str, back: Held = NOTHING) -> Iterator[str]:
    """Line by line: when, who gave what to whom, what for and why it was allowed, and when it was opened. Never what is
    about somebody else, who reported, or what an answer of the organisation holds back; where an address is secret the
    ledger names kinds of organisations.
    """
    lines = [line for line in answer["entries"] if line["verdict"] == "DELIVERED" and _shown(line, person, back)]
    yield f"What was shared about you ({person}), as far as {answer['by']} gave or got it."
    if answer.get("by_kind"):
        yield "Other organisations are named by their kind, because an address must stay secret."
    if not lines:
        yield "Nothing was shared." if not back.articles else "Nothing was shared that can be shown to you now."
    for line in lines:
        yield from _share(line, person, back)
    yield from _left_out(back)
    yield "You may ask for a correction or for destruction, object, and complain to the Autoriteit Persoonsgegevens."


def _shown(line: Line, person: str, back: Held) -> list[Line]:
    return [
        section
        for section in line["sections"]
        if person in section["about"]
        and section["category"] != REPORTER
        and (str(line["message"]), section["item"]) not in back.articles
    ]


def _share(line: Line, person: str, back: Held) -> Iterator[str]:
    to = ", ".join(line["recipients"]) or "nobody else"
    why = f", {line['purpose_in_words']}" if line["purpose_in_words"] else ""
    yield f"\nOn {_when(line['at'])} {line['actor']} gave to {to}{why}:"
    for section in _shown(line, person, back):
        allowed = next((b["secrecy_in_words"] for b in section["bases"] if b["person"] == person), "no basis stated")
        yield f"  - {section['category_in_words']}. Allowed by: {allowed}"
    opened = "; ".join(f"{one['by']} on {_when(one['at'])}" for one in line["opened"])
    yield f"  Opened by {opened}." if opened else "  Not opened yet."


def _left_out(back: Held) -> Iterator[str]:
    """That something is held back is said, with the article and the day; what it is, is not."""
    for article in sorted(set(back.articles.values())):
        keys = [key for key, each in back.articles.items() if each == article]
        day = min(back.reviewed[key] for key in keys)
        yield f"\n{len(keys)} held back ({article.replace('_', ' ')}); looked at again on {day} at the latest."


def _when(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
