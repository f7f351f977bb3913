"""What a request to the Raad must hold: one row an element, with its section and its source.

Each is asked of every request but one in acute danger, which a second professional reviews within a day.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.manifest import Category


class Element(StrEnum):
    """A part of the request. Each is one function of services/gate/rules/request.py."""

    REASON = "REASON"
    RISK = "RISK"  # for each child
    TRIED = "TRIED"  # or why nothing could be
    TALK = "TALK"  # with each parent, or why not
    RESPONSE = "RESPONSE"  # of each parent who was spoken with
    OBSERVED = "OBSERVED"
    ADVICE = "ADVICE"
    VOICE = "VOICE"  # of each child, or why not
    ADVISER_TOLD = "ADVISER_TOLD"
    OBJECTIVE = "OBJECTIVE"  # somebody independent, where those who know the family do not think the same


C = Category


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One element: the category its words travel in, and where it comes from."""

    element: Element
    category: Category | None
    source: str


ELEMENTS: tuple[ElementRow, ...] = (
    ElementRow(Element.REASON, C.ACCOUNT, "JB Noord 2016 §5.3; D#85: a measure only for these reasons"),
    ElementRow(Element.RISK, C.SAFETY, "TSD 2017 §2.6; D#72"),
    ElementRow(Element.TRIED, C.HELP_HISTORY, "TSD 2017 §2.6; D#72, D#75: agreed help is not yet help taken up"),
    ElementRow(Element.TALK, None, "JB Noord 2016 §3.1; D#79"),
    ElementRow(Element.RESPONSE, C.CLIENT_RESPONSE, "JB Noord 2016 §3.1; D#80"),
    ElementRow(Element.OBSERVED, None, "JB Noord 2016 §3.1 b; D#77"),
    ElementRow(Element.ADVICE, None, "JB Noord 2016 §4.1 d, §5.2 b; D#73"),
    ElementRow(Element.VOICE, C.YOUTH_VOICE, "IGJ 2023; D§3e.7"),
    ElementRow(Element.ADVISER_TOLD, None, "Jeugdwet 4.1.9; D#127"),
    ElementRow(Element.OBJECTIVE, None, "JB Noord 2016 §8.4 aanb. 4; D#78: where views differ"),
)
