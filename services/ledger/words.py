"""Plain words for codes in an audit; the codes stand beside them. Refusals: `schemas/tables/refusals.py`."""

from collections.abc import Mapping
from typing import Final

from schemas.manifest import Category, GdprArticle, Purpose
from schemas.refusal import Flag
from schemas.tables.grounds import CONSENT, GROUNDS, OWN_WORD, SET_ASIDE

CATEGORIES: Final[Mapping[Category, str]] = {
    Category.IDENTITY: "name, address and number of a person",
    Category.CONTACT: "how to reach a person",
    Category.STORY: "the family's own story",
    Category.CONCERNS: "concerns",
    Category.SAFETY: "safety assessment",
    Category.STRENGTHS: "what goes well",
    Category.CONTRARY: "what speaks against the conclusion",
    Category.PLAN: "plan",
    Category.ACCOUNT: "the professional's account",
    Category.HELP_HISTORY: "help given before, and its effect",
    Category.YOUTH_VOICE: "what the child says",
    Category.CLIENT_RESPONSE: "the family's response",
    Category.HEALTH: "health",
    Category.EDUCATION: "school",
    Category.HOUSING_MONEY: "housing and money",
    Category.CRIMINAL: "criminal matters",
    Category.REPORTER: "who reported",
    Category.PUBLIC_ORDER: "public order",
    Category.FINANCIAL_FRAUD: "fraud",
}

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.HANDOVER: "to hand the case over",
    Purpose.JOINT_SUPPORT: "to help together",
    Purpose.MEASURE: "to carry out a court's measure",
    Purpose.MONITORING: "to follow whether it is safe",
    Purpose.SAFETY_ALERT: "to warn of danger",
    Purpose.INVESTIGATION: "to investigate",
    Purpose.FEEDBACK: "to report back",
}

BASES: Final[Mapping[str, str]] = {
    CONSENT: "consent of everyone whose consent was needed (Jeugdwet 7.3.11(1))",
    SET_ASIDE: "consent, with a custody holder set aside in the child's interest (Jeugdwet 7.3.15(4))",
    OWN_WORD: "what somebody says of themselves in their own signal (Jeugdwet 7.3.11(1))",
    **{ground.code: f"{ground.says} ({ground.law})" for ground in GROUNDS},
}

GDPR: Final[Mapping[str, str]] = {
    GdprArticle.LEGAL_DUTY: "legal duty",
    GdprArticle.VITAL_INTEREST: "vital interest",
    GdprArticle.PUBLIC_TASK: "public task",
    GdprArticle.CONSENT: "consent",
}

FLAGS: Final[Mapping[Flag, str]] = {
    Flag.DISSENT: "someone refused consent",
    Flag.STORY_READ_LATE: "the story was read after the first talk with the family",
    Flag.FAMILY_NOT_MET: "taken over without having met the family",
    Flag.SINGLE_SOURCE: "stands on one source",
    Flag.CLOSED_WITH_OPEN_CONCERN: "closed with an open concern",
    Flag.BOUNCE_LOOP: "handed back and forth",
    Flag.CAPACITY_REASON: "an institution was asked for want of hands",
    Flag.NO_BRIDGING_HELP: "a family waits without help meanwhile",
    Flag.NO_SUITABLE_OFFER: "there is no suitable offer",
    Flag.EMERGENCY_OPEN: "an emergency take-over is open",
    Flag.DECIDED_DURING_ABSENCE: "decided while who leads was away",
    Flag.AGREEMENT_OVERRIDDEN: "an agreement with the family was passed over",
    Flag.NOBODY_LEADS: "nobody leads, says who raised the signal",
    Flag.GROUND_BEFORE_MEASURE: "claimed a measure's ground where no measure runs",
    Flag.URGENT_GROUND: "shared in haste, the weighing follows",
    Flag.ACUTE_DANGER: "the Raad was asked in acute danger, reviewed within a day",
    Flag.NO_WARNING_TALK: "the Raad was asked and no parent had heard what would keep it out",
}


def basis(code: str) -> str:
    """The basis in words; a ground this table does not know yet is named by its code."""
    return BASES.get(code, f"ground {code}")


def gdpr(code: str) -> str:
    return f"GDPR {code}, {GDPR[code]}" if code in GDPR else f"GDPR {code}"


def purpose(code: str) -> str:
    return PURPOSES[Purpose(code)] if code in PURPOSES else code
