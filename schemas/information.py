"""Asking for information: who has a task asks who knows, about whom, what for and on which ground."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Code, Uuid
from schemas.body import Body
from schemas.manifest import Category
from schemas.person import PersonRef


class InformationRequested(Body):
    """Somebody is asked for information (verzoek om informatie). Why it is necessary is an ACCOUNT item; beside that
    the letter holds nothing but who it is about (IDENTITY).
    """

    name: ClassVar[str] = "information.requested"
    request: Uuid
    about: Annotated[tuple[PersonRef, ...], Field(min_length=1, max_length=16)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=19)]
    ground: Code  # on which the answer is asked: G4, G7, G8, G2, CONSENT, ...
    until: date  # until when an answer helps


class InformationProvided(Body):
    """The answer; each section stands on its own basis."""

    name: ClassVar[str] = "information.provided"
    request: Uuid
    complete: bool = True  # false: more follows, and is still owed


class InformationDeclined(Body):
    """Nothing is given. Who has a privilege (verschoningsrecht) owes no reason, but under a supervision order (G4)."""

    name: ClassVar[str] = "information.declined"
    request: Uuid
    reason: (
        Literal["PRIVILEGED", "NOTHING_HELD", "NOT_NECESSARY", "FAMILY_OBJECTS", "NOT_OUR_TASK", "DANGER"] | None
    ) = None
