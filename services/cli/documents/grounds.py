"""docs/grounds.md: the legal grounds, so that a lawyer finds each article and sees what was read and what we chose."""

from collections.abc import Iterator
from typing import Final

from schemas.manifest import Category, Purpose
from schemas.parties import ExternalKind
from schemas.tables.authority import Authority
from schemas.tables.categories import CONTENT_TO, LAWS, NO_ROUTE, ONLY_TO, PURPOSES, UNDER_SECRECY
from schemas.tables.consent_ages import AGES, SET_ASIDE_DAYS, SET_ASIDE_LAW, Mode, Voice
from schemas.tables.grounds import GROUNDS, Ground, Weighed
from services.cli.documents.words import KINDS, codes, humanly, kinds, plainly, short_kinds, with_dutch

HEAD: Final = """# Grounds (grondslagen)

On what data about a person may travel in a letter. Made from `schemas/tables/grounds.py`, `consent_ages.py` and
`categories.py`: change it there, and run `estafette documents`. Every (section, person) states one basis: the
**consent** (toestemming) of everyone who must give it, or one of the **grounds** below. The gate checks it at the
moment of sending; a refusal says what would cure it.

How sure a row is: **law** = the article's own text was read, in the edition of [sources](sources.md); **page** = a
page of a professional body or a commentary was read, not the article; **unconfirmed** = a task in law, of which no
article was found that gives this leave; **our choice** = our reading or our choice, and the article named is the one
it leans on. Whoever puts this to live use reads the articles again in their present wording.
"""
SURE: Final = {
    Authority.LAW: "law",
    Authority.PAGE: "page",
    Authority.UNCONFIRMED: "unconfirmed",
    Authority.CHOICE: "our choice",
}
WEIGHED: Final = {
    Weighed.NOTHING: "nothing to weigh",
    Weighed.ACCOUNT: "an account (verantwoording) says why it is necessary",
    Weighed.FIVE_QUESTIONS: "five questions (conflict van plichten) answered with yes and a second person; "
    "in haste one "
    "account now, and the answers within 24 hours",
}
CONDITIONS: Final = {
    "asks": "in a request for information, on the ground that the request names; Veilig Thuis about a report "
    "of its own",
    "asked_it_or_is_charged": "the recipient asked the Raad for an investigation (onderzoek) in this case, "
    "or carries out a "
    "measure for a child of it",
    "always": "no further condition",
    "both_on_the_roster": "sender and recipient both help in this plan today, by a named professional or as "
    "who stays involved",
    "supervises": "an OTS or VOTS (ondertoezichtstelling) of the recipient runs today for a child of the "
    "case: from its first day "
    "until its end, and not after the child is 18",
    "handed_back_only_to_who_had_it": "as a handover only to a Veilig Thuis that is in the case already; a "
    "first report is a safety alert",
    "own_report": "the sender got a report (melding) in this case or led it since; a regional safety team: "
    "the Veilig Thuis it acts for did",
}
PERSONS: Final = {
    "under_own_supervision": "the child that the asker supervises, its parents and its guardian",
    "investigated": "a child the Raad was asked to look into, its parents and its guardian",
    "anyone": "everyone in the case",
    "under_supervision": "the child of the order, its parents and its guardian; not a sister or brother "
    "without an order",
}
VOICES: Final = {
    Voice.SELF: "the person",
    Voice.CUSTODY_HOLDERS: "everyone with custody (gezag)",
    Voice.REPRESENTATIVE: "the representative (vertegenwoordiger) on record",
}


def document() -> str:
    """The page."""
    return "\n".join([HEAD, *_grounds(), *_consent(), *_categories()]).rstrip() + "\n"


def _grounds() -> Iterator[str]:
    yield "## Without consent\n"
    yield "| ground | article | from | to | purpose | how sure |"
    yield "|---|---|---|---|---|---|"
    for row in GROUNDS:
        sides = f"{short_kinds(row.senders)} | {short_kinds(row.recipients)}"
        what = f"{codes(row.purposes, Purpose)} | {SURE[row.authority]}"
        yield f"| [{row.code}](#{row.code.lower()}) | {row.law} | {sides} | {what} |"
    for row in GROUNDS:
        yield from _ground(row)


def _to(row: Ground) -> str:
    some = f"; of those outside the chain only: {codes(row.externals, ExternalKind)}" if row.externals else ""
    return kinds(row.recipients) + some


def _ground(row: Ground) -> Iterator[str]:
    yield f"\n### {row.code}\n"
    yield f"{row.says}\n"
    yield f"* **Article**: {row.law} ({SURE[row.authority]})"
    yield f"* **From**: {kinds(row.senders)}"
    yield f"* **To**: {_to(row)}"
    yield f"* **For** (doel): {codes(row.purposes, Purpose)}"
    yield f"* **About**: {PERSONS.get(row.persons, humanly(row.persons))}"
    yield f"* **Only when**: {CONDITIONS.get(row.condition, humanly(row.condition))}"
    yield f"* **Weighed** (afweging): {WEIGHED[row.weighed]}"
    yield f"* **Never**: {codes(row.never, Category)}"


def _consent() -> Iterator[str]:
    yield "\n## Consent (toestemming)\n"
    yield (
        "Whose consent is needed for what is written about someone; the first line that fits counts, on "
        "the day of sending.\n"
    )
    yield "| age | able to weigh interests | sender | whose | article | how sure |"
    yield "|---|---|---|---|---|---|"
    for row in AGES:
        age = f"{row.start} and over" if row.last is None else f"{row.start} to {row.last}"
        able = {None: "either", True: "yes", False: "no"}[row.competent]
        sender = kinds(row.senders) if row.senders else "anyone"
        whose = " and ".join(VOICES[voice] for voice in row.voices)
        yield f"| {age} | {able} | {sender} | {whose} | {row.law} | {SURE[row.authority]} |"
    yield (
        f"\nSetting aside (passeren) one who holds custody: {SET_ASIDE_LAW}, with a second "
        f"professional; looked at again within "
        f"{SET_ASIDE_DAYS} days (our choice). The refusal of one parent of a 12 to 15 year old: "
        f"{'; '.join(map(plainly, Mode))}."
    )


def _categories() -> Iterator[str]:
    yield "\n## Kinds of data (categorieën)\n"
    yield "Whatever the basis. An empty cell is no limit beyond the purposes.\n"
    yield "| category | for which purposes | to whom | stands on |"
    yield "|---|---|---|---|"
    for category in Category:
        purposes = [purpose for purpose, allowed in PURPOSES.items() if category in allowed]
        yield (
            f"| {with_dutch(category.value)} | {codes(purposes, Purpose)} | {_only_to(category)} | "
            f"{LAWS[category].law if category in LAWS else ''} |"
        )
    chain = ", ".join(KINDS[kind] for kind in KINDS if kind in CONTENT_TO)
    yield f"\nSections go to {chain}, and to nobody else."


def _only_to(category: Category) -> str:
    if category in NO_ROUTE:
        return "nobody"
    if category in ONLY_TO:
        return f"only {kinds(ONLY_TO[category])}"
    return "only those bound by secrecy (geheimhouding)" if category in UNDER_SECRECY else ""
