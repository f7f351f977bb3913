"""One family and the organisations around it, talking through the real gate. Everyone here is invented."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from schemas.body import Body, Channel, ChildSeen, Watcher, WatcherKind
from schemas.care import AssessmentRecorded, DossierShared, ReportRegistered, SightConfirmed, SightPlanned, TrustBroken
from schemas.cases import CaseClosed, CaseOpened, CaseReopened, Closing, LeadToFamily
from schemas.consents import ConsentRecorded, ConsentSetAside, ConsentWithdrawn, Decision, Scope
from schemas.entry import Entry
from schemas.manifest import (
    Basis,
    Category,
    GdprArticle,
    Purpose,
    Section,
    Source,
    SourceKind,
    StatementKind,
    Weighing,
)
from schemas.parties import Party
from schemas.person import Custody, Person, Role
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import (
    ConditionRecord,
    HandoverRecord,
    MeasureRecord,
    StatementRecord,
)
from services.runtime.subjects import slot_of
from tests.gate.bench import SLOTS
from tests.gate.rules.families import GI, OTHER_TEAM, TEAM, VT, uid
from tests.gate.rules.play import DIRECTORY, Play, plan, worker_of
from tests.invariants.world import Step, World

__all__ = ["ACTORS", "GI", "OTHER_TEAM", "PERSONS", "TEAM", "VT", "Part", "Talk"]

ACTORS = (VT, TEAM, OTHER_TEAM, GI)
PERSONS = ("child", "youth", "mother", "father")
BOTH = tuple(Custody(holder=parent, checked_on=date(2026, 3, 1)) for parent in ("mother", "father"))
FAMILY = (
    Person(ref="child", role=Role.YOUTH, birth_date=date(2018, 1, 15), custody=BOTH),
    Person(ref="youth", role=Role.YOUTH, birth_date=date(2010, 3, 20), custody=BOTH),  # 16 soon after the story begins
    Person(ref="mother", role=Role.PARENT),
    Person(ref="father", role=Role.PARENT),
)
CHILDREN = ("child", "youth")


@dataclass(frozen=True)
class Part:
    """One section to send: about whom, each under which basis. `forward` names an earlier part by number."""

    category: Category
    bases: tuple[tuple[str, str], ...]
    forward: int | None = None
    weighed: bool = True


class Talk(Play):
    """A case that is played through the gate instead of its rules. `steps` is what each message led to;
    `looking` is called with each."""

    def __init__(self, world: World, number: int = 1, opener: Party = TEAM) -> None:
        self.world = world
        self.directory = DIRECTORY
        self.subject = f"case:{uid(f'family-{number}')}"
        self.slot = slot_of(self.subject, SLOTS)
        self.number = 0
        self.steps: list[Step] = []
        self.looking: list[Callable[[Step], None]] = []
        self.accepted = []
        self.last = Judgement()
        self.parts: list[Section] = []
        self._look()
        self.say(opener, CaseOpened(persons=FAMILY, lead=worker_of(opener.slug)))
        self.consent("mother", "mother", recorder=opener)

    # How it goes through the gate

    def _look(self) -> None:
        self.case = self.world.case(self.subject)
        self.now = self.world.bench.now

    def _kept(self, step: Step) -> Step:
        self.steps.append(step)
        self._look()
        for look in self.looking:
            look(step)
        return step

    def fresh(self, what: str) -> str:
        """A new id."""
        self.number += 1
        return uid(f"{self.subject}/{what}/{self.number}")

    def message(self, who: Party, body: Body, to: Party | str | None = None, **data: Any) -> bytes:
        """The bytes of a message, made and not sent."""
        ids = {"id": self.fresh("message")}
        dry = data.pop("dry_run", False)
        event = self.context(who, body, to, **data).event.model_copy(update=ids)
        if dry:
            event = event.model_copy(update={"type": event.type.replace("estafette.", "estafette.dry_run.")})
        return event.encode()

    def say(self, who: Party, body: Body, to: Party | str | None = None, **data: Any) -> Judgement:
        step = self.put_out(who, self.message(who, body, to, **data))
        self.last = Judgement(step.decision.entry.reasons)
        return self.last

    def put_out(self, who: Party, value: bytes, jws: str | None = None) -> Step:
        """These bytes in the outbox of `who`."""
        return self._kept(self.world.send(who.slug, value, self.subject, jws))

    def later(self, **span: float) -> "Talk":
        self._kept(self.world.pass_time(self.slot, **span))
        return self

    @property
    def entries(self) -> list[Entry]:
        return [sealed.entry for step in self.steps for sealed in step.entries]

    @property
    def open_handovers(self) -> list[HandoverRecord]:
        return [r for r in self.case.of(HandoverRecord).values() if not r.final]

    # Consent

    def consent(
        self,
        who: str,
        about: str,
        decision: Decision = Decision.GRANTED,
        scope: Scope | None = None,
        *,
        until: date | None = None,
        recorder: Party = TEAM,
    ) -> Judgement:
        body = ConsentRecorded(
            statement=self.fresh("statement"),
            about=about,
            given_by=who,
            decision=decision,
            scope=scope or Scope(),
            until=until,
            how_asked="IN_PERSON",
        )
        return self.say(recorder, body)

    def set_aside(self, holder: str, about: str, scope: Scope, recorder: Party = TEAM) -> Judgement:
        body = ConsentSetAside(
            statement=self.fresh("statement"),
            about=about,
            holder=holder,
            scope=scope,
            reason="DANGER_ON_ASKING",
            review_on=self.today + timedelta(days=20),
        )
        return self.say(recorder, body)

    @property
    def statements(self) -> list[str]:
        return sorted(self.case.of(StatementRecord), key=lambda ref: self.case.of(StatementRecord)[ref].seq)

    def withdraw(self, statement: str, recorder: Party = TEAM) -> Judgement:
        return self.say(recorder, ConsentWithdrawn(statement=statement))

    # Letters

    def section(self, part: Part) -> Section:
        """A new section, or an earlier one under these bases."""
        weighing = Weighing(answers=(part.weighed,) * 5)
        bases = tuple(
            Basis(
                person=ref, secrecy=basis, gdpr=GdprArticle.PUBLIC_TASK, weighing=weighing if basis == "G18" else None
            )
            for ref, basis in part.bases
            if basis
        )
        about = tuple(ref for ref, _ in part.bases)
        if part.forward is not None and self.parts:
            before = self.parts[part.forward % len(self.parts)]
            return before.model_copy(update={"bases": bases})
        made = Section(
            item=self.fresh("item"),
            category=part.category,
            about=about,
            kind=StatementKind.OBSERVATION,
            as_of=self.today,
            source=Source(kind=SourceKind.OWN_OBSERVATION),
            bases=bases,
            digest="ab" * 32,
        )
        self.parts.append(made)
        return made

    def share(
        self, who: Party, to: Party, purpose: Purpose, parts: Iterable[Part], *, second: bool = True
    ) -> Judgement:
        """A letter with these sections; each item stands in it once."""
        sections = {section.item: section for section in map(self.section, parts)}
        other = {"second": worker_of(who.slug, 2)} if second else {}
        return self.say(who, DossierShared(), to, purpose=purpose, sections=tuple(sections.values()), **other)

    # Sight

    def plan_sight(self, who: Party, *children: str, every_days: int = 7, until: date | None = None) -> Judgement:
        plans = tuple(plan(ref, until).model_copy(update={"every_days": every_days}) for ref in children)
        return self.say(who, SightPlanned(plans=plans))

    def confirm(
        self, who: Party, *children: str, by: WatcherKind = WatcherKind.PROFESSIONAL, days: int = 0
    ) -> Judgement:
        body = SightConfirmed(
            seen_at=self.now - timedelta(days=days),
            by=Watcher(kind=by, function="WORKER"),
            channel=Channel.HOME_VISIT,
            children=tuple(ChildSeen(child=ref, alone=True) for ref in children),
        )
        return self.say(who, body)

    def break_trust(self, who: Party, *children: str) -> Judgement:
        return self.say(who, TrustBroken(plans=tuple(plan(ref) for ref in children)))

    # The case as a whole

    def report(self, who: Party = VT) -> Judgement:
        body = ReportRegistered(
            report=self.fresh("report"), received_at=self.now, reporter="PROFESSIONAL", children=CHILDREN
        )
        return self.say(who, body)

    def assess(self, who: Party, kind: Literal["SAFETY", "SELF_RELIANCE"] = "SELF_RELIANCE") -> str:
        """The id of the assessment."""
        made = self.fresh("assessment")
        body = AssessmentRecorded(
            assessment=made,
            children=CHILDREN,
            kind=kind,
            instrument="ARIJ",
            made_on=self.today,
            information_base=(SourceKind.PARENT,),
            phase=self.head.phase,
            conditions=tuple({"id": ref, "status": "MET"} for ref in self._conditions()),
        )
        self.say(who, body)
        return made

    def _conditions(self) -> list[str]:
        return sorted(self.case.of(ConditionRecord))

    def close(self, who: Party) -> Judgement:
        """On an assessment that the family can go on alone."""
        made = self.assess(who)
        return self.say(who, CaseClosed(closing=Closing.SELF_RELIANCE, reference=made))

    def reopen(self, who: Party) -> Judgement:
        return self.say(who, CaseReopened(reason="NEW_QUESTION", lead=worker_of(who.slug)))

    def to_family(self, who: Party) -> Judgement:
        review = self.today + timedelta(days=90)
        return self.say(who, LeadToFamily(holder="mother", backup=worker_of(who.slug), review_on=review))

    def assigned(self, handover: str, *, regie: bool = False) -> Judgement:
        """The institution names its worker, who met the family."""
        measure = next(m for m in self.case.of(MeasureRecord).values() if m.handover == handover)
        body_of = {uid(name): name for name in (f"m{n}" for n in range(40))}
        return self.assign(DIRECTORY[measure.institution], body_of[measure.measure], regie=regie)
