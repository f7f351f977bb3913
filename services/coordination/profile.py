"""The chain coordinator's desk: alerts only, no content."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.COORDINATION,
    title="Chain coordination",
    forms=("alerts.acknowledged",),
)
