"""The audit of one person is made to be given to that person: where an address is secret it must not tell where."""

from collections.abc import Callable

from schemas.base import Slug
from schemas.parties import OrganisationKind
from services.ledger.answers import Line, Opened

KindOf = Callable[[Slug], OrganisationKind | None]


def by_kind(line: Line, own: Slug, kind_of: KindOf) -> Line:
    """The line with kinds (as `local-team`) in the place of organisations other than the reader's own, and without the
    professionals of those, whose refs may tell as much.
    """

    def named(slug: Slug | None) -> Slug | None:
        if slug is None or slug == own:
            return slug
        return str(kind_of(slug) or "other").lower().replace("_", "-")

    def sure(slug: Slug) -> Slug:
        return named(slug) or "other"

    theirs = line.actor != own
    handover, regie = line.handover, line.regie
    changed: dict[str, object] = {
        "actor": named(line.actor),
        "professional": None if theirs else line.professional,
        "second": None if theirs else line.second,
        "recipients": tuple(dict.fromkeys(map(sure, line.recipients))),
        "opened": tuple(Opened(by=sure(each.by), at=each.at) for each in line.opened),
    }
    if handover is not None:
        places = {"sender": sure(handover.sender), "receiver": sure(handover.receiver)}
        changed["handover"] = handover.model_copy(update=places)
    if regie is not None:
        holders = {"holder_before": named(regie.holder_before), "holder_after": named(regie.holder_after)}
        changed["regie"] = regie.model_copy(update=holders)
    return line.model_copy(update=changed)
