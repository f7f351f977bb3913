"""Local team (lokaal team): leads most cases, and takes over from and hands over to others."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.LOCAL_TEAM,
    title="Local team",
    forms=(
        "cases.opened",
        "consents.recorded",
        "handovers.accepted",
        "handovers.proposed",
        "sight.confirmed",
    ),
)
