"""Organisations and the professionals who act for them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.agreements import Agreements
from schemas.base import Code, Frozen, Slug
from schemas.competences import Competence as Competence


class OrganisationKind(StrEnum):
    """What an organisation is in the chain. It decides what it may say, hold and receive."""

    LOCAL_TEAM = "LOCAL_TEAM"  # lokaal team, wijkteam
    VEILIG_THUIS = "VEILIG_THUIS"  # advice and report centre, Wmo 2015 art. 4.1.1
    REGIONAL_SAFETY_TEAM = "REGIONAL_SAFETY_TEAM"  # regionaal veiligheidsteam
    RAAD = "RAAD"  # Raad voor de Kinderbescherming
    CERTIFIED_INSTITUTION = "CERTIFIED_INSTITUTION"  # gecertificeerde instelling (GI)
    COORDINATION = "COORDINATION"  # the chain coordinator's desk: alerts only
    EXTERNAL = "EXTERNAL"  # provider, school, GP, police: signals, answers, side care
    SERVICE = "SERVICE"  # the gate and oversight themselves


class ExternalKind(StrEnum):
    """What an EXTERNAL organisation is."""

    PROVIDER = "PROVIDER"
    SCHOOL = "SCHOOL"
    GP = "GP"
    POLICE = "POLICE"
    OTHER = "OTHER"


class Registration(StrEnum):
    """The professional register someone stands in (Besluit Jeugdwet art. 5.1.1)."""

    SKJ = "SKJ"
    BIG = "BIG"


class Professional(Frozen):
    """Someone who acts for an organisation, without a name: names travel only in the sealed part of a letter.

    `ref` is made by the organisation and means nothing elsewhere.
    """

    ref: Code
    function: Code
    registration: Registration | None = None
    competences: Annotated[tuple[Competence, ...], Field(max_length=8)] = ()

    @property
    def competent_for_safety(self) -> bool:
        """May take a case that came from Veilig Thuis or is directly unsafe: registered, with competence SAFETY (IGJ
        2023).
        """
        return self.registration is not None and Competence.SAFETY in self.competences


class Party(Frozen):
    """What the rules need to know of an organisation: its directory entry without keys and contacts."""

    slug: Slug
    kind: OrganisationKind
    external: ExternalKind | None = None
    under_secrecy: bool = True  # its people are bound by professional secrecy (UAVG art. 30(4))
    designated_for_vto: bool = False  # Jeugdwet 3.1(1): designated by the college
    lenient_consent: bool = False  # a youth of 12 to 15 may, with a reason, go before one parent's no (D§3c)
    coordination: Slug | None = None
    regions: Annotated[tuple[Code, ...], Field(max_length=64)] = ()
    agreements: tuple[Agreements, ...] = ()  # of a coordination: what its chain agreed, each from a day on
