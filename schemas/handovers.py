"""Warm handover (warme overdracht): nobody lets go of the baton until the next one holds it."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Code, Frozen, Instant, Uuid
from schemas.body import (
    Attempts,
    Body,
    Channel,
    ChildPlace,
    FirstContact,
    Known,
    Phase,
    SafetyCondition,
    SightPlan,
    Staying,
)
from schemas.brought import AreaAsked, Goal, GroupPlan, HelpQuestion, in_order
from schemas.parties import Professional
from schemas.person import PersonRef


class HandoverKind(StrEnum):
    """What moves. In REGIE the lead moves; in INTO_RUNNING_HELP only Veilig Thuis' own responsibility ends."""

    REGIE = "REGIE"
    INTO_RUNNING_HELP = "INTO_RUNNING_HELP"
    TO_MEASURE = "TO_MEASURE"
    GI_TO_GI = "GI_TO_GI"
    FROM_MEASURE = "FROM_MEASURE"


class HandoverState(StrEnum):
    """Where a handover stands. COMPLETED, DECLINED, CANCELLED, RETURNED and SUPERSEDED are final."""

    PROPOSED = "PROPOSED"
    WAITING = "WAITING"
    IMPOSED = "IMPOSED"  # by court order
    ACCEPTED = "ACCEPTED"
    WARM = "WARM"
    EMERGENCY = "EMERGENCY"
    HANDED_BACK = "HANDED_BACK"
    RETURNING = "RETURNING"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"
    SUPERSEDED = "SUPERSEDED"


FINAL = frozenset(
    {
        HandoverState.COMPLETED,
        HandoverState.DECLINED,
        HandoverState.CANCELLED,
        HandoverState.RETURNED,
        HandoverState.SUPERSEDED,
    }
)


class HandoverBody(Body):
    """A message about one handover, by its id."""

    handover: Uuid


class Told(Frozen):
    """Whether a person knows of this handover, and if not why and until when not (Wmo 2015 art. 5.3.1)."""

    person: PersonRef
    told: bool
    unless: Literal["UNREACHABLE", "UNSAFE_TO_TELL", "CONTACT_UNSAFE", "TOO_YOUNG"] | None = None
    tell_before: date | None = None

    @model_validator(mode="after")
    def _a_reason_when_not(self) -> Self:
        if not self.told and self.unless is None:
            raise ValueError("who was not told needs the reason why not (`unless`)")
        return self


class StoryApproval(StrEnum):
    """What the family thinks of the story as written."""

    APPROVED = "APPROVED"
    IN_PART = "IN_PART"
    OWN_WORDS_ATTACHED = "OWN_WORDS_ATTACHED"
    NOT_ASKED_UNREACHABLE = "NOT_ASKED_UNREACHABLE"
    NOT_ASKED_REFUSED = "NOT_ASKED_REFUSED"
    NOT_ASKED_UNSAFE = "NOT_ASKED_UNSAFE"


class YouthVoice(Frozen):
    """A child's own voice travels along, or the reason why not (IGJ 2023)."""

    child: PersonRef
    given: bool
    unless: Literal["TOO_YOUNG", "DID_NOT_WANT", "UNREACHABLE", "UNSAFE_TO_ASK", "UNBORN"] | None = None

    @model_validator(mode="after")
    def _given_or_unless(self) -> Self:
        if self.given == (self.unless is not None):
            raise ValueError("a youth's voice is given, or `unless` says why not; never both, never neither")
        return self


class ClientResponse(Frozen):
    """A person's response to what is sent, or the day it was asked; and when they were given it to read."""

    person: PersonRef
    state: Known
    asked_on: date | None = None
    shown_on: date | None = None  # parents said: we see no reports (IGJ 2023)


class LeadWish(StrEnum):
    """Whom the client wants as case manager, and what was done with that (JB Noord 2016 §8.4)."""

    KEEP_CURRENT = "KEEP_CURRENT"
    NEW_LEAD = "NEW_LEAD"
    NO_PREFERENCE = "NO_PREFERENCE"
    OVERRULED = "OVERRULED"  # heard and not followed; the why is an ACCOUNT item


class Referral(StrEnum):
    """Reason for referral (reden van aanmelding); it never fades from view."""

    PHYSICAL_ABUSE = "PHYSICAL_ABUSE"
    EMOTIONAL_ABUSE = "EMOTIONAL_ABUSE"
    SEXUAL_ABUSE = "SEXUAL_ABUSE"
    NEGLECT = "NEGLECT"
    PARTNER_VIOLENCE = "PARTNER_VIOLENCE"
    COMPLEX_SEPARATION = "COMPLEX_SEPARATION"
    PARENT_ILLNESS = "PARENT_ILLNESS"
    SCHOOL_ABSENCE = "SCHOOL_ABSENCE"
    YOUTH_BEHAVIOUR = "YOUTH_BEHAVIOUR"
    MOVED = "MOVED"
    MEASURE_ENDED = "MEASURE_ENDED"
    OTHER = "OTHER"


class Weight(StrEnum):
    """How heavy a case is: the heavier, the more must travel along (TSD 2017, Bijlage 1)."""

    LIGHT = "LIGHT"
    MEDIUM = "MEDIUM"
    HEAVY = "HEAVY"


class HandoverProposed(HandoverBody):
    """A handover is offered (overdracht aangeboden), with everything the next one needs so that nobody starts over.

    Which blocks are refused when absent depends on the kinds involved: `schemas/tables/blocks.py`.
    """

    name: ClassVar[str] = "handovers.proposed"
    kind: HandoverKind = HandoverKind.REGIE
    reason: Referral
    phase: Phase
    weight: Weight = Weight.MEDIUM  # LIGHT counts only where nothing says that the case is heavier
    conditions: Annotated[tuple[SafetyCondition, ...], Field(max_length=16)] = ()
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)] = ()
    told: Annotated[tuple[Told, ...], Field(max_length=32)] = ()
    safety_assessment: Known = Known.NOT_ASKED
    story: Known = Known.NOT_ASKED
    story_approval: StoryApproval | None = None
    youth_voice: Annotated[tuple[YouthVoice, ...], Field(max_length=16)] = ()
    client_response: Annotated[tuple[ClientResponse, ...], Field(max_length=32)] = ()
    tried: Known = Known.NOT_ASKED
    stays: Annotated[tuple[Staying, ...], Field(max_length=16)] = ()
    lead_wish: LeadWish | None = None
    criteria: Annotated[tuple[Literal["A", "B", "C"], ...], Field(max_length=3)] = ()  # specialist case management
    end_date: date | None = None
    returns: Uuid | None = None  # the RETURNING handover this one brings back
    replaces: Uuid | None = None  # the DECLINED handover this one re-routes
    areas: Annotated[tuple[AreaAsked, ...], Field(max_length=16)] = ()
    questions: Annotated[tuple[HelpQuestion, ...], Field(max_length=32)] = ()
    group_plan: GroupPlan | None = None
    goals: Annotated[tuple[Goal, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _goals_in_order(self) -> Self:
        if not in_order(self.goals):
            raise ValueError("each goal has an id and a priority of its own")
        return self


class HandoverQuestioned(HandoverBody):
    """The receiver asks something; the words are an ACCOUNT item. Suspends nothing."""

    name: ClassVar[str] = "handovers.questioned"


class HandoverAnswered(HandoverBody):
    """The sender answers an open question."""

    name: ClassVar[str] = "handovers.answered"


class WaitAnnounced(HandoverBody):
    """The receiver cannot start yet: the wait is registered and counts on the receiver."""

    name: ClassVar[str] = "handovers.wait_announced"
    reason: Literal["CAPACITY", "NO_COMPETENT_STAFF"]
    until: date
    bridging: Code  # what help there is meanwhile, e.g. NONE, SENDER_CONTINUES, PROVIDER
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)]


class HandoverAccepted(HandoverBody):
    """The receiver says yes, by name (overdracht aanvaard). The sender stays responsible until COMPLETED."""

    name: ClassVar[str] = "handovers.accepted"
    professional: Professional | None = None  # absent: refused with NO_NAMED_PROFESSIONAL
    first_contact_on: date
    stays: Annotated[tuple[Staying, ...], Field(max_length=16)] = ()  # restated; differing = TERMS_DIFFER
    regie_moves: bool = True  # TO_MEASURE and GI_TO_GI: may stay local when both accept so


class DeclineReason(StrEnum):
    """Why a handover is declined. COST and CAPACITY are listed to be refused: announce a wait instead."""

    NOT_OUR_AREA = "NOT_OUR_AREA"
    NOT_OUR_TASK = "NOT_OUR_TASK"
    ALREADY_ELSEWHERE = "ALREADY_ELSEWHERE"
    CONFLICT_OF_INTEREST = "CONFLICT_OF_INTEREST"
    FAMILY_OBJECTS = "FAMILY_OBJECTS"
    NO_COMPETENT_STAFF = "NO_COMPETENT_STAFF"
    COST = "COST"
    CAPACITY = "CAPACITY"


class HandoverDeclined(HandoverBody):
    """The receiver says no, for a reason that may be said."""

    name: ClassVar[str] = "handovers.declined"
    reason: DeclineReason
    right_area: Code | None = None  # with NOT_OUR_AREA: the region it belongs to


class ProfessionalChanged(HandoverBody):
    """The named professional of one side is replaced before the handover is complete."""

    name: ClassVar[str] = "handovers.professional_changed"
    professional: Professional
    reason: Literal["ILLNESS", "LEAVING", "FAMILY_ASKED", "WORKLOAD", "OTHER"]
    took_part_in_warm_contact: bool


class WarmContactAttested(HandoverBody):
    """One side attests the live conversation of sender, receiver and family. Both must agree on date and people."""

    name: ClassVar[str] = "handovers.warm_contact_attested"
    held_at: Instant
    channel: Channel
    spoke: Annotated[tuple[Code, ...], Field(min_length=1, max_length=16)]  # refs of the professionals who spoke
    family: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()  # who of the family was there
    family_absent: Literal["UNREACHABLE", "REFUSED", "UNSAFE"] | None = None
    children: Annotated[tuple[tuple[PersonRef, ChildPlace], ...], Field(max_length=16)] = ()
    first_contact: FirstContact | None = None  # the receiver's, when the visit was that too

    @model_validator(mode="after")
    def _family_or_why_not(self) -> Self:
        if bool(self.family) == (self.family_absent is not None):
            raise ValueError("name who of the family was there, or `family_absent` says why nobody was")
        return self


class StoryAcknowledged(HandoverBody):
    """The named professional has read the story, so that the family need not tell it again."""

    name: ClassVar[str] = "handovers.story_acknowledged"
    professional: Code  # ref of the reader


class ContactAttemptFailed(HandoverBody):
    """An attempt to reach the family failed; the third opens a joint consult."""

    name: ClassVar[str] = "handovers.contact_attempt_failed"
    at: Instant
    channel: Channel


class ConsultDecision(StrEnum):
    """What a joint consult decides; it works when the other side sends the same."""

    TAKE_OVER_WITHOUT_FAMILY = "TAKE_OVER_WITHOUT_FAMILY"
    RETURN = "RETURN"
    TRY_AGAIN = "TRY_AGAIN"
    VTO = "VTO"
    GO_ON = "GO_ON"


class ConsultHeld(HandoverBody):
    """A joint consult was held (gezamenlijk overleg)."""

    name: ClassVar[str] = "handovers.consult_held"
    held_on: date
    decision: ConsultDecision
    adviser: Literal["BEHAVIOURAL_SCIENTIST", "REGIONAL_SAFETY_TEAM", "NONE"]
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)] = ()  # third-party sight for TAKE_OVER_WITHOUT_FAMILY


class FirstContactHeld(HandoverBody):
    """The named professional has met the family: regie moves in this very transaction."""

    name: ClassVar[str] = "handovers.first_contact_held"
    held_at: Instant
    channel: Channel
    contact: FirstContact


class HandBackReason(StrEnum):
    """Why a handover is given back. COST and CAPACITY are listed to be refused."""

    NO_CONTACT = "NO_CONTACT"
    SAFETY_BEYOND_US = "SAFETY_BEYOND_US"
    FAMILY_MOVED = "FAMILY_MOVED"
    OTHER = "OTHER"
    COST = "COST"
    CAPACITY = "CAPACITY"


class HandedBack(HandoverBody):
    """The receiver gives it back (teruggelegd), with the attempts where contact failed."""

    name: ClassVar[str] = "handovers.handed_back"
    reason: HandBackReason
    attempts: Attempts = 0


class HandBackAnswered(HandoverBody):
    """The sender answers a hand-back: silence is not an answer."""

    name: ClassVar[str] = "handovers.hand_back_answered"
    answer: Literal["TAKEN_BACK", "DISPUTED"]


class HandoverCancelled(HandoverBody):
    """The sender takes the proposal back; after acceptance only with the receiver's confirmation."""

    name: ClassVar[str] = "handovers.cancelled"
    reason: Literal["FAMILY_MOVED", "NO_LONGER_NEEDED", "SENT_IN_ERROR", "END_BY_AGE", "OTHER"]
    help_offered: bool | None = None  # at 18 help may go on until 23 (Jeugdwet 1.1): whether it was offered

    @model_validator(mode="after")
    def _help_at_eighteen(self) -> Self:
        if (self.reason == "END_BY_AGE") != (self.help_offered is not None):
            raise ValueError(
                "END_BY_AGE, and no other reason, says whether help beyond 18 was offered (`help_offered`)"
            )
        return self


class CancelConfirmed(HandoverBody):
    """The receiver agrees that an accepted handover is cancelled."""

    name: ClassVar[str] = "handovers.cancel_confirmed"


class EmergencyTakenOver(HandoverBody):
    """In acute danger the receiver, or Veilig Thuis, takes the case at once. Regie moves now; the warm part still
    follows.
    """

    name: ClassVar[str] = "handovers.emergency_taken_over"
    danger: Literal["VIOLENCE", "SEXUAL_VIOLENCE", "SUICIDE_RISK", "ABDUCTION_RISK", "NO_CARE", "OTHER"]
    on_duty: Professional  # the named professional until changed
    sight: Annotated[tuple[SightPlan, ...], Field(max_length=16)]  # who sees each child tonight


class UrgentReviewed(HandoverBody):
    """A second professional of the actor looked at the emergency."""

    name: ClassVar[str] = "handovers.urgent_reviewed"
    outcome: Literal["JUSTIFIED", "NOT_JUSTIFIED"]


class EmergencyEnded(HandoverBody):
    """The danger was absent or is over. Regie stays until the return completes."""

    name: ClassVar[str] = "handovers.emergency_ended"
    finding: Literal["ABSENT", "OVER"]


class ReturnWaived(HandoverBody):
    """A side agrees that the case stays where the emergency brought it; works when both say so."""

    name: ClassVar[str] = "handovers.return_waived"
