"""Asking the Raad to look into a threat to a child (verzoek tot onderzoek, VTO)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import Code, Uuid
from schemas.body import Body, SightPlan
from schemas.person import PersonRef


class InvestigationRegistered(Body):
    """The Raad is asked to investigate (verzoek tot onderzoek, VTO; Jeugdwet 3.1). The request itself goes by CORV;
    until the Raad has begun, who asks says who sees each child.
    """

    name: ClassVar[str] = "investigations.registered"
    investigation: Uuid
    children: Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]
    corv: Code | None = None  # reference of the request, once CORV has given one
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)] = ()
