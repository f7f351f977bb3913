"""Legal grounds to share without consent. One row a ground: who, to whom, what for, about whom, and on what condition.

`condition` and `persons` name functions of `services/gate/rules/grounds.py`. Sources in docs/sources.md under D§3b.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.manifest import Category, Purpose
from schemas.parties import ExternalKind
from schemas.parties import OrganisationKind as K
from schemas.tables.authority import Authority
from schemas.tables.categories import NO_ROUTE

CONSENT = "CONSENT"
SET_ASIDE = "REPRESENTATIVE_SET_ASIDE"
OWN_WORD = "OWN_WORD"
"""What a parent or youth says of themselves in a signal of their own: nobody else is asked (D#185). Our choice."""

CHAIN = frozenset({K.LOCAL_TEAM, K.VEILIG_THUIS, K.REGIONAL_SAFETY_TEAM, K.RAAD, K.CERTIFIED_INSTITUTION})
ANYONE = CHAIN | {K.EXTERNAL}
HELPERS = frozenset({K.LOCAL_TEAM, K.CERTIFIED_INSTITUTION, K.EXTERNAL})
VT, RAAD, GI = frozenset({K.VEILIG_THUIS}), frozenset({K.RAAD}), frozenset({K.CERTIFIED_INSTITUTION})
EXTERNAL = frozenset({K.EXTERNAL})


IN_A_REQUEST = frozenset({Category.IDENTITY, Category.ACCOUNT})
"""What a request for information may hold: about whom, and why it is necessary."""
NOT_IN_A_REQUEST = frozenset(Category) - IN_A_REQUEST
ASKS = "ASK_"
"""Before the code of the ground on which an answer is asked: the ground to say about whom."""


class Weighed(StrEnum):
    """What must have been weighed, in the basis of each person."""

    NOTHING = "NOTHING"
    ACCOUNT = "ACCOUNT"  # an ACCOUNT item says why it is necessary
    FIVE_QUESTIONS = "FIVE_QUESTIONS"  # answered with yes, and a second person; urgent: the account now, the rest after


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground. `externals` limits which EXTERNAL organisations may receive under it (empty: all). `duty_on_request`:
    who is asked under it must answer, or say why not; unasked it is a choice.
    """

    code: str
    law: str
    authority: Authority
    says: str
    senders: frozenset[K]
    recipients: frozenset[K]
    purposes: frozenset[Purpose]
    persons: str = "anyone"
    condition: str = "always"
    weighed: Weighed = Weighed.NOTHING
    never: frozenset[Category] = NO_ROUTE
    externals: frozenset[ExternalKind] = frozenset()
    duty_on_request: bool = False


GROUNDS: tuple[Ground, ...] = (
    Ground(
        "G2",
        "Jeugdwet 7.3.11(2)a",
        Authority.LAW,
        "Those directly involved in the same help, and who replaces them, are not others. Never a handover.",
        senders=HELPERS,
        recipients=HELPERS,
        purposes=frozenset({Purpose.JOINT_SUPPORT}),
        condition="both_on_the_roster",
        externals=frozenset({ExternalKind.PROVIDER, ExternalKind.GP}),
    ),
    Ground(
        "G4",
        "Jeugdwet 7.3.11(4)",
        Authority.LAW,
        "The institution that supervises a child by court order is informed: on request a duty, unasked a choice.",
        senders=ANYONE,
        recipients=GI,
        purposes=frozenset({Purpose.MEASURE}),
        persons="under_supervision",
        condition="supervises",
        duty_on_request=True,
    ),
    Ground(
        "G7",
        "BW 1:240",
        Authority.PAGE,
        "A professional may inform the Raad when its task needs it, after weighing.",
        senders=ANYONE - RAAD,
        recipients=RAAD,
        purposes=frozenset({Purpose.INVESTIGATION}),
        weighed=Weighed.ACCOUNT,
    ),
    Ground(
        "G8",
        "Wmo 2015 5.2.6",
        Authority.LAW,
        "A professional may inform Veilig Thuis, asked or unasked, to end or investigate violence or abuse.",
        senders=ANYONE - VT,
        recipients=VT,
        purposes=frozenset({Purpose.MONITORING, Purpose.SAFETY_ALERT, Purpose.INVESTIGATION, Purpose.HANDOVER}),
        condition="handed_back_only_to_who_had_it",
    ),
    Ground(
        "G10",
        "Wmo 2015 4.1.1(2)d",
        Authority.LAW,
        "Veilig Thuis informs who can give suitable help about a report, limited to what that help needs.",
        senders=VT,
        recipients=HELPERS,
        purposes=frozenset({Purpose.HANDOVER}),
        condition="own_report",
        externals=frozenset({ExternalKind.PROVIDER}),
    ),
    Ground(
        "G11",
        "Wmo 2015 4.1.1(2)e",
        Authority.LAW,
        "Veilig Thuis informs the police or the Raad about a report when the interest or the seriousness calls for it.",
        senders=VT,
        recipients=RAAD | EXTERNAL,
        purposes=frozenset({Purpose.INVESTIGATION, Purpose.SAFETY_ALERT}),
        condition="own_report",
        externals=frozenset({ExternalKind.POLICE}),
    ),
    Ground(
        "G12",
        "Wmo 2015 5.3.3(3)-(4)",
        Authority.LAW,
        "Veilig Thuis of another region takes over a report when the family moved.",
        senders=VT,
        recipients=VT,
        purposes=frozenset({Purpose.HANDOVER}),
        condition="own_report",
    ),
    Ground(
        "D6",
        "Wmo 2015 4.1.1(2)g",
        Authority.PAGE,
        "Veilig Thuis tells who reported what became of it; conditions and agreements only to who has a part in them.",
        senders=VT,
        recipients=ANYONE,
        purposes=frozenset({Purpose.FEEDBACK}),
        condition="own_report",
    ),
    Ground(
        "RAAD_TASK",
        "task of the Raad (Jeugdwet 3.1-3.3, article for this not found)",
        Authority.UNCONFIRMED,
        "The Raad tells who asked an investigation, and the institution charged with the child, what their task needs.",
        senders=RAAD,
        recipients=frozenset({K.LOCAL_TEAM, K.VEILIG_THUIS, K.CERTIFIED_INSTITUTION}),
        purposes=frozenset({Purpose.INVESTIGATION, Purpose.MEASURE}),
        persons="investigated",
        condition="asked_it_or_is_charged",
    ),
    Ground(
        "ASK_G4",
        "Jeugdwet 7.3.11(4)",
        Authority.CHOICE,
        "Who supervises a child by court order and asks about it says about whom, and why; nothing else.",
        senders=GI,
        recipients=ANYONE,
        purposes=frozenset({Purpose.MEASURE}),
        persons="under_own_supervision",
        condition="asks",
        never=NOT_IN_A_REQUEST,
    ),
    Ground(
        "ASK_G7",
        "BW 1:240",
        Authority.CHOICE,
        "The Raad says about whom it asks, and why; nothing else.",
        senders=RAAD,
        recipients=ANYONE,
        purposes=frozenset({Purpose.INVESTIGATION}),
        condition="asks",
        never=NOT_IN_A_REQUEST,
    ),
    Ground(
        "ASK_G8",
        "Wmo 2015 5.2.6",
        Authority.CHOICE,
        "Veilig Thuis says about whom it asks, and why; nothing else.",
        senders=VT,
        recipients=ANYONE,
        purposes=frozenset({Purpose.INVESTIGATION, Purpose.MONITORING, Purpose.SAFETY_ALERT}),
        condition="asks",
        never=NOT_IN_A_REQUEST,
    ),
    Ground(
        "G18",
        "conflict of duties (afwegingskader meldcode, five questions)",
        Authority.PAGE,
        "Last resort outside statute, weighed with a second person.",
        senders=ANYONE,
        recipients=ANYONE,
        purposes=frozenset(Purpose),
        weighed=Weighed.FIVE_QUESTIONS,
    ),
)
"""In the order in which they are proposed: the last resort comes last."""

BY_CODE: dict[str, Ground] = {row.code: row for row in GROUNDS}
"""The table by code."""

NEVER_BY_CONSENT = CHAIN
"""Who acts on a task in law does not process on the GDPR's consent (art. 6(1)a), which is rarely free towards it (AP
2016, consent in the social domain). Leave to break secrecy is another thing and stands in `secrecy`.
"""
