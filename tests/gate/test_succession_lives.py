"""Whatever was said before and is said after: with a successor everything goes as it would have gone without.

Each talk is played twice: as it was, and once more with the same messages, but for one organisation going on as another
at some moment. From then on some still write to the old name, some to the new one, and what the old one had sent
before arrives late. Verdicts, the case, what is owed and alarmed must be the same under the new name; so what holds of
the talk as it was (tests/invariants) holds of the other too. What is written is checked by itself as well. Nothing is
agreed anew on the way: who goes on as another brings what is agreed by then to the case at once.
"""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from schemas.entry import Entry
from schemas.event import parse_event
from schemas.service import FactKind, Succeeded, VerdictGiven
from schemas.succession import of_today
from services.gate.rules.case import Case
from services.gate.rules.case_records import RECORDS
from services.ledger.chain import verify
from services.oversight.rules.case import Alert, Watch
from services.oversight.rules.succession import take_over
from services.runtime.jose import sign_detached
from tests.gate.succeeded import HEIRS, Heirs, key_of
from tests.invariants.life import Life
from tests.invariants.stories import STORIES
from tests.invariants.talk import Talk
from tests.invariants.watchers import Watcher
from tests.invariants.world import Step

NOT_REPLAYED = {"UNSIGNED", "WRONG_SOURCE", "ID_REUSED", "MALFORMED"}
"""Refused for the bytes or the signature alone: signed and renamed anew they would be other messages."""


def verdict_of(step: Step) -> VerdictGiven | None:
    found = [d.event for d in step.inbox if d.event.name == VerdictGiven.name]
    return VerdictGiven.model_validate(found[0].data.body) if found else None


class Again:
    """The same talk with a successor from step `at` on. `chance` decides who learns of it when."""

    def __init__(self, talk: Talk, old: str, at: int, chance: random.Random) -> None:
        self.talk, self.old, self.new, self.chance = talk, old, HEIRS[old], chance
        self.world = Heirs()
        self._sent: dict[bytes, tuple[str, bytes]] = {}
        for number, step in enumerate(talk.world.steps):
            self.after = number >= at
            if number == at:
                self.ended_at = self.world.bench.now
                self.world.succeed(old, self.new)
            self._step(step)
        self.world.checkpoint(talk.slot)

    def _step(self, step: Step) -> None:
        given = verdict_of(step)
        if step.ticked:
            until = next(fact.at for fact in step.facts if fact.kind is FactKind.TICK)
            self.world.pass_time(self.talk.slot, seconds=(until - self.world.bench.now).total_seconds())
        if step.sent is None or step.sent.event is None or given is None:
            return
        if NOT_REPLAYED & {reason.code for reason in given.reasons}:
            return
        source, value = self._renamed(step.sent.source, step.sent.value)
        again = self.world.send(source, value, self.talk.subject, sign_detached(value, key_of(source)))
        if step.sent.event.source in step.sent.event.data.to:  # refused as that, or as one to its old name
            assert verdict_of(again).verdict is given.verdict  # type: ignore[union-attr]
        else:
            self._same(given, again)

    def _same(self, before: VerdictGiven, step: Step) -> None:
        after = verdict_of(step)
        assert after is not None
        told = [self._today(each.model_dump_json()) for each in before.reasons]
        assert (after.verdict, [self._today(each.model_dump_json()) for each in after.reasons]) == (
            before.verdict,
            told,
        )
        assert after.flags == before.flags

    def _today(self, text: str) -> str:
        return text.replace(f'"{self.old}"', f'"{self.new}"')

    def _renamed(self, source: str, value: bytes) -> tuple[str, bytes]:
        """What was sent once comes again as it was."""
        if not self.after:
            self._sent.setdefault(value, (source, value))
        elif value not in self._sent:
            self._sent[value] = self._learned(source, value)
        return self._sent[value]

    def _learned(self, source: str, value: bytes) -> tuple[str, bytes]:
        knows = self.chance.random() < 0.5
        if source != self.old:
            return source, self._today(value.decode()).encode() if knows else value
        if parse_event(value).time <= self.ended_at and not knows:
            return source, value
        text = value.decode().replace(f'"source":"{self.old}"', f'"source":"{self.new}"')
        return self.new, self._today(text).encode() if knows else text.encode()

    # What must be so in the end

    def check(self) -> None:
        names = {self.old: self.new}
        case = self.world.case(self.talk.subject)
        assert _records(case, names) == _records(self.talk.world.case(self.talk.subject), names)
        assert f"'{self.old}'" not in str(_plain(case))
        watch, _ = take_over(self.talk.world.watch(self.talk.subject), Succeeded(ended=self.old, successor=self.new))
        there, wanted = _watched(self.world.watch(self.talk.subject)), _watched(watch)
        assert there.keys() == wanted.keys()
        assert [(each, wanted[key]) for key, each in there.items() if each != wanted[key]] == []
        self._one_holder()
        self._numbered()
        self._verifies()

    @property
    def entries(self) -> list[Entry]:
        return [sealed.entry for step in self.world.steps for sealed in step.entries]

    def _one_holder(self) -> None:
        holder = None
        for entry in self.entries:
            if entry.regie is not None:
                assert entry.regie.holder_before == holder, "regie taken from who does not hold it"
                holder = entry.regie.holder_after
        head = self.world.case(self.talk.subject).head
        assert head is not None and head.regie == holder

    def _numbered(self) -> None:
        """Each inbox without a hole, nothing in it twice, and nothing new addressed to who has ended."""
        places: dict[str, int] = {}
        for step in self.world.steps:
            for record in step.inbox:
                mine = [place.sequence for place in record.sealed.entry.inbox if place.inbox == record.inbox]
                places[record.inbox] = places.get(record.inbox, 0) + 1
                assert mine == [places[record.inbox]]
        seen = [(d.inbox, d.value) for step in self.world.steps for d in step.inbox]
        assert len(seen) == len(set(seen))

    def _verifies(self) -> None:
        lines = [sealed.seal for step in self.world.steps for sealed in step.entries]
        held = [record.sealed.seal for step in self.world.steps for record in step.inbox]
        report = verify(lines, [key_of("gate").public()], held)
        assert report.ok, report.faults


def _plain(case: Case) -> list[Any]:
    return [record.model_dump(mode="json") for kind in RECORDS for record in case.of(kind).values()]


def _records(case: Case, names: dict[str, str]) -> dict[str, Any]:
    found = [of_today(record, names) for kind in RECORDS for record in case.of(kind).values()]
    return {f"{record.kind}:{record.key}": record.model_dump(mode="json") for record in found}


def _watched(watch: Watch) -> dict[str, Any]:
    """But what was on its way at that moment: edges say what they stored when time passes, which it does once more."""
    records = (record for record in watch.records() if getattr(record, "code", None) != "RECEIPT")
    return {f"{record.kind}:{record.key}": _told(record) for record in records}


def _told(record: Any) -> Any:
    """But how often it was spoken of, by which message it was caused, and in which order organisations are named."""
    left_out = {"spoken", "told"} if isinstance(record, Alert) else {"cause"} & record.model_dump().keys()
    found = record.model_dump(mode="json", exclude=left_out)
    return {name: sorted(map(str, value)) if isinstance(value, list) else value for name, value in found.items()}


def played_again(talk: Talk, seed: int) -> None:
    """At two moments, each with another organisation. The talk ends with a tick, as the other does."""
    talk.later()
    chance = random.Random(seed)  # no secret
    length = len(talk.world.steps)
    for old, part in zip(chance.sample(sorted(HEIRS), 2), (0, 1), strict=True):
        Again(talk, old, (chance.randrange(length) + part * length) // 2, chance).check()


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_told_story_goes_on_under_the_new_name(name: str) -> None:
    """In its first half, and in its second."""
    talk = Talk(Heirs())
    STORIES[name](talk)
    played_again(talk, sorted(STORIES).index(name))


class Replayed(Watcher):
    """Plays the whole life again."""

    def end(self) -> None:
        played_again(self.talk, len(self.talk.world.steps))


class SucceededLife(Life):
    watchers, world = (Replayed,), Heirs


TestLives = SucceededLife.TestCase
TestLives.settings = settings(
    max_examples=6,
    phases=(Phase.generate,),
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
