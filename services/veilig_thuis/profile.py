"""Veilig Thuis: advice and report centre for domestic violence and child abuse (Wmo 2015 art. 4.1.1)."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.VEILIG_THUIS,
    title="Veilig Thuis",
    forms=(
        "reports.registered",
        "cases.opened",
        "reports.assessed",
        "handovers.proposed",
        "monitoring.planned",
    ),
)
