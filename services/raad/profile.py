"""Raad voor de Kinderbescherming: investigates and advises the court; never holds regie."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.RAAD,
    title="Raad voor de Kinderbescherming",
    forms=(
        "dossiers.shared",
        "consents.recorded",
    ),
)
