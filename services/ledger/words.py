"""Plain words for codes, for whoever reads an audit and does not know the codes. The codes stand beside them."""

from collections.abc import Mapping
from typing import Final

from schemas.manifest import Category, GdprArticle, Purpose
from schemas.refusal import Flag, Mend, Refusal
from schemas.tables.grounds import CONSENT, GROUNDS, SET_ASIDE

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
    **{ground.code: f"{ground.says} ({ground.law})" for ground in GROUNDS},
}

GDPR: Final[Mapping[str, str]] = {
    GdprArticle.LEGAL_DUTY: "legal duty",
    GdprArticle.VITAL_INTEREST: "vital interest",
    GdprArticle.PUBLIC_TASK: "public task",
    GdprArticle.CONSENT: "consent",
}

REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.MALFORMED: "the message could not be read",
    Refusal.UNSIGNED: "the message was not signed as it must be",
    Refusal.WRONG_SOURCE: "the message names another sender than whose outbox it came from",
    Refusal.WRONG_PARTITION: "the message stood in the wrong partition",
    Refusal.STALE: "the message was too old, or dated in the future",
    Refusal.STALE_DIRECTORY_KEY: "it was signed with a key that no longer counts",
    Refusal.ID_REUSED: "its id was used before for another message",
    Refusal.TOO_LARGE: "it was too large",
    Refusal.INTERNAL_ERROR: "the gate failed on it",
    Refusal.UNKNOWN_RECIPIENT: "the recipient is not connected",
    Refusal.NOT_A_PARTY: "the sender is no party of such a case",
    Refusal.ROLE_NOT_ALLOWED: "this organisation may not say this, or not to that recipient",
    Refusal.NOT_REGIE_HOLDER: "the sender does not hold regie",
    Refusal.DUAL_REGIE: "it would give the family two regie holders",
    Refusal.WRONG_STATE: "it does not fit the state of the handover or case",
    Refusal.NO_BASIS: "no basis to share this about this person",
    Refusal.BASIS_WRONG_DIRECTION: "the basis claimed does not work towards this recipient",
    Refusal.BASIS_NEEDS_MEASURE: "the basis claimed needs a court's measure",
    Refusal.BASIS_NEEDS_WEIGHING: "the basis claimed needs a recorded weighing",
    Refusal.CONSENT_WITHDRAWN: "consent was withdrawn",
    Refusal.CONSENT_INCOMPLETE: "consent of everyone needed is not there",
    Refusal.PURPOSE_NOT_ALLOWED: "it may not be shared for this purpose",
    Refusal.CATEGORY_NOT_ALLOWED: "this kind of data may not go to this recipient",
    Refusal.REQUIRED_SECTION_MISSING: "something that must travel along is missing",
    Refusal.NO_NAMED_PROFESSIONAL: "no professional is named",
    Refusal.COMPETENCE_MISSING: "the professional lacks the registration or competence",
    Refusal.SAFETY_CONDITIONS_UNMET: "safety conditions are still open",
    Refusal.NO_INTERIM_OVERSIGHT: "nobody would see the child meanwhile",
    Refusal.DIAGNOSIS_WITHOUT_SOURCE: "a diagnosis without a qualified source",
    Refusal.REASON_NOT_ALLOWED: "this reason may not be given",
    Refusal.TERMS_DIFFER: "the two sides state different terms",
    Refusal.SECOND_PERSON_MISSING: "a second person must be named",
    Refusal.PERSON_UNKNOWN: "the person is not in the case",
    Refusal.UNKNOWN_REFERENCE: "it refers to something that does not exist",
    Refusal.CASE_EXISTS: "the case exists already",
}

MENDS: Final[Mapping[Mend, str]] = {
    Mend.ASK_CONSENT: "ask consent of those named",
    Mend.USE_SET_ASIDE: "consider setting a representative aside",
    Mend.USE_GROUND: "use one of the grounds named",
    Mend.REPORT_TO_VT: "report to Veilig Thuis",
    Mend.LEAVE_OUT: "leave it out",
    Mend.ADD: "add what is missing",
    Mend.WAIT_FOR_STATE: "wait until the state allows it",
    Mend.ASK_REGIE_HOLDER: "ask the regie holder",
    Mend.NAME_PROFESSIONAL: "name a professional",
    Mend.CORRECT: "correct the field named",
    Mend.SEND_ANEW: "send it anew",
    Mend.ASK_OPERATOR: "ask the operator",
}

FLAGS: Final[Mapping[Flag, str]] = {
    Flag.DISSENT: "someone refused consent",
    Flag.STORY_READ_LATE: "the story was read after the first talk with the family",
    Flag.FAMILY_NOT_MET: "taken over without having met the family",
    Flag.SINGLE_SOURCE: "stands on one source",
    Flag.CLOSED_WITH_OPEN_CONCERN: "closed with an open concern",
    Flag.BOUNCE_LOOP: "handed back and forth",
    Flag.EMERGENCY_OPEN: "an emergency take-over is open",
}


def basis(code: str) -> str:
    """The basis in words; a ground this table does not know yet is named by its code."""
    return BASES.get(code, f"ground {code}")


def gdpr(code: str) -> str:
    return f"GDPR {code}, {GDPR[code]}" if code in GDPR else f"GDPR {code}"


def purpose(code: str) -> str:
    return PURPOSES[Purpose(code)] if code in PURPOSES else code
