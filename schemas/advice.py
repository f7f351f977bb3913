"""Advice without a person in it (informatie en advies): a question about how to go about something, and its answer.

No field here can hold a person, and no section of such a letter is about one: who advises keeps nothing with a name in
it (JB Noord 2016 §2.1 and §7.1; D#4, D#101).
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.body import Body


class Topic(StrEnum):
    """What the question is about, in general."""

    VIOLENCE = "VIOLENCE"
    NEGLECT = "NEGLECT"
    SEXUAL_SAFETY = "SEXUAL_SAFETY"
    SEPARATION = "SEPARATION"
    PARENTING = "PARENTING"
    BEHAVIOUR = "BEHAVIOUR"
    ADDICTION = "ADDICTION"
    SECRECY = "SECRECY"  # what may be shared with whom
    WHICH_HELP = "WHICH_HELP"
    LAW = "LAW"
    OTHER = "OTHER"


class Step(StrEnum):
    """The five steps of the reporting code (meldcode; Wmo 2015 art. 3.3, Jeugdwet 4.1.7)."""

    SIGNALS = "SIGNALS"
    CONSULT = "CONSULT"
    TALK = "TALK"
    WEIGH = "WEIGH"
    DECIDE = "DECIDE"


class AdviceAsked(Body):
    """A question about how to go about something, about nobody in particular. It begins a thread, in which the same
    asker may ask on.
    """

    name: ClassVar[str] = "advice.asked"
    topic: Topic
    step: Step | None = None  # of the reporting code, where the asker stands in it


class AdviceGiven(Body):
    """What was advised. The words are an ACCOUNT or PLAN item about nobody."""

    name: ClassVar[str] = "advice.given"
    advice: Annotated[
        tuple[
            Literal[
                "TALK_WITH_FAMILY",
                "CONSULT_EXPERT",
                "FOLLOW_REPORTING_CODE",
                "REPORT_TO_VEILIG_THUIS",
                "ASK_SUPPORT",
                "GO_ON",
                "OTHER",
            ],
            ...,
        ],
        Field(min_length=1, max_length=7),
    ]
