"""A case that is played: each method says one message and takes its effects over. Everyone here is invented."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Literal

from schemas.base import dump
from schemas.body import (
    Body,
    Channel,
    ChildSeen,
    FirstContact,
    Known,
    Phase,
    SafetyCondition,
    SightPlan,
    Staying,
    Watcher,
    WatcherKind,
)
from schemas.care import (
    DossierShared,
    MeasureEnded,
    MeasureKind,
    MeasureStarted,
    MeasureTransferred,
    WorkerAssigned,
)
from schemas.cases import CaseOpened
from schemas.event import Data, Event
from schemas.handovers import (
    CancelConfirmed,
    ClientResponse,
    ConsultDecision,
    ConsultHeld,
    ContactAttemptFailed,
    DeclineReason,
    EmergencyEnded,
    EmergencyTakenOver,
    FirstContactHeld,
    HandBackAnswered,
    HandBackReason,
    HandedBack,
    HandoverAccepted,
    HandoverAnswered,
    HandoverCancelled,
    HandoverDeclined,
    HandoverKind,
    HandoverProposed,
    HandoverQuestioned,
    HandoverState,
    LeadWish,
    ProfessionalChanged,
    Referral,
    ReturnWaived,
    StoryAcknowledged,
    StoryApproval,
    Told,
    UrgentReviewed,
    WaitAnnounced,
    WarmContactAttested,
    YouthVoice,
)
from schemas.manifest import Category, Manifest, Purpose, Section
from schemas.parties import Competence, Party, Professional, Registration
from schemas.person import Person
from schemas.tables.messages import BY_NAME, Shape
from services.gate.rules.case import (
    Case,
    Context,
    Effects,
    Judgement,
)
from services.gate.rules.case_records import CaseHead, HandoverRecord
from services.gate.rules.judge import judge
from services.gate.rules.record import Record
from tests.gate.rules.families import (
    EVERYONE,
    FATHER,
    GI,
    JWE,
    MOTHER,
    NOW,
    SUBJECT,
    TEAM,
    TODAY,
    VT,
    child,
    said,
    section,
    uid,
)

OTHER_GI = Party(slug="gi-zuid", kind=GI.kind)
DIRECTORY = EVERYONE | {OTHER_GI.slug: OTHER_GI}
H = uid("handover")
SCHOOL_WATCH = Watcher(kind=WatcherKind.OTHER_ORGANISATION, function="TEACHER", organisation="school-de-brug")
STAYS = (Staying(organisation="school-de-brug", function="TEACHER", task="EDUCATION"),)


def worker_of(slug: str, number: int = 1) -> Professional:
    """A registered professional of an organisation, trained in safety."""
    return Professional(
        ref=f"{slug}-{number}", function="WORKER", registration=Registration.SKJ, competences=(Competence.SAFETY,)
    )


def plan(ref: str = "child", until: date | None = None) -> SightPlan:
    """The school sees the child every week."""
    return SightPlan(child=ref, by=(SCHOOL_WATCH,), every_days=7, until=until)


def words(*categories: Category, by: str = "") -> tuple[Section, ...]:
    """Sections about the mother, who agrees to everything: only the rules of the conversation speak."""
    return tuple(section(category, "mother", name=f"{by}-{category}") for category in categories)


FAMILY = (child(), MOTHER, FATHER)
EVERYTHING = (Category.ACCOUNT, Category.SAFETY, Category.STORY, Category.HELP_HISTORY, Category.CLIENT_RESPONSE)


def proposal(handover: str = H, persons: Iterable[Person] = FAMILY, **more: Any) -> HandoverProposed:
    """A whole proposal: every block of every column is there."""
    people = tuple(persons)
    children = tuple(p.ref for p in people if p.is_child)
    given: dict[str, Any] = {
        "kind": HandoverKind.REGIE,
        "reason": Referral.NEGLECT,
        "phase": Phase.STABLE_SAFETY,
        "conditions": (SafetyCondition(id="no-violence", kind="NO_VIOLENCE", digest="d1"),),
        "sight": tuple(plan(ref) for ref in children),
        "told": tuple(Told(person=p.ref, told=True) for p in people),
        "safety_assessment": Known.GIVEN,
        "story": Known.GIVEN,
        "story_approval": StoryApproval.APPROVED,
        "youth_voice": tuple(YouthVoice(child=ref, given=False, unless="DID_NOT_WANT") for ref in children),
        "client_response": (ClientResponse(person="mother", state=Known.GIVEN),),
        "tried": Known.GIVEN,
        "stays": STAYS,
        "lead_wish": LeadWish.NEW_LEAD,
        "criteria": ("A",),
        "end_date": TODAY + timedelta(days=180),
    }
    return HandoverProposed(handover=handover, **(given | more))


class Play:
    """One case over time. What is refused changes nothing; `last` is the latest judgement."""

    def __init__(
        self,
        opener: Party = TEAM,
        family: tuple[Person, ...] = FAMILY,
        phase: Phase = Phase.STABLE_SAFETY,
        directory: dict[str, Party] | None = None,
    ) -> None:
        self.case = Case(SUBJECT)
        self.directory = directory or DIRECTORY
        self.now = NOW
        self.last = Judgement()
        self.accepted: list[tuple[Context, Judgement]] = []
        self.say(opener, CaseOpened(persons=family, lead=worker_of(opener.slug), phase=phase))
        self.put(said("yes-mother", "mother", about="mother"))

    # What one sees

    @property
    def head(self) -> CaseHead:
        assert self.case.head is not None
        return self.case.head

    def handover(self, handover: str = H) -> HandoverRecord:
        return self.case.of(HandoverRecord)[handover]

    def state(self, handover: str = H) -> HandoverState:
        return self.handover(handover).state

    # Saying something

    def context(self, who: Party, body: Body, to: Party | str | None = None, **data: Any) -> Context:
        slugs = (to.slug if isinstance(to, Party) else to,) if to else data.pop("slugs", ())
        row = BY_NAME[body.name]
        default = words(*EVERYTHING, by=who.slug) if isinstance(body, HandoverProposed) else ()
        carried = data.pop("sections", default)
        if row.shape is Shape.LETTER and carried:
            data.setdefault("manifest", Manifest(purpose=data.pop("purpose", Purpose.HANDOVER), sections=carried))
            data["sealed"] = {s.item: JWE for s in carried}
        if row.second:
            data.setdefault("second", worker_of(who.slug, 2))
        data.setdefault("by", worker_of(who.slug))
        event = Event(
            id=uid(f"message-{len(self.accepted)}"),
            source=who.slug,
            type=f"nl.estafette.{body.name}.v1",
            subject=self.case.subject,
            time=self.now,
            data=Data(to=slugs, body=dump(body), **data),
        )
        return Context(self.now, event, body, row, who, self.case, self.directory)

    def say(self, who: Party, body: Body, to: Party | str | None = None, **data: Any) -> Judgement:
        ctx = self.context(who, body, to, **data)
        self.last = judge(ctx)
        if not self.last.reasons:
            self.case = self.case.after(self.last.effects)
            self.accepted.append((ctx, self.last))
        return self.last

    def put(self, *records: Record) -> None:
        """Set something up that is not the matter of the test."""
        self.case = self.case.after(Effects(put=records))

    def later(self, **span: float) -> "Play":
        self.now += timedelta(**span)
        return self

    @property
    def today(self) -> date:
        return self.now.date()

    # Handovers

    def _sides(self, side: Literal["S", "R"], handover: str) -> tuple[Party, str]:
        record = self.handover(handover)
        mine, other = (record.sender, record.receiver) if side == "S" else (record.receiver, record.sender)
        return DIRECTORY[mine], other

    def _from(self, side: Literal["S", "R"], body: Any, **data: Any) -> Judgement:
        who, other = self._sides(side, body.handover)
        return self.say(who, body, other, **data)

    def propose(self, who: Party, to: Party, handover: str = H, **more: Any) -> Judgement:
        return self.say(who, proposal(handover, self.case.family, **more), to)

    def question(self, handover: str = H) -> Judgement:
        return self._from("R", HandoverQuestioned(handover=handover))

    def answer(self, handover: str = H) -> Judgement:
        return self._from("S", HandoverAnswered(handover=handover))

    def wait(self, handover: str = H, days: int = 14, sight: tuple[SightPlan, ...] = ()) -> Judgement:
        until = self.today + timedelta(days=days)
        body = WaitAnnounced(
            handover=handover, reason="CAPACITY", until=until, bridging="SENDER_CONTINUES", sight=sight
        )
        return self._from("R", body)

    def accept(self, handover: str = H, side: Literal["S", "R"] = "R", **more: Any) -> Judgement:
        who, _ = self._sides(side, handover)
        given: dict[str, Any] = {
            "professional": worker_of(who.slug),
            "first_contact_on": self.today + timedelta(days=2),
            "stays": self.handover(handover).stays,
        }
        return self._from(side, HandoverAccepted(handover=handover, **(given | more)))

    def decline(self, handover: str = H, reason: str = "NOT_OUR_TASK", **more: Any) -> Judgement:
        return self._from("R", HandoverDeclined(handover=handover, reason=DeclineReason(reason), **more))

    def attest(
        self,
        side: Literal["S", "R"],
        handover: str = H,
        *,
        at: datetime | None = None,
        family: tuple[str, ...] = ("mother", "child"),
        first: bool = False,
    ) -> Judgement:
        record = self.handover(handover)
        receivers = record.professional or worker_of(record.receiver)
        senders = record.sender_professional or worker_of(record.sender)
        contact = FirstContact(met=family or ("mother",), changed=Known.GIVEN, confidential_adviser_told=True)
        body = WarmContactAttested(
            handover=handover,
            held_at=at or self.now,
            channel=Channel.HOME_VISIT,
            spoke=(senders.ref, receivers.ref),
            family=family,
            family_absent=None if family else "UNREACHABLE",
            first_contact=contact if first else None,
        )
        return self._from(side, body, by=receivers if side == "R" else senders)

    def read(self, handover: str = H) -> Judgement:
        named = self.handover(handover).professional or worker_of(self.handover(handover).receiver)
        return self._from("R", StoryAcknowledged(handover=handover, professional=named.ref), by=named)

    def change(self, side: Literal["S", "R"], handover: str = H, took_part: bool = False, number: int = 3) -> Judgement:
        who, _ = self._sides(side, handover)
        body = ProfessionalChanged(
            handover=handover,
            professional=worker_of(who.slug, number),
            reason="ILLNESS",
            took_part_in_warm_contact=took_part,
        )
        return self._from(side, body)

    def fail(self, handover: str = H) -> Judgement:
        return self._from("R", ContactAttemptFailed(handover=handover, at=self.now, channel=Channel.HOME_VISIT))

    def consult(self, side: Literal["S", "R"], decision: str, handover: str = H, sight: bool = True) -> Judgement:
        plans = tuple(plan(p.ref) for p in self.case.persons if p.is_child) if sight else ()
        body = ConsultHeld(
            handover=handover,
            held_on=self.today,
            decision=ConsultDecision(decision),
            adviser="BEHAVIOURAL_SCIENTIST",
            sight=plans,
        )
        return self._from(side, body)

    def both(self, decision: str, handover: str = H) -> Judgement:
        self.consult("S", decision, handover)
        return self.consult("R", decision, handover)

    def meet(self, handover: str = H) -> Judgement:
        named = self.handover(handover).professional or worker_of(self.handover(handover).receiver)
        seen = (ChildSeen(child="child", alone=True),)
        contact = FirstContact(met=("mother",), children_seen=seen, changed=Known.GIVEN, confidential_adviser_told=True)
        body = FirstContactHeld(handover=handover, held_at=self.now, channel=Channel.HOME_VISIT, contact=contact)
        return self._from("R", body, by=named)

    def hand_back(self, handover: str = H, reason: str = "SAFETY_BEYOND_US", attempts: int = 0) -> Judgement:
        return self._from("R", HandedBack(handover=handover, reason=HandBackReason(reason), attempts=attempts))

    def answer_back(self, answer: Literal["TAKEN_BACK", "DISPUTED"], handover: str = H) -> Judgement:
        return self._from("S", HandBackAnswered(handover=handover, answer=answer))

    def cancel(self, handover: str = H) -> Judgement:
        return self._from("S", HandoverCancelled(handover=handover, reason="NO_LONGER_NEEDED"))

    def confirm_cancel(self, handover: str = H) -> Judgement:
        return self._from("R", CancelConfirmed(handover=handover))

    def take_over(self, who: Party, handover: str = H, sight: bool = True, **data: Any) -> Judgement:
        plans = tuple(plan(p.ref) for p in self.case.persons if p.is_child) if sight else ()
        body = EmergencyTakenOver(handover=handover, danger="VIOLENCE", on_duty=worker_of(who.slug), sight=plans)
        return self.say(who, body, data.pop("to", self.head.regie), **data)

    def review(self, handover: str = H) -> Judgement:
        return self._from("R", UrgentReviewed(handover=handover, outcome="JUSTIFIED"))

    def end_emergency(self, handover: str = H) -> Judgement:
        return self._from("R", EmergencyEnded(handover=handover, finding="OVER"))

    def waive(self, side: Literal["S", "R"], handover: str = H) -> Judgement:
        return self._from(side, ReturnWaived(handover=handover))

    def tell_story(self, handover: str = H, *, missing: bool = False) -> Judgement:
        body = DossierShared(handover=handover, story_missing="NO_TIME" if missing else None)
        return self._from("S", body, sections=() if missing else words(Category.STORY, by="told"))

    # Measures

    def order(self, who: Party = GI, handover: str = H, measure: str = "m1", child: str = "child") -> Judgement:
        body = MeasureStarted(
            measure=uid(measure),
            kind=MeasureKind.OTS,
            child=child,
            order="C-09-1",
            since=self.today,
            until=self.today + timedelta(days=365),
            handover=handover,
        )
        return self.say(who, body)

    def assign(self, who: Party = GI, measure: str = "m1", *, contact: bool = True, regie: bool = False) -> Judgement:
        body = WorkerAssigned(
            measure=uid(measure),
            worker=worker_of(who.slug),
            contact_held_at=self.now if contact else None,
            regie_moves=regie,
        )
        return self.say(who, body)

    def transfer(self, who: Party, former: Party, handover: str, measure: str = "m1") -> Judgement:
        body = MeasureTransferred(
            measure=uid(measure), order="C-09-2", from_institution=former.slug, on=self.today, handover=handover
        )
        return self.say(who, body)

    def end_measure(self, who: Party = GI, measure: str = "m1") -> Judgement:
        return self.say(who, MeasureEnded(measure=uid(measure), on=self.today, reason="COURT"))

    # Stretches that many tests begin with

    def accepted_by(self, sender: Party, receiver: Party, handover: str = H, **more: Any) -> "Play":
        self.propose(sender, receiver, handover, **more)
        self.accept(handover)
        assert self.state(handover) is HandoverState.ACCEPTED, self.last.reasons
        return self

    def warm(self, sender: Party, receiver: Party, handover: str = H, **more: Any) -> "Play":
        self.accepted_by(sender, receiver, handover, **more)
        self.read(handover)
        self.attest("S", handover)
        self.attest("R", handover)
        assert self.state(handover) is HandoverState.WARM, self.last.reasons
        return self

    def completed(self, sender: Party, receiver: Party, handover: str = H, **more: Any) -> "Play":
        self.warm(sender, receiver, handover, **more)
        self.meet(handover)
        assert self.state(handover) is HandoverState.COMPLETED, self.last.reasons
        return self


__all__ = ["GI", "OTHER_GI", "TEAM", "VT", "H", "Play", "plan", "proposal", "words", "worker_of"]
