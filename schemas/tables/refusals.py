"""Every refusal code and what would mend it, in words for the professional who is refused."""

from collections.abc import Mapping

from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.grounds import BY_CODE

WORDS: Mapping[Refusal, str] = {
    Refusal.MALFORMED: "the message cannot be read",
    Refusal.UNSIGNED: "the message is not signed as it must be",
    Refusal.WRONG_SOURCE: "the message names another sender than whose outbox it came from",
    Refusal.WRONG_PARTITION: "the message stands in the wrong partition",
    Refusal.STALE: "the message is too old, or dated in the future",
    Refusal.STALE_DIRECTORY_KEY: "it is signed with a key that no longer counts",
    Refusal.SUCCEEDED: "that organisation has merged into another, which speaks and is spoken to in its place",
    Refusal.ID_REUSED: "its id was used before for another message",
    Refusal.TOO_LARGE: "it is too large",
    Refusal.INTERNAL_ERROR: "the gate failed on it",
    Refusal.UNKNOWN_RECIPIENT: "the recipient is not connected",
    Refusal.NOT_A_PARTY: "the sender is no party of such a case",
    Refusal.ROLE_NOT_ALLOWED: "this organisation may not say this, or not to that recipient",
    Refusal.NOT_REGIE_HOLDER: "only who leads the case may say this",
    Refusal.DUAL_REGIE: "the family would get two that lead",
    Refusal.WRONG_STATE: "it does not fit how the handover or the case stands now",
    Refusal.NO_BASIS: "there is no basis to share this about this person",
    Refusal.BASIS_WRONG_DIRECTION: "the ground claimed does not work towards this recipient",
    Refusal.BASIS_NEEDS_MEASURE: "the ground claimed needs a court's measure",
    Refusal.BASIS_NEEDS_WEIGHING: "the ground claimed needs a written weighing",
    Refusal.CONSENT_WITHDRAWN: "the consent was withdrawn",
    Refusal.CONSENT_INCOMPLETE: "not everyone whose consent is needed has given it",
    Refusal.PURPOSE_NOT_ALLOWED: "this may not be shared for this purpose",
    Refusal.CATEGORY_NOT_ALLOWED: "this kind of data may not go to this recipient",
    Refusal.REQUIRED_SECTION_MISSING: "something that must travel along is missing",
    Refusal.NO_NAMED_PROFESSIONAL: "nobody is named who will do it",
    Refusal.COMPETENCE_MISSING: "who is named lacks the registration or the competence",
    Refusal.SAFETY_CONDITIONS_UNMET: "a safety condition is still open",
    Refusal.NO_INTERIM_OVERSIGHT: "nobody would see the child meanwhile",
    Refusal.DIAGNOSIS_WITHOUT_SOURCE: "a diagnosis travels only with who made it and may make it",
    Refusal.REASON_NOT_ALLOWED: "this reason may not be given",
    Refusal.TERMS_DIFFER: "the two sides state different terms",
    Refusal.SECOND_PERSON_MISSING: "a second person must stand behind it",
    Refusal.PERSON_UNKNOWN: "the person does not stand in the case",
    Refusal.UNKNOWN_REFERENCE: "it refers to something that is not there",
    Refusal.CASE_EXISTS: "the case is there already",
    Refusal.ITEM_DIFFERS: "an item travels on as it was made",
    Refusal.ITEM_CORRECTED: "its author corrected this item",
    Refusal.DATE_NOT_ALLOWED: "this date may not be given",
}

MENDS: Mapping[Mend, str] = {
    Mend.ASK_CONSENT: "ask consent",
    Mend.USE_SET_ASIDE: "set a custody holder aside, with a second professional (Jeugdwet 7.3.15(4))",
    Mend.USE_GROUND: "use a legal ground that holds",
    Mend.REPORT_TO_VT: "report to Veilig Thuis (Wmo 2015 art. 5.2.6)",
    Mend.INFORM_RAAD: "inform the Raad, after weighing (BW 1:240)",
    Mend.LEAVE_OUT: "leave it out",
    Mend.ADD: "add what is missing",
    Mend.WAIT_FOR_STATE: "wait until it may be said",
    Mend.ASK_REGIE_HOLDER: "ask who leads the case",
    Mend.NAME_PROFESSIONAL: "name a professional",
    Mend.CORRECT: "correct it",
    Mend.SEND_ANEW: "send it anew, dated today",
    Mend.ASK_OPERATOR: "ask the operator",
    Mend.AS_SUCCESSOR: "send it as the organisation it merged into",
    Mend.KEEP_APART: "keep it apart from the child's file, and bring it back to what it means for the child's safety",
    Mend.TALK_IT_OVER: "talk it over with your own supervisor before anything is done with it",
    Mend.SAY_IN_HAND: "say no more than that the matter is in hand",
    Mend.ESCALATE: "talk it over with them first (consults.held), or let the managers of both decide it",
    Mend.LET_JOIN: "let a regional safety team or an institution join first (supports.requested)",
    Mend.QUOTE_AS_KNOWN: "quote the source as known to Veilig Thuis, without its function",
}

OF_CODE: Mapping[tuple[Refusal, Mend], str] = {
    (Refusal.SAFETY_CONDITIONS_UNMET, Mend.CORRECT): "meet {missing} first, and let who monitors say so",
    (Refusal.TERMS_DIFFER, Mend.CORRECT): "say the same as the other side about {missing}",
    (Refusal.NO_INTERIM_OVERSIGHT, Mend.ADD): "plan who sees {missing}",
    (Refusal.COMPETENCE_MISSING, Mend.NAME_PROFESSIONAL): "name a professional with {missing}",
    (Refusal.DUAL_REGIE, Mend.CORRECT): "let one case close into the other first: {missing}",
    (Refusal.ITEM_CORRECTED, Mend.CORRECT): "send {missing} in its place",
    (Refusal.CATEGORY_NOT_ALLOWED, Mend.CORRECT): "send it to somebody who may have it",
    (Refusal.WRONG_STATE, Mend.SEND_ANEW): "what it names is there already, or over: begin another under a new id",
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
