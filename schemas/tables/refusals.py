"""Every refusal code and what would mend it, in words for the professional who is refused."""

from collections.abc import Mapping

from schemas.refusal import Mend, Reason
from schemas.refusal import Refusal as R
from schemas.tables.grounds import BY_CODE

WORDS: Mapping[R, str] = {
    R.MALFORMED: "the message cannot be read",
    R.UNSIGNED: "the message is not signed as it must be",
    R.WRONG_SOURCE: "the message names another sender than whose outbox it came from",
    R.WRONG_PARTITION: "the message stands in the wrong partition",
    R.STALE: "the message is too old, or dated in the future",
    R.STALE_DIRECTORY_KEY: "it is signed with a key that no longer counts",
    R.ID_REUSED: "its id was used before for another message",
    R.TOO_LARGE: "it is too large",
    R.INTERNAL_ERROR: "the gate failed on it",
    R.UNKNOWN_RECIPIENT: "the recipient is not connected",
    R.NOT_A_PARTY: "the sender is no party of such a case",
    R.ROLE_NOT_ALLOWED: "this organisation may not say this, or not to that recipient",
    R.NOT_REGIE_HOLDER: "only who leads the case may say this",
    R.DUAL_REGIE: "the family would get two that lead",
    R.WRONG_STATE: "it does not fit how the handover or the case stands now",
    R.NO_BASIS: "there is no basis to share this about this person",
    R.BASIS_WRONG_DIRECTION: "the ground claimed does not work towards this recipient",
    R.BASIS_NEEDS_MEASURE: "the ground claimed needs a court's measure",
    R.BASIS_NEEDS_WEIGHING: "the ground claimed needs a written weighing",
    R.CONSENT_WITHDRAWN: "the consent was withdrawn",
    R.CONSENT_INCOMPLETE: "not everyone whose consent is needed has given it",
    R.PURPOSE_NOT_ALLOWED: "this may not be shared for this purpose",
    R.CATEGORY_NOT_ALLOWED: "this kind of data may not go to this recipient",
    R.REQUIRED_SECTION_MISSING: "something that must travel along is missing",
    R.NO_NAMED_PROFESSIONAL: "nobody is named who will do it",
    R.COMPETENCE_MISSING: "who is named lacks the registration or the competence",
    R.SAFETY_CONDITIONS_UNMET: "a safety condition is still open",
    R.NO_INTERIM_OVERSIGHT: "nobody would see the child meanwhile",
    R.DIAGNOSIS_WITHOUT_SOURCE: "a diagnosis travels only with who made it and may make it",
    R.REASON_NOT_ALLOWED: "this reason may not be given",
    R.TERMS_DIFFER: "the two sides state different terms",
    R.SECOND_PERSON_MISSING: "a second person must stand behind it",
    R.PERSON_UNKNOWN: "the person does not stand in the case",
    R.UNKNOWN_REFERENCE: "it refers to something that is not there",
    R.CASE_EXISTS: "the case is there already",
    R.ITEM_DIFFERS: "an item travels on as it was made",
    R.DATE_NOT_ALLOWED: "this date may not be given",
}

MENDS: Mapping[Mend, str] = {
    Mend.ASK_CONSENT: "ask consent",
    Mend.USE_SET_ASIDE: "set a custody holder aside, with a second professional (Jeugdwet 7.3.15(4))",
    Mend.USE_GROUND: "use a legal ground that holds",
    Mend.REPORT_TO_VT: "report to Veilig Thuis (Wmo 2015 art. 5.2.6)",
    Mend.LEAVE_OUT: "leave it out",
    Mend.ADD: "add what is missing",
    Mend.WAIT_FOR_STATE: "wait until it may be said",
    Mend.ASK_REGIE_HOLDER: "ask who leads the case",
    Mend.NAME_PROFESSIONAL: "name a professional",
    Mend.CORRECT: "correct it",
    Mend.SEND_ANEW: "send it anew, dated today",
    Mend.ASK_OPERATOR: "ask the operator",
}

OF_CODE: Mapping[tuple[R, Mend], str] = {
    (R.SAFETY_CONDITIONS_UNMET, Mend.CORRECT): "meet {missing} first, and let who monitors say so",
    (R.TERMS_DIFFER, Mend.CORRECT): "say the same as the other side about {missing}",
    (R.NO_INTERIM_OVERSIGHT, Mend.ADD): "plan who sees {missing}",
    (R.COMPETENCE_MISSING, Mend.NAME_PROFESSIONAL): "name a professional with {missing}",
    (R.CATEGORY_NOT_ALLOWED, Mend.CORRECT): "send it to somebody who may have it",
}
"""Where a code asks for another sentence than its mend alone."""


def why(reason: Reason) -> str:
    """`about child-1: not everyone whose consent is needed has given it: father (Jeugdwet 7.3.15(1))`."""
    about = f"about {reason.person}: " if reason.person else ""
    missing = f": {', '.join(reason.missing)}" if reason.missing else ""
    law = f" ({reason.law})" if reason.law else ""
    return f"{about}{WORDS[reason.code]}{missing}{law}"


def how_to_mend(reason: Reason) -> tuple[str, ...]:
    """What would cure it, in the order in which a professional would try it."""
    return tuple(_mend(mend, reason) for mend in reason.mend)


def render(reason: Reason) -> str:
    """One refusal as a professional reads it: why, and what would cure it."""
    cures = "; ".join(how_to_mend(reason))
    return f"{why(reason)}. To mend: {cures}." if cures else f"{why(reason)}."


def _mend(mend: Mend, reason: Reason) -> str:
    if (own := OF_CODE.get((reason.code, mend))) and reason.missing:
        return own.format(missing=", ".join(reason.missing))
    if mend is Mend.ASK_CONSENT and reason.missing:
        return f"ask consent of {', '.join(reason.missing)}"
    if mend is Mend.USE_GROUND and reason.grounds:
        return "use " + " or ".join(_ground(code) for code in reason.grounds)
    if mend is Mend.WAIT_FOR_STATE and reason.missing:
        return f"wait until it is {' or '.join(reason.missing)}"
    if mend in (Mend.ADD, Mend.CORRECT) and reason.missing:
        return f"{MENDS[mend].split(' ')[0]} {', '.join(reason.missing)}"
    return MENDS[mend]


def _ground(code: str) -> str:
    return f"{code} ({BY_CODE[code].law})" if code in BY_CODE else code
