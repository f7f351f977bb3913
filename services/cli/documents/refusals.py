"""docs/refusals.md: every refusal code, what it means and how it is mended."""

from collections.abc import Iterator
from typing import Final

from schemas.refusal import Mend, Refusal
from schemas.tables.refusal_help import HELP
from schemas.tables.refusals import MENDS, OF_CODE, WORDS

HEAD: Final = """# Refusals (weigeringen)

Why a message is not delivered, and what to do next. Made from `schemas/tables/refusals.py` and `refusal_help.py`:
change it there, and run `estafette documents`. A refusal names **every** reason at once: its code, the section and
the person it is about, what lacks (`missing`), the article or report it stands on (`law`), and what would cure it
(`mend`, in the order to try). Nothing was delivered and nothing changed; mend it and send it again under a new id.
`estafette` can try first: a dry run is judged and delivered to nobody.

A code is never given another meaning. The checks of the message itself come first and stop at the first that fails;
from NOT_A_PARTY on all reasons are given together. To who is no party of a case every refusal looks the same, whether
there is such a case or not.
"""


def document() -> str:
    """The page."""
    by_system = [code for code in Refusal if HELP[code].system]
    others = [code for code in Refusal if not HELP[code].system]
    return "\n".join(
        [
            HEAD,
            "## For who keeps the case system\n",
            *_table(by_system),
            "\n## For the professional\n",
            *_table(others),
            "\n## Cures\n",
            *_cures(),
            "",
        ]
    )


def _table(listed: list[Refusal]) -> Iterator[str]:
    yield "| code | in Dutch | what it means | what to do |"
    yield "|---|---|---|---|"
    for code in listed:
        yield f"| {code.value} | {HELP[code].dutch} | {WORDS[code]} | {HELP[code].do} |"


def _cures() -> Iterator[str]:
    yield (
        "What stands in `mend`. A cure that would lead anyone to ask or inform a person marked as unsafe "
        "to contact is never given.\n"
    )
    yield "| mend | in words |"
    yield "|---|---|"
    for mend in Mend:
        own = [f"{code.value}: {words}" for (code, at), words in OF_CODE.items() if at is mend]
        yield f"| {mend.value} | {'; '.join([MENDS[mend], *own])} |".replace("{missing}", "what is named")
