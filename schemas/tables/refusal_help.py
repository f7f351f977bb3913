"""What a professional who meets a refusal code does next, with the Dutch word for it: the page docs/refusals.md.

The refusal itself names the section, the person, what lacks and the article; `refusals.py` says it in a sentence.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.refusal import Refusal


class Help(NamedTuple):
    """The Dutch term, and what to do. `system`: for who keeps the case system, not for the professional."""

    dutch: str
    do: str
    system: bool = False


HELP: Mapping[Refusal, Help] = {
    Refusal.MALFORMED: Help("onleesbaar", "correct the fields named, and send it with a new id", True),
    Refusal.UNSIGNED: Help("niet ondertekend", "sign the exact bytes with a key that the directory has for you", True),
    Refusal.WRONG_SOURCE: Help("verkeerde afzender", "send it from the outbox of the organisation it names", True),
    Refusal.WRONG_PARTITION: Help(
        "verkeerde partitie", "use the case as key and the partitioner of the page for clients", True
    ),
    Refusal.STALE: Help("verlopen", "set the clock right; say it anew with today's time", True),
    Refusal.STALE_DIRECTORY_KEY: Help(
        "verlopen sleutel", "sign with your present key; a key is renewed in the directory", True
    ),
    Refusal.SUCCEEDED: Help("opgegaan in een andere organisatie", "send it as, or to, the organisation it merged into"),
    Refusal.ID_REUSED: Help("kenmerk al gebruikt", "give a new message a new id; a retry is the same bytes", True),
    Refusal.TOO_LARGE: Help("te groot", "send fewer sections at a time"),
    Refusal.INTERNAL_ERROR: Help("interne fout", "tell the operator; nothing was delivered and nothing changed", True),
    Refusal.UNKNOWN_RECIPIENT: Help(
        "ontvanger niet aangesloten", "tell them by the way you have; what you hear from them is recorded by its source"
    ),
    Refusal.NOT_A_PARTY: Help(
        "geen betrokkene in deze zaak", "raise a signal, or ask who leads the case to involve you; check the case first"
    ),
    Refusal.ROLE_NOT_ALLOWED: Help(
        "niet aan deze organisatie", "let the kind of organisation say it that may (docs/messages.md)"
    ),
    Refusal.NOT_REGIE_HOLDER: Help("niet aan u: regie ligt elders", "ask who leads the case to say or do it"),
    Refusal.DUAL_REGIE: Help(
        "dubbele regie", "end or await the handover that runs, or split the case where children go different ways"
    ),
    Refusal.WRONG_STATE: Help("kan nu niet", "wait for a state that is named, or say what fits now (docs/handover.md)"),
    Refusal.NO_BASIS: Help(
        "geen grondslag", "ask consent, use a ground that holds (docs/grounds.md), or leave that person or section out"
    ),
    Refusal.BASIS_WRONG_DIRECTION: Help(
        "grondslag geldt niet voor deze ontvanger", "choose another ground: this one works towards others only"
    ),
    Refusal.BASIS_NEEDS_MEASURE: Help(
        "grondslag vraagt een maatregel", "wait for the order, or ask consent: without supervision this ground is none"
    ),
    Refusal.BASIS_NEEDS_WEIGHING: Help(
        "afweging ontbreekt", "write down why it is needed; for the last resort answer five questions with a colleague"
    ),
    Refusal.CONSENT_WITHDRAWN: Help(
        "toestemming ingetrokken",
        "respect it; where safety asks otherwise use a legal ground, or report to Veilig Thuis",
    ),
    Refusal.CONSENT_INCOMPLETE: Help(
        "toestemming niet van iedereen",
        "ask the persons named; one holder of custody can be set aside with a colleague",
    ),
    Refusal.PURPOSE_NOT_ALLOWED: Help(
        "doelbinding", "state the purpose it is really sent for, or leave the section out"
    ),
    Refusal.CATEGORY_NOT_ALLOWED: Help(
        "dit soort gegevens mag niet naar deze ontvanger", "leave the section out, or send it to who may have it"
    ),
    Refusal.REQUIRED_SECTION_MISSING: Help(
        "verplicht onderdeel ontbreekt", "add what is named; an honest reason why it is not there often counts too"
    ),
    Refusal.NO_NAMED_PROFESSIONAL: Help("geen professional bij naam", "name who will do it"),
    Refusal.COMPETENCE_MISSING: Help(
        "niet bevoegd of niet bekwaam", "name a colleague with the registration and competence"
    ),
    Refusal.SAFETY_CONDITIONS_UNMET: Help(
        "veiligheidsvoorwaarde staat open", "meet it, and let who monitors record that; only then close"
    ),
    Refusal.NO_INTERIM_OVERSIGHT: Help(
        "geen zicht op veiligheid in de tussentijd", "plan for every child who sees it, how often, and until when"
    ),
    Refusal.DIAGNOSIS_WITHOUT_SOURCE: Help(
        "diagnose zonder bron", "say who made the diagnosis and may make it, or write down what you saw yourself"
    ),
    Refusal.REASON_NOT_ALLOWED: Help(
        "reden niet toegestaan", "give a reason of the list: money and lack of staff are none"
    ),
    Refusal.TERMS_DIFFER: Help("afspraken verschillen", "agree with the other side, and both say the same"),
    Refusal.SECOND_PERSON_MISSING: Help(
        "tweede professional ontbreekt", "let a colleague look at it and stand behind it"
    ),
    Refusal.PERSON_UNKNOWN: Help("persoon niet in de zaak", "record the person in the case first, by a reference"),
    Refusal.UNKNOWN_REFERENCE: Help("verwijzing onbekend", "refer to something that was said in this case"),
    Refusal.CASE_EXISTS: Help("zaak bestaat al", "go on in the case that is there"),
    Refusal.ITEM_DIFFERS: Help(
        "stuk is veranderd", "send the item on as it was made; a change is a correction by its author"
    ),
    Refusal.ITEM_CORRECTED: Help("stuk is gecorrigeerd", "send what its author put in its place"),
    Refusal.DATE_NOT_ALLOWED: Help("datum niet toegestaan", "give a date within the bounds that are named"),
}
"""In the order of the checks."""
