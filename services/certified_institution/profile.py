"""Certified institution (gecertificeerde instelling, GI): carries out child-protection measures by court order."""

from schemas.parties import OrganisationKind
from services.organisation.profile import Profile

PROFILE = Profile(
    kind=OrganisationKind.CERTIFIED_INSTITUTION,
    title="Certified institution",
    forms=(
        "measures.started",
        "measures.worker_assigned",
        "handovers.proposed",
        "sight.confirmed",
    ),
)
