"""What the chain of an organisation agreed."""

from collections.abc import Mapping
from datetime import date

from schemas.agreements import Agreements, in_force
from schemas.base import Slug
from schemas.parties import Party


def agreed_by(member: Party | None, directory: Mapping[Slug, Party], day: date) -> Agreements | None:
    """What the chain of an organisation agreed: the entry of its coordination, as it holds on a day. None: everything
    as our own tables have it.
    """
    desk = directory.get(member.coordination or "") if member else None
    return in_force(desk.agreements, day) if desk else None
