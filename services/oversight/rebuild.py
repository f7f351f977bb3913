"""Makes the state of oversight anew from the facts that are still there: after a gap, or when it is not trusted.

A case whose opening is among the facts is made from nothing. Any other goes on from what was known of it, by the facts
that came after that. Nothing is said twice: only what stands otherwise than what was told before is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.cases import CaseOpened
from schemas.matching import MatchAsked
from schemas.service import Fact, FactKind
from schemas.signals import SignalRaised
from services.oversight import state as watching
from services.oversight.app import FACTS, Oversight
from services.oversight.rules import ladder
from services.oversight.rules.case import Watch
from services.oversight.rules.follow import new_watch
from services.relay import own
from services.relay.clock import NO_TIME
from services.relay.log import Refused, SlotLog
from services.relay.own import BIRTH, Birth
from services.relay.state import RESERVED, BatchView, State
from services.relay.types import Emit, Record, Stop
from services.runtime.subjects import group_of, subject_of

BEGINS = (CaseOpened.name, SignalRaised.name, MatchAsked.name)
"""Before these nothing was said of a case or a thread."""

MOST = 1_000
"""More alerts than one fact ever raises in one case."""


@dataclass
class Rebuilt:
    """What became of one slot. `lost`: offsets of facts that expired before they were read."""

    slot: int
    facts: int = 0
    lost: tuple[int, int] | None = None
    anew: set[str] = field(default_factory=set)  # cases made from nothing
    went_on: set[str] = field(default_factory=set)  # ... from what was known
    begun_late: set[str] = field(default_factory=set)  # ... from the middle: nothing was known of their beginning
    not_judged: int = 0
    told: int = 0


async def rebuild(log: SlotLog, oversight: Oversight, birth: Birth, slot: int) -> Rebuilt:
    """One slot, in one transaction. Raises Refused for a state of another cluster, Fenced when oversight is running,
    and Stop when a term runs through a year that is not configured.
    """
    await log.fence()
    old = State()
    async for records in log.load():
        for key, value in records:
            old.set(key, value)
    stored = old.get(BIRTH)
    if stored is not None and Birth.from_bytes(stored) != birth:
        raise Refused(own.other_birth(stored, birth, own.state_topic(oversight.name)))
    span = (await log.spans([FACTS]))[FACTS]
    read_up_to = own.position(old, FACTS)
    anew = _Anew(oversight, old, slot, read_up_to, span.start)
    if len(old) and read_up_to < span.start:
        anew.done.lost = (read_up_to, span.start)
    await log.follow({FACTS: span.start})
    while await log.position(FACTS) < span.end:
        for record in (await log.read([FACTS], 1.0)).get(FACTS, ()):
            if record.offset < span.end:
                anew.take(record)
    emits = anew.finish()
    await log.commit([*emits, *_written(anew.state, old, birth, span.end)])
    return anew.done


def _written(new: State, old: State, birth: Birth, position: int) -> Iterator[Emit]:
    topic = own.state_topic("oversight")
    yield Emit(topic, BIRTH.encode(), birth.to_bytes())
    yield Emit(topic, own.position_key(FACTS).encode(), b"%d" % position)
    there, wanted = _records(old), _records(new)
    for key in there.keys() - wanted.keys():
        yield Emit(topic, key.encode(), None)
    for key, value in wanted.items():
        if there.get(key) != value:
            yield Emit(topic, key.encode(), value)


def _records(state: State) -> dict[str, bytes]:
    """Everything that is not the relay's own."""
    found = ((key, value) for group in state.group_names() for key, value in state.group(group).items())
    return {key: value for key, value in found if key.partition(":")[0] not in RESERVED}


class _Anew:
    """The state in the making. `read_up_to`: the first fact that the old state does not hold."""

    def __init__(self, oversight: Oversight, old: State, slot: int, read_up_to: int, first: int) -> None:
        self.state = State()
        self.done = Rebuilt(slot)
        self._oversight, self._old, self._slot = oversight, old, slot
        self._read_up_to = max(read_up_to, first)
        self._beginning = first
        self._last: Fact | None = None
        self._seen: set[str] = set()
        self._barriers: list[Emit] = []

    def take(self, record: Record) -> None:
        """One fact. One that cannot be judged is counted and leaves its case as it was."""
        view = BatchView(self.state)
        try:
            fact = self._oversight.prepare(record)
            if self._meant(fact, record.offset, view):
                said = self._oversight.decide(fact, view, NO_TIME, self._slot)
                self._barriers += [s for s in said if fact.barrier and record.offset >= self._read_up_to][-1:]
        except Stop:
            raise
        except Exception:  # as the running oversight does: a fact that breaks a rule must not stop the others
            self.done.not_judged += 1
            view.drop()
            return
        self.done.facts += 1
        self._last = fact
        self._keep(view)

    def _meant(self, fact: Fact, offset: int, view: BatchView) -> bool:
        """Whether the fact is to be followed: what was known of its case may hold it already."""
        group = group_of(fact.subject) if fact.subject and fact.kind is not FactKind.TICK else None
        if group is None or fact.kind is FactKind.ALERT_REFUSED:
            return fact.kind is FactKind.TICK
        if group not in self._seen:
            if fact.kind is FactKind.REFUSED:
                return False  # nothing is known yet of the case it was about
            self._seen.add(group)
            self._begin(fact, group, view)
        return group not in self.done.went_on or offset >= self._read_up_to

    def _begin(self, fact: Fact, group: str, view: BatchView) -> None:
        before = watching.load(BatchView(self._old), subject_of(group))
        if fact.type in BEGINS:
            self.done.anew.add(group)
        elif self._old.group(group):
            self.done.went_on.add(group)
            watching.begin(view, fact.at)
            watching.save(view, before)
        elif fact.case is not None:
            self.done.begun_late.add(
                group
            )  # alerts it raised before are not known: its numbers go on above any of them
            late = new_watch(subject_of(group))
            late.head = late.head.model_copy(update={"raised": (self._beginning + 1) * MOST})
            watching.begin(view, fact.at)
            watching.save(view, late)

    def finish(self) -> list[Emit]:
        """Takes over what nothing was said about, and tells what stands otherwise than was told."""
        emits: list[Emit] = []
        for group in sorted(self._cases(self._old) | self._cases(self.state)):
            view = BatchView(self.state)
            before = watching.load(BatchView(self._old), subject_of(group))
            if not self.state.group(group):
                self.done.went_on.add(group)
                watching.save(view, before)
            else:
                watch = watching.load(view, subject_of(group))
                emits += self._told(ladder.told_anew(watch, before), view)
            self._keep(view)
        self.done.told = len(emits)
        return [*emits, *self._barriers]

    def _told(self, watch: Watch, view: BatchView) -> list[Emit]:
        watching.save(view, watch)
        return [self._oversight.emit(say, self._last.at) for say in watch.say] if self._last else []

    def _cases(self, state: State) -> set[str]:
        return {group for group in state.group_names() if f"head:{group}:" in state.group(group)}

    def _keep(self, view: BatchView) -> None:
        view.keep()
        for key, value in view.changes().items():
            self.state.set(key, value)
