"""Someone who carries a case is away (afwezigheid): who stands in, and what was agreed with the family meanwhile."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Uuid
from schemas.body import Body
from schemas.parties import Professional


class Agreement(Frozen):
    """Something agreed with the family that goes on counting while the professional is away (afspraak). Its words are
    an item of the dossier.
    """

    id: Code
    kind: Code
    item: Uuid | None = None


Agreements = Annotated[tuple[Agreement, ...], Field(max_length=16)]


class AbsencePlanned(Body):
    """Someone who carries this case will be away, and by whom they are replaced (afwezigheid gepland; Besluit Jeugdwet
    4.2.1(2), 4.2.2(2)a, 4.2.3(2)a). Said again with the same id it takes the place of what was planned.
    """

    name: ClassVar[str] = "absences.planned"
    absence: Uuid
    professional: Code  # ref of who will be away
    since: date
    until: date
    stand_in: Professional | None = None  # absent: refused with NO_NAMED_PROFESSIONAL
    agreements: Agreements = ()  # shown to the stand-in before anything else

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            raise ValueError("an absence ends after it starts")
        return self


class AbsenceStarted(Body):
    """Someone who carries this case is away, expected or not (afwezigheid begonnen). An unplanned one is said by
    whoever coordinates the team; said again with the same id it names the stand-in, or another end.
    """

    name: ClassVar[str] = "absences.started"
    absence: Uuid
    professional: Code  # ref of who is away
    since: date
    until: date | None = None
    reason: Literal["PLANNED", "ILLNESS", "LEAVING", "OTHER"]
    stand_in: Professional | None = None
    agreements: Agreements = ()

    @model_validator(mode="after")
    def _a_leaver_does_not_come_back(self) -> Self:
        if self.reason == "LEAVING" and self.until is not None:
            raise ValueError("who leaves does not come back: leave `until` out")
        if self.until is not None and self.until < self.since:
            raise ValueError("an absence ends after it starts")
        return self


class AbsenceEnded(Body):
    """The professional is back (afwezigheid voorbij)."""

    name: ClassVar[str] = "absences.ended"
    absence: Uuid
