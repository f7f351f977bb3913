"""What makes one kind of organisation's edge differ from another's: words and forms. No rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.parties import OrganisationKind


@dataclass(frozen=True, slots=True)
class Profile:
    """Words for people; codes stay as they are on the wire.

    `forms`: the messages that are offered first to whoever works here, in order of use. `words`: what a message is
    called in this kind of organisation; one that is not named here goes by its title in the schemas.
    """

    kind: OrganisationKind
    title: str
    forms: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
