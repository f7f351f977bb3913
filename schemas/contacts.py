"""The fixed contact: one face that stays, whoever leads (JB Noord 2016 §3.2; D#31-33)."""

from typing import ClassVar, Literal

from schemas.base import Frozen, Slug
from schemas.body import Body
from schemas.parties import Professional


class FixedContact(Frozen):
    """The one professional the family may always turn to (vast contactpersoon)."""

    organisation: Slug
    professional: Professional


class FixedContactChanged(Body):
    """Another fixed contact, or the first. It is no part of who leads, stays through handovers, and is counted per
    family. A family may change without that telling anything about it: the reasons are neutral (D#33).
    """

    name: ClassVar[str] = "contacts.fixed_contact_changed"
    contact: FixedContact
    reason: Literal["FIRST", "FAMILY_WISHES", "ILLNESS", "LEAVING", "MOVED", "OTHER"]
    family_asked: bool  # whether the family was asked whom it wants
    introduced_in_person: bool
