"""Signals (signalen): somebody outside sees something and tells who has to know. In a thread: there is no case yet."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Frozen, Slug, Uuid
from schemas.body import Body
from schemas.parties import Professional
from schemas.person import Person, PersonRef

Raiser = Literal["PROFESSIONAL", "PARENT", "YOUTH"]


class Agreed(Frozen):
    """Somebody agreed to this signal being raised about this person."""

    statement: Uuid
    about: PersonRef
    given_by: PersonRef | Slug  # an organisation where it is the guardian
    how_asked: Literal["IN_PERSON", "PHONE", "VIDEO", "WRITTEN", "INTERPRETER"]


class SignalRaised(Body):
    """Something is the matter, and a local team or Veilig Thuis is told. Without persons nothing in it points at
    anybody; with persons each section has its basis. A parent or youth may raise one about themselves through any
    organisation (D#185): the basis of their own words is OWN_WORD.
    """

    name: ClassVar[str] = "signals.raised"
    raised_by: Raiser
    persons: Annotated[tuple[Person, ...], Field(max_length=32)] = ()
    self_ref: PersonRef | None = None  # of a parent or youth: which of the persons raises it
    agreed: Annotated[tuple[Agreed, ...], Field(max_length=32)] = ()
    urgent: bool = False  # somebody is in danger now; who is called stands beside this, not in place of it
    family_knows: Literal["TOLD", "NOT_TOLD", "UNSAFE_TO_TELL"]
    who_leads: Literal["NOBODY", "SOMEBODY", "NOT_KNOWN"] = "NOT_KNOWN"  # does anybody coordinate the help (D#68)

    @model_validator(mode="after")
    def _who_it_is(self) -> Self:
        refs = {person.ref for person in self.persons}
        if len(refs) != len(self.persons):
            raise ValueError("each person stands in the signal once: two share a ref")
        if self.self_ref is not None and (self.self_ref not in refs or self.raised_by == "PROFESSIONAL"):
            raise ValueError("self_ref names the parent or youth among the persons who raises it")
        return self


class SignalAcknowledged(Body):
    """The signal was read by a person, who says what the sender may expect (D#179). It never says whether the family is
    known: that is not the sender's to hear.
    """

    name: ClassVar[str] = "signals.acknowledged"
    next: Literal["WE_LOOK_INTO_IT", "WE_CALL_YOU", "YOU_TALK_FIRST", "TELL_VEILIG_THUIS", "NOT_OURS", "NOTHING_MORE"]
    hears_by: date | None = None  # when the sender hears again
    contact: Professional | None = None  # whom to call
    reporting_code: bool = False  # the five steps were pointed out (meldcode)
