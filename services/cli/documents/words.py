"""Codes in plain English with the Dutch term beside them, and what a table's own comments say of a code."""

import inspect
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from schemas.parties import OrganisationKind as K
from schemas.tables.agreed import written
from schemas.tables.categories import CONTENT_TO
from schemas.tables.obligation_row import Basis, Term

KINDS: Final[Mapping[K, str]] = {
    K.LOCAL_TEAM: "local team (lokaal team)",
    K.VEILIG_THUIS: "Veilig Thuis",
    K.REGIONAL_SAFETY_TEAM: "regional safety team (regionaal veiligheidsteam)",
    K.RAAD: "Raad (Raad voor de Kinderbescherming)",
    K.CERTIFIED_INSTITUTION: "certified institution (gecertificeerde instelling)",
    K.COORDINATION: "coordination desk (ketencoördinatie)",
    K.EXTERNAL: "organisation outside the chain (extern: aanbieder, school, huisarts, politie)",
    K.SERVICE: "the broker itself",
}
DUTCH: Final[Mapping[str, str]] = {
    "PROPOSED": "voorgesteld", "WAITING": "wacht", "IMPOSED": "opgelegd", "ACCEPTED": "aanvaard",
    "WARM": "warm overgedragen", "COMPLETED": "afgerond", "DECLINED": "geweigerd", "CANCELLED": "ingetrokken",
    "HANDED_BACK": "teruggegeven", "RETURNED": "teruggenomen", "EMERGENCY": "spoedovername",
    "RETURNING": "op weg terug", "SUPERSEDED": "achterhaald",
    "HANDOVER": "overdracht", "JOINT_SUPPORT": "samen helpen", "MEASURE": "maatregel", "MONITORING": "monitoring",
    "SAFETY_ALERT": "veiligheidsmelding", "INVESTIGATION": "onderzoek", "FEEDBACK": "terugkoppeling",
    "IDENTITY": "persoonsgegevens", "CONTACT": "contactgegevens", "STORY": "eigen verhaal", "CONCERNS": "zorgen",
    "SAFETY": "veiligheid", "STRENGTHS": "krachten", "CONTRARY": "wat het tegendeel zegt", "PLAN": "plan",
    "ACCOUNT": "verantwoording", "HELP_HISTORY": "eerdere hulp", "YOUTH_VOICE": "stem van het kind",
    "CLIENT_RESPONSE": "reactie van het gezin", "HEALTH": "gezondheid", "EDUCATION": "onderwijs",
    "HOUSING_MONEY": "wonen en geld", "CRIMINAL": "strafrechtelijk", "REPORTER": "melder",
    "PUBLIC_ORDER": "openbare orde", "FINANCIAL_FRAUD": "fraude",
    "FIRST_REACTION": "eerste reactie", "ANSWER_QUESTION": "vraag beantwoorden", "WAIT_REVIEW": "wachttijd bezien",
    "WARM_CONTACT": "warm gesprek", "FIRST_CONTACT": "eerste contact", "JOINT_CONSULT": "gezamenlijk overleg",
    "HAND_BACK_ANSWER": "antwoord op teruggave", "REROUTE": "andere weg zoeken",
    "WARM_FOLLOW_UP": "warm gesprek na spoed", "EMERGENCY_FLAG": "spoed loopt", "URGENT_REVIEW": "spoed nabezien",
    "STORY_OWED": "verhaal alsnog geven", "VTO_OWED": "verzoek tot onderzoek doen",
    "RETURN_PROPOSAL": "teruggave voorstellen",
    "SAFETY_ASSESSMENT": "veiligheidstaxatie", "CHILD_SEEN": "kind gezien", "MONITORING_CHECK": "monitormoment",
    "SIGHT_CHECK": "zicht op het kind", "CASE_UPDATE": "stand van zaken", "INFORM_LATER": "alsnog informeren",
    "GROUND_REVIEW": "grondslag nabezien", "SET_ASIDE_REVIEW": "passeren gezagsdrager nabezien",
    "CONSENT_REVIEW": "toestemming opnieuw bezien", "VT_ASSESSMENT": "triage en veiligheidsbeoordeling",
    "VT_START": "onderzoek starten", "VT_DECISION": "onderzoek afronden", "VT_INFORM": "betrokkenen informeren",
    "REPORTER_FEEDBACK": "terugkoppeling aan melder", "INVESTIGATION_FEEDBACK": "terugkoppeling na onderzoek",
    "GI_ASSIGN": "jeugdbeschermer toewijzen", "MEASURE_END": "einde maatregel voorbereiden",
    "RECEIPT": "ontvangstbevestiging", "RESEND": "opnieuw zenden", "UNREADABLE_LETTER": "onleesbaar stuk herstellen",
    "UNTRUE_CATEGORY": "verkeerd benoemd stuk herstellen", "CORRECTION_SEND": "correctie doorgeven",
    "STAND_IN_NAMED": "vervanger noemen", "LEAD_PERSON_NAMED": "regisseur noemen",
    "STAGNATION_ACTION": "stilstand aanpakken", "STAGNATION_EVALUATION": "stilstand evalueren",
    "CONSULT_HELD": "overleg voeren", "RAAD_RECEIPT": "ontvangst door de Raad", "RAAD_START": "start onderzoek Raad",
    "SUPPORT_REVIEW": "inzet bezien", "INFORMATION_REPLY": "antwoord op informatievraag",
    "COLLEGE_NOTICE": "college inlichten", "CORV_REFERENCE": "CORV-kenmerk", "DSAR": "inzageverzoek",
    "ERASURE": "vernietigingsverzoek", "RETURN_HANDOVER": "terugoverdracht",
    "RAAD_WAIT_NOTICE": "wachttijd Raad melden", "RAAD_WAIT": "wachttijd Raad bezien",
    "RAAD_DECISION": "besluit van de Raad", "REQUEST_REVIEW": "verzoek nabezien",
    "TABLE_INVITATION": "uitnodiging beschermingstafel", "TABLE_DECISION": "besluit beschermingstafel",
    "TABLE_REQUEST": "verzoek na beschermingstafel", "TABLE_REVIEW": "afspraken beschermingstafel bezien",
    "MATCH_ANSWER": "antwoord: is dit gezin bekend", "RIGHT_DECISION": "besluit op een recht van betrokkene",
    "SPLIT_OPEN": "gesplitste zaak openen", "DUAL_REGIE": "dubbele regie opheffen",
    "SIGNAL_ACK": "signaal bevestigen", "PAIR_NAMED": "vast duo met het veiligheidsteam", "PLAN_OWED": "plan maken",
}  # fmt: skip
BASES: Final[Mapping[Basis, str]] = {
    Basis.LAW: "law (wet)",
    Basis.NORM: "norm of the field (veldnorm)",
    Basis.OURS: "ours (eigen keuze), may be agreed otherwise",
}


def kinds(given: Iterable[K]) -> str:
    """The organisations, in the order of the enumeration; "anyone" when all that may get content are there."""
    there = frozenset(given)
    if there >= CONTENT_TO:
        return "anyone"
    return ", ".join(words for kind, words in KINDS.items() if kind in there)


def short_kinds(given: Iterable[K]) -> str:
    """The same in few words, for a table that is looked through."""
    return re.sub(r" \([^)]*\)", "", kinds(given))


def with_dutch(code: str) -> str:
    """`SAFETY (veiligheid)`."""
    return f"{code} ({DUTCH[code]})" if code in DUTCH else code


def codes(given: Iterable[StrEnum], enumeration: type[StrEnum]) -> str:
    """In the order of the enumeration; "any" when all are there."""
    there = frozenset(given)
    if there == frozenset(enumeration):
        return "any"
    return ", ".join(with_dutch(one.value) for one in enumeration if one in there) or "none"


def term(given: Term) -> str:
    """`3 working days`."""
    return written(given)


@cache
def _comments(enumeration: type[StrEnum]) -> Mapping[str, str]:
    return dict(re.findall(r'^    ([A-Z0-9_]+) = "[^"]*"  # (.+)$', inspect.getsource(enumeration), re.MULTILINE))


def plainly(member: StrEnum) -> str:
    """A code as words, with what its table says beside it: `third attempt (or a later one, …)`."""
    said = _comments(type(member)).get(member.name)
    plain = member.value.replace("_", " ").lower()
    return f"{plain} ({said.removeprefix('... ')})" if said else plain


def humanly(name: str) -> str:
    """The name of a function as words."""
    return name.replace("_", " ")
