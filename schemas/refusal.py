"""Why a message is refused, in codes a professional can act on. Codes are extended, never reused."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Code, Frozen
from schemas.person import PersonRef


class Refusal(StrEnum):
    """The refusal codes, in the order of the checks. Envelope checks stop at the first; from NOT_A_PARTY on all are
    given.
    """

    MALFORMED = "MALFORMED"
    UNSIGNED = "UNSIGNED"
    WRONG_SOURCE = "WRONG_SOURCE"
    WRONG_PARTITION = "WRONG_PARTITION"
    STALE = "STALE"
    STALE_DIRECTORY_KEY = "STALE_DIRECTORY_KEY"
    SUCCEEDED = "SUCCEEDED"  # said in the name of an organisation that has ended, or to oneself under the old name
    ID_REUSED = "ID_REUSED"
    TOO_LARGE = "TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    UNKNOWN_RECIPIENT = "UNKNOWN_RECIPIENT"
    NOT_A_PARTY = "NOT_A_PARTY"
    ROLE_NOT_ALLOWED = "ROLE_NOT_ALLOWED"
    NOT_REGIE_HOLDER = "NOT_REGIE_HOLDER"
    DUAL_REGIE = "DUAL_REGIE"
    WRONG_STATE = "WRONG_STATE"
    NO_BASIS = "NO_BASIS"
    BASIS_WRONG_DIRECTION = "BASIS_WRONG_DIRECTION"
    BASIS_NEEDS_MEASURE = "BASIS_NEEDS_MEASURE"
    BASIS_NEEDS_WEIGHING = "BASIS_NEEDS_WEIGHING"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_INCOMPLETE = "CONSENT_INCOMPLETE"
    PURPOSE_NOT_ALLOWED = "PURPOSE_NOT_ALLOWED"
    CATEGORY_NOT_ALLOWED = "CATEGORY_NOT_ALLOWED"
    REQUIRED_SECTION_MISSING = "REQUIRED_SECTION_MISSING"
    NO_NAMED_PROFESSIONAL = "NO_NAMED_PROFESSIONAL"
    COMPETENCE_MISSING = "COMPETENCE_MISSING"
    SAFETY_CONDITIONS_UNMET = "SAFETY_CONDITIONS_UNMET"
    NO_INTERIM_OVERSIGHT = "NO_INTERIM_OVERSIGHT"
    DIAGNOSIS_WITHOUT_SOURCE = "DIAGNOSIS_WITHOUT_SOURCE"
    REASON_NOT_ALLOWED = "REASON_NOT_ALLOWED"
    TERMS_DIFFER = "TERMS_DIFFER"
    SECOND_PERSON_MISSING = "SECOND_PERSON_MISSING"
    PERSON_UNKNOWN = "PERSON_UNKNOWN"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    CASE_EXISTS = "CASE_EXISTS"
    ITEM_DIFFERS = "ITEM_DIFFERS"  # an item travels on as it was made
    ITEM_CORRECTED = "ITEM_CORRECTED"  # its author took it back; what takes its place goes on
    DATE_NOT_ALLOWED = "DATE_NOT_ALLOWED"


class Mend(StrEnum):
    """What would cure a refusal. Rendered as a sentence by `schemas/tables/refusals.py`."""

    ASK_CONSENT = "ASK_CONSENT"  # of the persons in `missing`
    USE_SET_ASIDE = "USE_SET_ASIDE"  # Jeugdwet 7.3.15(4)
    USE_GROUND = "USE_GROUND"  # one of the grounds in `grounds`
    REPORT_TO_VT = "REPORT_TO_VT"  # Wmo 2015 art. 5.2.6
    INFORM_RAAD = "INFORM_RAAD"  # BW 1:240
    LEAVE_OUT = "LEAVE_OUT"  # the section or the person
    ADD = "ADD"  # what `missing` names
    WAIT_FOR_STATE = "WAIT_FOR_STATE"  # `missing` names the states in which this may be said
    ASK_REGIE_HOLDER = "ASK_REGIE_HOLDER"
    NAME_PROFESSIONAL = "NAME_PROFESSIONAL"
    CORRECT = "CORRECT"  # the field `missing` names
    SEND_ANEW = "SEND_ANEW"  # with a new id and today's time
    ASK_OPERATOR = "ASK_OPERATOR"
    AS_SUCCESSOR = "AS_SUCCESSOR"  # `missing` names it
    KEEP_APART = "KEEP_APART"  # of public order: no part of a child's file
    TALK_IT_OVER = "TALK_IT_OVER"  # with one's own supervisor: a suspicion that has no route
    SAY_IN_HAND = "SAY_IN_HAND"  # all that an administrator may hear
    ESCALATE = "ESCALATE"  # what `missing` names was not given to who speaks
    LET_JOIN = "LET_JOIN"  # somebody who can do what `missing` names
    QUOTE_AS_KNOWN = "QUOTE_AS_KNOWN"  # a source that stays unnamed


class Reason(Frozen):
    """One reason of a refusal.

    `section` is the item id, `missing` what lacks (person refs, blocks, states, field paths), `law` the article or
    source
    the rule stands on. `mend` never suggests asking or informing a person marked contact_unsafe.
    """

    code: Refusal
    section: Code | None = None
    person: PersonRef | None = None
    missing: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    law: str | None = None
    mend: Annotated[tuple[Mend, ...], Field(max_length=8)] = ()
    grounds: Annotated[tuple[Code, ...], Field(max_length=8)] = ()


class Flag(StrEnum):
    """What is delivered all the same, but seen and counted."""

    DISSENT = "DISSENT"
    STORY_READ_LATE = "STORY_READ_LATE"
    FAMILY_NOT_MET = "FAMILY_NOT_MET"
    SINGLE_SOURCE = "SINGLE_SOURCE"
    CLOSED_WITH_OPEN_CONCERN = "CLOSED_WITH_OPEN_CONCERN"
    BOUNCE_LOOP = "BOUNCE_LOOP"
    EMERGENCY_OPEN = "EMERGENCY_OPEN"
    DECIDED_DURING_ABSENCE = "DECIDED_DURING_ABSENCE"  # a key decision while the lead was away
    AGREEMENT_OVERRIDDEN = "AGREEMENT_OVERRIDDEN"  # ... and past what was agreed with the family
    NOBODY_LEADS = "NOBODY_LEADS"  # a signal says that nobody coordinates the help
    GROUND_BEFORE_MEASURE = "GROUND_BEFORE_MEASURE"  # of a refused letter: a measure's ground where none runs
    CAPACITY_REASON = "CAPACITY_REASON"  # an institution was asked for want of hands: not structural, and counted
    NO_BRIDGING_HELP = "NO_BRIDGING_HELP"  # a family waits for help without any meanwhile
    NO_SUITABLE_OFFER = "NO_SUITABLE_OFFER"
    URGENT_GROUND = "URGENT_GROUND"  # shared in haste; the weighing follows within 24 hours
    ACUTE_DANGER = "ACUTE_DANGER"  # the Raad is asked before everything was done; reviewed within 24 hours
    NO_WARNING_TALK = "NO_WARNING_TALK"  # the Raad is asked, and no parent heard what would keep it out
