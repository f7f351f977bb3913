"""One record of an outbox from envelope to verdict. Takes the slot's view through a scribe; reads no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from schemas.base import Slug
from schemas.body import Body
from schemas.care import DossierOpened, DossierRejected
from schemas.directory import KeyState
from schemas.entry import (
    EntryKind,
    Resend,
    Verdict,
    entry_hash,
)
from schemas.event import Event
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Mend, Reason, Refusal
from schemas.service import Fact, FactKind, VerdictGiven
from schemas.succession import Names
from schemas.tables.messages import Audience, Shape
from services.gate import facts, receipts, succession, telling
from services.gate.discretion import discreet, hidden_from, told_of
from services.gate.envelope import Received
from services.gate.rules.case import (
    Case,
    Context,
    Judgement,
    Regarded,
)
from services.gate.rules.judge import judge
from services.gate.rules.sections import judge_sections
from services.gate.rules.succession import said_today
from services.gate.scribe import Scribe, derived_id
from services.gate.state import REMEMBERED, Decided, Pending, load_case, save_effects
from services.relay.types import Emit, Refresh
from services.runtime.directory import Directory

log = structlog.get_logger(__name__)

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
_STALE = Reason(code=Refusal.STALE, missing=("time",), mend=(Mend.SEND_ANEW,))
_STALE_KEY = Reason(code=Refusal.STALE_DIRECTORY_KEY, mend=(Mend.SEND_ANEW,))
_ID_REUSED = Reason(code=Refusal.ID_REUSED, missing=("id",), mend=(Mend.SEND_ANEW,))


@dataclass(frozen=True, slots=True)
class World:
    """What the gate knows of the organisations. `fresh`: the directory was read to its end a moment ago."""

    directory: Directory
    parties: Mapping[Slug, Party]
    fresh: bool
    names: Names = field(default_factory=dict)
    """Who stands in for each organisation that has ended."""

    def today(self, slug: Slug) -> Slug:
        """Its own name, or that of its successor."""
        return self.names.get(slug, slug)


def decide(received: Received, scribe: Scribe, world: World) -> None:
    """Give this record exactly one verdict. Raises Refresh when a recipient is unknown and the directory not fresh."""
    stopped = _envelope_reason(received, scribe, world)
    if stopped is not None:
        refuse(received, (stopped,), scribe, world)
    elif _known_before(received, scribe, world):
        return
    elif received.event is not None and receipts.handles(received):
        _keep_up(received, scribe, world)
        receipts.take(received, scribe, world.today)
    else:
        _judge(received, scribe, world)


def _keep_up(received: Received, scribe: Scribe, world: World) -> None:
    """What a receipt is about is told under the names of today, so those cases go over first."""
    if world.names:
        for subject in {pending.subject: None for pending in scribe.counters.pending(received.owner).values()}:
            succession.keep_up(scribe, world.parties, world.names, subject)


def _envelope_reason(received: Received, scribe: Scribe, world: World) -> Reason | None:
    if received.refusal is not None:
        return Reason(code=received.refusal, missing=received.problems, mend=(Mend.CORRECT,))
    event, kid = received.event, received.kid
    if event is None or kid is None:
        raise AssertionError("a record without refusal has an event and a key")
    if not scribe.now - OLDEST <= event.time <= scribe.now + AHEAD:
        return _STALE
    if world.directory.key_state(kid, scribe.now) is not KeyState.ACCEPTED:
        return _STALE_KEY
    return _said_too_late(received, event, world) if received.owner in world.names else None


def _said_too_late(received: Received, event: Event, world: World) -> Reason | None:
    """Nobody speaks in the name of an organisation after it has ended; its machine still tells what it did before."""
    ended_at, row = world.directory.ended_at(received.owner), received.row
    by_machine = row is None or not row.decided_by or row.name == DossierOpened.name
    if ended_at is None or event.time <= ended_at or by_machine or event.data.resend_of is not None:
        return None
    return _succeeded(world.today(received.owner))


def _succeeded(by: Slug) -> Reason:
    return Reason(code=Refusal.SUCCEEDED, missing=(by,), law="BW 2:309", mend=(Mend.AS_SUCCESSOR,))


def _known_before(received: Received, scribe: Scribe, world: World) -> bool:
    """A repeated id is answered with what became of it; with other content it is refused."""
    event = received.event
    if event is None or event.dry_run:
        return False
    before = scribe.counters.decided(event.subject, received.owner, event.id)
    if before is None:
        return False
    if before.hash != received.hash:
        refuse(received, (_ID_REUSED,), scribe, world)
        return True
    _answer(received, scribe, world, Verdict.DUPLICATE, original=before)
    return True


def _judge(received: Received, scribe: Scribe, world: World) -> None:
    event, ctx = received.event, _context(received, scribe, world)
    missed = _missed(ctx, scribe, world)
    judgement = _to_itself(received, ctx) or (
        judge(ctx) if ctx.event.data.resend_of is None else _again(ctx, missed, received)
    )
    if event is not None and event.dry_run:
        _dry_run(received, judgement, scribe)
    elif judgement.reasons:
        inside = ctx.case.is_party(ctx.sender.slug) or ctx.sender.kind is OrganisationKind.SERVICE
        chained = inside and ctx.case.head is not None
        refuse(received, judgement.reasons, scribe, world, chained=chained)
        told = facts.refused_of(ctx, judgement.reasons) if chained else None
        if told is not None:
            scribe.emits.append(facts.record(told))
        _lose(missed, scribe, world)
    else:
        _accept(received, ctx, judgement, scribe, world, missed)


def _to_itself(received: Received, ctx: Context) -> Judgement | None:
    """A letter between two that are one now: neither needs it."""
    me, meant = ctx.sender.slug, received.event.data.to if received.event else ()
    if ctx.row.shape is Shape.LETTER and me in ctx.event.data.to and received.owner not in meant:
        return Judgement((_succeeded(me),))
    return None


@dataclass(frozen=True, slots=True)
class Missed:
    """The hole in the recipient's inbox that a letter sent again closes."""

    inbox: Slug
    sequence: int
    pending: Pending


def _missed(ctx: Context, scribe: Scribe, world: World) -> Missed | None:
    data = ctx.event.data
    if data.resend_of is None or len(data.to) != 1 or ctx.event.dry_run:
        return None
    inboxes = (data.to[0], *(old for old, new in world.names.items() if new == data.to[0]))
    for inbox, (sequence, pending) in ((i, found) for i in inboxes for found in scribe.counters.pending(i).items()):
        same = (world.today(pending.source), pending.message, pending.subject, pending.name)
        if same == (ctx.sender.slug, data.resend_of, ctx.event.subject, ctx.event.name):
            return Missed(inbox, sequence, pending)
    return None


def _again(ctx: Context, missed: Missed | None, received: Received) -> Judgement:
    """A letter sent again: it says the same, its bases are judged anew, and nothing else happens a second time."""
    if missed is None or received.event is None:
        return Judgement(reasons=(Reason(code=Refusal.WRONG_STATE, missing=("resend_of",), mend=(Mend.SEND_ANEW,)),))
    if missed.pending.said not in (None, telling.said(received.event)):
        differs = Reason(code=Refusal.ITEM_DIFFERS, missing=("body", "manifest"), mend=(Mend.SEND_ANEW,))
        return Judgement(reasons=(differs,))
    return Judgement(reasons=judge_sections(ctx).reasons)


def _lose(missed: Missed | None, scribe: Scribe, world: World) -> None:
    if missed is not None:
        scribe.counters.stored(missed.inbox, missed.sequence)
        receipts.lose(missed.inbox, missed.sequence, missed.pending, scribe, world.today)


def _context(received: Received, scribe: Scribe, world: World) -> Context:
    event, body, row = received.event, received.body, received.row
    sender = world.parties.get(world.today(received.owner))
    if event is None or body is None or row is None or sender is None:
        raise AssertionError("only a whole message of a known organisation is judged")
    if world.names:
        succession.keep_up(scribe, world.parties, world.names, event.subject)
        event, body = said_today(event, body, world.names, sender.slug, row.shape is Shape.LETTER)
    if not world.fresh and any(slug not in world.parties for slug in event.data.to):
        raise Refresh
    case = load_case(scribe.view, event.subject)
    return Context(scribe.now, event, body, row, sender, case, world.parties, _regarded(event, body, scribe, world))


def _regarded(event: Event, body: Body, scribe: Scribe, world: World) -> Regarded | None:
    """Whom the letter reached that a message is about, as far as that is remembered."""
    if not isinstance(body, DossierRejected) or len(event.data.to) != 1:
        return None
    author = event.data.to[0]
    for source in (author, *(old for old, new in world.names.items() if new == author)):
        decided = scribe.counters.decided(event.subject, source, body.message)
        if decided is not None and decided.verdict is Verdict.DELIVERED:
            return Regarded(tuple(map(world.today, decided.to)))
    return None


def _accept(
    received: Received, ctx: Context, judgement: Judgement, scribe: Scribe, world: World, missed: Missed | None = None
) -> None:
    event, effects, subject = ctx.event, judgement.effects, ctx.event.subject
    after = ctx.case.after(effects)
    save_effects(scribe.view, subject, effects)
    _keep_or_retire(ctx.case, after, scribe)
    answered = () if ctx.sender.kind is OrganisationKind.SERVICE else (received.owner,)
    to = told_of(ctx, after)
    inbox = scribe.take(tuple(dict.fromkeys((*to, *answered))))
    said = telling.said(received.event or event)
    seal = scribe.write(
        EntryKind.MESSAGE,
        chained=True,
        **telling.who_and_what(received, event) | {"recipients": to},
        sections=telling.sections(event, after),
        purpose=ctx.purpose,
        verdict=Verdict.DELIVERED,
        flags=effects.flags,
        handover=telling.handover(effects.handover) if effects.handover else None,
        also=tuple(map(telling.handover, effects.also)),
        regie=telling.regie(ctx.case, after),
        holder=after.head.regie if after.head and not hidden_from(ctx, after) else None,
        contact=None if hidden_from(ctx, after) else telling.contact(after),
        caution=after.head.caution if after.head else None,
        resends=_resends(missed, event.data.to) if missed else None,
        inbox=inbox,
    )
    entry = scribe.counters.slot().seq
    if missed is not None:
        scribe.counters.stored(missed.inbox, missed.sequence)
    for place in inbox:
        if place.inbox in to:
            scribe.deliver(place.inbox, subject, received.value, received.jws, seal)
            if ctx.row.audience is not Audience.ANYONE:
                pending = Pending(source=received.owner, message=event.id, subject=subject, name=event.name, said=said)
                scribe.counters.pend(place.inbox, place.sequence, pending)
    if answered:
        given = VerdictGiven(message=telling.message(received), verdict=Verdict.DELIVERED, flags=effects.flags)
        _send_verdict(received, given, scribe, seal)
        if missed is None:
            scribe.emits.append(facts.record(facts.fact_of(ctx, after, effects, entry)))
        else:
            receipts.sent_again(missed.inbox, missed.pending, event.id, scribe, world.today)
    for notice in discreet(effects.notices, ctx, after):
        caution = after.head.caution if after.head else None
        scribe.notify(notice.to, subject, notice.body, event.id, caution=caution)
    _remember(received, Verdict.DELIVERED, scribe, seal, event.data.to)


def _resends(missed: Missed, to: tuple[Slug, ...]) -> Resend:
    inbox = missed.inbox if missed.inbox not in to else None
    return Resend(message=missed.pending.message, sequence=missed.sequence, inbox=inbox)


def refuse(
    received: Received, reasons: tuple[Reason, ...], scribe: Scribe, world: World, chained: bool = False
) -> None:
    """Refuse with every reason: an entry, a verdict to the sender, and a copy kept when it was unreadable."""
    event = received.event
    about = {"message": event.id, "name": event.name, "case": event.subject} if event else {"hash": received.hash}
    log.info("refused", slot=scribe.slot, actor=received.owner, codes=[reason.code for reason in reasons], **about)
    if event is None:
        scribe.quarantine(received.owner, None, received.value)
    if received.owner in world.parties and world.parties[received.owner].kind is OrganisationKind.SERVICE:
        log.error("ALERT_REFUSED", code=reasons[0].code, slot=scribe.slot)
        scribe.emits.append(facts.record(_alert_refused(received, scribe)))
    if received.event is not None and received.event.dry_run:
        _dry_run(received, Judgement(reasons=reasons), scribe)
        return
    _answer(received, scribe, world, Verdict.REFUSED, reasons, chained=chained)


def _answer(
    received: Received,
    scribe: Scribe,
    world: World,
    verdict: Verdict,
    reasons: tuple[Reason, ...] = (),
    chained: bool = False,
    original: Decided | None = None,
) -> None:
    """An entry and a verdict for something that is not delivered."""
    sender = world.parties.get(received.owner)
    answered = sender is not None and sender.kind is not OrganisationKind.SERVICE
    seal = scribe.write(
        EntryKind.MESSAGE,
        chained=chained,
        **telling.who_and_what(received, received.event),
        **(telling.attempted(received) if verdict is Verdict.REFUSED else {}),
        verdict=verdict,
        reasons=reasons,
        original=original.entry if original else None,
        inbox=scribe.take((received.owner,)) if answered else (),
    )
    if answered:
        given = VerdictGiven(
            message=telling.message(received),
            verdict=verdict,
            reasons=reasons,
            original_verdict=original.verdict if original else None,
        )
        _send_verdict(received, given, scribe, seal)
    if verdict is Verdict.REFUSED and received.refusal is None and reasons[0].code is not Refusal.ID_REUSED:
        _remember(received, verdict, scribe, seal)


def _dry_run(received: Received, judgement: Judgement, scribe: Scribe) -> None:
    """Judged against the state, answered, and only counted: no chain, no memory, no fact."""
    event = received.event
    if event is None:
        raise AssertionError("a dry run was read as a message")
    by = event.data.by.ref if event.data.by else "machine"
    scribe.counters.count_dry_run(received.owner, by, scribe.now.replace(minute=0, second=0, microsecond=0))
    given = VerdictGiven(
        message=telling.message(received),
        verdict=Verdict.REFUSED if judgement.reasons else Verdict.DELIVERED,
        reasons=judgement.reasons,
        flags=judgement.effects.flags,
        dry_run=True,
    )
    scribe.notify(received.owner, event.subject, given, event.id, received.hash, chained=False)


def _send_verdict(received: Received, given: VerdictGiven, scribe: Scribe, seal: str) -> None:
    subject = telling.subject(received)
    _, value, jws = scribe.made(received.owner, subject, given, received.hash, given.verdict, entry_hash(seal))
    scribe.deliver(received.owner, subject, value, jws, seal)


def _remember(received: Received, verdict: Verdict, scribe: Scribe, seal: str, to: tuple[Slug, ...] = ()) -> None:
    event = received.event
    if event is None:
        return
    decided = Decided(hash=received.hash, entry=entry_hash(seal), verdict=verdict, at=scribe.now, to=to)
    scribe.counters.remember(event.subject, received.owner, event.id, decided)
    scribe.counters.forget(event.subject, scribe.now - REMEMBERED)
    scribe.counters.retire_idle(event.subject, scribe.now)


def _keep_or_retire(before: Case, after: Case, scribe: Scribe) -> None:
    was_open = before.head is not None and before.head.open
    is_open = after.head is not None and after.head.open
    if was_open and not is_open:
        scribe.counters.retire(after.subject, scribe.now)
    elif is_open and not was_open:
        scribe.counters.reopen(after.subject)


def tick_fact(at: datetime, barrier: str | None) -> Emit:
    """Tells oversight that time has come to `at`, and that all said before has been decided."""
    tick = derived_id("tick", at.isoformat(), barrier or "")
    return facts.record(Fact(kind=FactKind.TICK, at=at, id=tick, barrier=barrier))


def _alert_refused(received: Received, scribe: Scribe) -> Fact:
    event = received.event
    return Fact(
        kind=FactKind.ALERT_REFUSED,
        at=scribe.now,
        id=event.id if event else derived_id("unreadable", received.hash),
        subject=event.subject if event else None,
        type=event.name if event else None,
    )
