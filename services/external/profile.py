"""A provider, school, GP or police unit: answers, sight and side care."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.EXTERNAL,
    title="Partner",
    forms=(
        "supports.accepted",
        "sight.confirmed",
        "dossiers.shared",
    ),
)
