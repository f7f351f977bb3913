"""Regional Safety Team (regionaal veiligheidsteam): joins others; never holds regie."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.REGIONAL_SAFETY_TEAM,
    title="Regional Safety Team",
    forms=(
        "supports.accepted",
        "sight.confirmed",
        "assessments.recorded",
    ),
)
