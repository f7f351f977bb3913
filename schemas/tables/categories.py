"""Which category may travel for which purpose and to whom, whatever the basis."""

from dataclasses import dataclass

from schemas.manifest import Category, Purpose, SpecialArticle
from schemas.parties import ExternalKind
from schemas.parties import OrganisationKind as K
from schemas.tables.authority import Authority


@dataclass(frozen=True, slots=True)
class Cited:
    """What a line of these tables stands on."""

    law: str
    authority: Authority


NO_ROUTE = frozenset({Category.PUBLIC_ORDER, Category.FINANCIAL_FRAUD})
"""Never, to nobody: kept apart from the safety of a child (JB Noord 2016 §4.4 e and §5.4; D#145-147)."""

ABOUT_NOBODY = frozenset({Category.ACCOUNT, Category.PLAN})
"""May be about no person in particular: a professional's reasons, or what was agreed."""

ORDINARY = frozenset(Category) - NO_ROUTE - {Category.CRIMINAL, Category.REPORTER}

PURPOSES: dict[Purpose, frozenset[Category]] = {
    Purpose.HANDOVER: ORDINARY | {Category.CRIMINAL, Category.REPORTER},
    Purpose.JOINT_SUPPORT: ORDINARY,
    Purpose.MEASURE: ORDINARY | {Category.CRIMINAL, Category.REPORTER},
    Purpose.MONITORING: frozenset(
        {
            Category.SAFETY,
            Category.CONCERNS,
            Category.STRENGTHS,
            Category.CONTRARY,
            Category.YOUTH_VOICE,
            Category.CLIENT_RESPONSE,
            Category.PLAN,
            Category.ACCOUNT,
            Category.HEALTH,
        }
    ),
    Purpose.SAFETY_ALERT: frozenset(
        {
            Category.SAFETY,
            Category.CONCERNS,
            Category.STRENGTHS,
            Category.CONTRARY,
            Category.CONTACT,
            Category.IDENTITY,
            Category.ACCOUNT,
            Category.HEALTH,
        }
    ),
    Purpose.INVESTIGATION: ORDINARY | {Category.CRIMINAL},
    Purpose.FEEDBACK: frozenset({Category.SAFETY, Category.PLAN, Category.ACCOUNT}),
}
"""Purpose limitation (GDPR art. 5(1)b). The lines are our choice; what speaks for the family (STRENGTHS, CONTRARY) may
travel wherever concerns may (IGJ 2023; D#81, D#123).
"""
PURPOSE_LAW = Cited("GDPR art. 5(1)b", Authority.CHOICE)

FEEDBACK_WITH_A_ROLE = frozenset({Category.SAFETY, Category.PLAN})
"""Who reported hears the safety conditions and what was agreed on monitoring only when they have a part in it: they
help in the plan, or the plan of sight names them.
"""
FEEDBACK_ABOUT_NOBODY = frozenset({Category.ACCOUNT})
"""That something is done and by which kind of organisation: nothing about a person, so nothing of the family's story.
"""
FEEDBACK_LAW = Cited("Wmo 2015 4.1.1(2)g; D6: what Veilig Thuis tells who reported", Authority.PAGE)

CONVERSATIONS: dict[str, frozenset[Purpose]] = {
    "handovers": frozenset({Purpose.HANDOVER, Purpose.MEASURE, Purpose.SAFETY_ALERT}),
    "supports": frozenset({Purpose.JOINT_SUPPORT}),
    "information": frozenset(Purpose) - {Purpose.HANDOVER, Purpose.FEEDBACK},
    "advice": frozenset({Purpose.JOINT_SUPPORT}),
    "signals": frozenset({Purpose.SAFETY_ALERT, Purpose.JOINT_SUPPORT}),
    "investigations": frozenset({Purpose.INVESTIGATION}),
    "tables": frozenset({Purpose.INVESTIGATION}),
    "monitoring": frozenset({Purpose.MONITORING, Purpose.SAFETY_ALERT}),
}
"""What the letters of a conversation may be sent for; one that is not named here may be sent for anything."""

CONTENT_TO = frozenset(
    {K.LOCAL_TEAM, K.VEILIG_THUIS, K.REGIONAL_SAFETY_TEAM, K.RAAD, K.CERTIFIED_INSTITUTION, K.EXTERNAL}
)
"""Who may get sections at all: no administrator, no coordinator's desk (JB Noord 2016 §4.1; D#145)."""

ONLY_TO: dict[Category, frozenset[K]] = {
    Category.CRIMINAL: frozenset({K.VEILIG_THUIS, K.RAAD, K.CERTIFIED_INSTITUTION})
}
"""UAVG art. 31-33: criminal data only to those with a task in law."""

UNDER_SECRECY = frozenset({Category.HEALTH})
"""UAVG art. 30(4): only to people bound by secrecy."""

REVEALS_WHERE = frozenset({Category.IDENTITY, Category.CONTACT})
"""Shows where someone lives. Of a person with a secret address: never to an EXTERNAL organisation."""

WITHOUT_NAMED_PROFESSIONAL = frozenset({K.VEILIG_THUIS, K.RAAD})
"""May know where a person with a secret address lives without a professional named in the case: our choice, because a
first report must say which child it is about.
"""

LAWS: dict[Category, Cited] = {
    Category.PUBLIC_ORDER: Cited("JB Noord 2016 §4.4 e", Authority.CHOICE),
    Category.FINANCIAL_FRAUD: Cited("JB Noord 2016 §5.4", Authority.CHOICE),
    Category.CRIMINAL: Cited("UAVG art. 31-33", Authority.LAW),
    Category.HEALTH: Cited("UAVG art. 30(4)", Authority.LAW),
    Category.REPORTER: Cited("Uitvoeringsbesluit Wmo 2015 4.1.8(3)", Authority.LAW),
}
"""What a refusal of that category stands on."""
SPECIAL = Cited("GDPR art. 9 and 10: only for health and criminal data", Authority.CHOICE)
ADMINISTRATORS = Cited("JB Noord 2016 §4.1; D#145", Authority.CHOICE)
LOCATION = Cited("Jeugdwet 7.3.10; Wmo 2015 5.3.2(4)", Authority.LAW)
CONTRARY_LAW = Cited("Jeugdwet 3.3: relevant facts, fully and truthfully", Authority.LAW)
TELLS_FULLY = frozenset({K.RAAD, K.CERTIFIED_INSTITUTION})
"""Who may not leave out for its purpose what speaks against the conclusion (Jeugdwet 3.3)."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a category that may not be processed (GDPR art. 9 and 10) may be after all. `senders` None: whoever sends;
    `externals` empty: every EXTERNAL; `bases` empty: whatever breaks secrecy.
    """

    category: Category
    article: SpecialArticle
    law: str
    authority: Authority
    senders: frozenset[K] | None = None
    externals: frozenset[ExternalKind] = frozenset()
    bases: frozenset[str] = frozenset()

    def fits(self, category: Category, sender: K, external: ExternalKind | None, basis: str) -> bool:
        """Whether this row is about such a section, sent by such an organisation on such a basis."""
        return (
            self.category is category
            and (self.senders is None or sender in self.senders)
            and (not self.externals or external is None or external in self.externals)
            and (not self.bases or basis in self.bases)
        )


HEALTH, CRIMINAL = Category.HEALTH, Category.CRIMINAL
A, LAW, CHOICE = SpecialArticle, Authority.LAW, Authority.CHOICE
CARERS = frozenset({ExternalKind.PROVIDER, ExternalKind.GP})
BY_LAW_TO = frozenset({"G4", "G7", "G8"})

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption(HEALTH, A.PUBLIC_INTEREST, "UAVG art. 30(2)b", LAW, frozenset({K.RAAD, K.CERTIFIED_INSTITUTION})),
    Exemption(HEALTH, A.PUBLIC_INTEREST, "Wmo 2015 5.1.6", LAW, frozenset({K.VEILIG_THUIS})),
    Exemption(
        HEALTH, A.CARE, "UAVG art. 30(3)a", LAW,
        frozenset({K.LOCAL_TEAM, K.REGIONAL_SAFETY_TEAM, K.EXTERNAL}), CARERS,
    ),
    Exemption(
        HEALTH, A.PUBLIC_INTEREST, "Jeugdwet 7.3.11(4), BW 1:240, Wmo 2015 5.2.6: who may inform may say why", CHOICE,
        bases=BY_LAW_TO,
    ),
    Exemption(
        HEALTH, A.EXPLICIT_CONSENT, "GDPR art. 9(2)a", CHOICE, frozenset({K.EXTERNAL}), bases=frozenset({"CONSENT"})
    ),
    Exemption(HEALTH, A.VITAL_INTEREST, "GDPR art. 9(2)c", CHOICE, bases=frozenset({"G18"})),
    Exemption(CRIMINAL, A.CRIMINAL, "GDPR art. 10; UAVG art. 31-33", LAW),
)  # fmt: skip
"""Beside the GDPR basis, health data and criminal data need an exemption. The first row that fits is what counts when a
sender states none. To whom criminal data may go at all: `ONLY_TO`. The text of the GDPR itself was not read here.
"""
