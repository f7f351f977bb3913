"""Which category may travel for which purpose and to whom, whatever the basis."""

from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind as K

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
    Purpose.FEEDBACK: frozenset({Category.SAFETY, Category.ACCOUNT}),
}
"""Purpose limitation (GDPR art. 5(1)b). The lines are our choice; what speaks for the family (STRENGTHS, CONTRARY) may
travel wherever concerns may (IGJ 2023; D#81, D#123).
"""

CONVERSATIONS: dict[str, frozenset[Purpose]] = {
    "handovers": frozenset({Purpose.HANDOVER, Purpose.MEASURE, Purpose.SAFETY_ALERT}),
    "supports": frozenset({Purpose.JOINT_SUPPORT}),
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

LAWS: dict[Category, str] = {
    Category.PUBLIC_ORDER: "JB Noord 2016 §4.4 e",
    Category.FINANCIAL_FRAUD: "JB Noord 2016 §5.4",
    Category.CRIMINAL: "UAVG art. 31-33",
    Category.HEALTH: "UAVG art. 30(4)",
    Category.REPORTER: "Uitvoeringsbesluit Wmo 2015 4.1.8(3)",
}
"""What a refusal of that category stands on."""
