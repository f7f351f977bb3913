"""Is there a case of this family already? Asked of the local team where they live, before a second one is opened."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.base import Subject, Uuid
from schemas.body import Body
from schemas.person import Person
from schemas.signals import Agreed


class MatchAsked(Body):
    """Asks a local team whether it knows this family (is er al een zaak?). Under a thread of its own: who asks learns
    of no case, who is asked learns no more than IDENTITY. It needs what the message that would follow needs: a report
    of its own, consent, or a ground that was weighed.
    """

    name: ClassVar[str] = "cases.match_asked"
    persons: Annotated[tuple[Person, ...], Field(min_length=1, max_length=16)]
    report: Uuid | None = None  # of Veilig Thuis: the report that came in, before any case has it
    agreed: Annotated[tuple[Agreed, ...], Field(max_length=16)] = ()


class MatchAnswered(Body):
    """Yes and which case, or no. Nothing else is said of it."""

    name: ClassVar[str] = "cases.match_answered"
    found: bool
    case: Subject | None = None

    @model_validator(mode="after")
    def _a_case_when_found(self) -> Self:
        if self.found != (self.case is not None) or (self.case is not None and not self.case.startswith("case:")):
            raise ValueError("an answer is `found` with the `case`, or neither")
        return self
