"""Lets every case and thread of a slot go over to the successor of an organisation that has ended, and tells everybody.

A case goes over before anything else is said in it, and without a word within some ticks: a hundred cases a tick. How
far the walk came stands in the state of the slot, so a process that dies goes on where its last transaction ended.
From when an organisation counts as ended is each slot's own decision time; a slot does not unlearn it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog

from schemas.base import Frozen, Instant, Slug, Subject, dump
from schemas.days import dutch_day
from schemas.entry import EntryHandover
from schemas.handovers import FINAL
from schemas.parties import Party
from schemas.service import GATE, Fact, FactKind, RegieMoved, Succeeded
from schemas.succession import Names
from services.gate import facts, telling
from services.gate.rules.asked_records import ThreadRecord
from services.gate.rules.case import Case, Effects
from services.gate.rules.case_records import HandoverRecord, SightRecord
from services.gate.rules.succession import Ended, goes_over
from services.gate.scribe import Scribe, derived_id
from services.gate.state import load_case, save_effects
from services.relay.types import Emit, View
from services.runtime.directory import Directory
from services.runtime.subjects import group_of, subject_of

AT_ONCE = 100
"""Cases that go over in one tick: a family has some five parties, so this is about a thousand signatures."""
_GROUP = "successions"
Parties = Mapping[Slug, Party]

log = structlog.get_logger(__name__)


class Succession(Frozen):
    """State record: who stands in for an organisation, since when in this slot, and up to which case they went over."""

    successor: Slug
    since: Instant
    after: str = ""
    done: bool = False


@lru_cache(maxsize=1024)
def _parsed(value: bytes) -> Succession:
    return Succession.model_validate_json(value)


def _held(view: View) -> dict[Slug, Succession]:
    return {key.rpartition(":")[2]: _parsed(value) for key, value in view.group(_GROUP).items()}


def _keep(view: View, ended: Slug, succession: Succession) -> None:
    view.put(f"succession:{_GROUP}:{ended}", succession.model_dump_json().encode())


def names(view: View, directory: Directory, now: datetime) -> Names:
    """Who stands in for whom in this slot, to the end of the line. Learns what the directory says by `now`."""
    held, said = _held(view), directory.successions(now)
    for ended, successor in said.items():
        if ended not in held and _last(successor, held) != ended:
            held[ended] = Succession(successor=successor, since=now)
            _keep(view, ended, held[ended])
            log.info("succession begins", ended=ended, successor=successor)
    return {ended: _last(ended, held) for ended in held}


def _last(slug: Slug, held: Mapping[Slug, Succession]) -> Slug:
    while slug in held:
        slug = held[slug].successor
    return slug


def keep_up(scribe: Scribe, parties: Parties, standing: Names, subject: Subject) -> None:
    """Let one case or thread go over, if it has to."""
    for ended, held in _held(scribe.view).items():
        if not held.done and _mentions(scribe.view, group_of(subject), ended):
            _go_over(scribe, parties, subject, Ended(ended, standing[ended]))


def walk(scribe: Scribe, parties: Parties, standing: Names) -> None:
    """Let the next cases go over, until none is left. An error about one case is logged and leaves it as it is until
    something is said in it."""
    for ended, held in _held(scribe.view).items():
        if not held.done:
            after = _some(scribe, parties, Ended(ended, standing[ended]), held.after)
            _keep(scribe.view, ended, held.model_copy(update={"after": after or "", "done": after is None}))


def _some(scribe: Scribe, parties: Parties, ended: Ended, after: str) -> str | None:
    """The next cases in the order of their ids; the last of them, or None when there are no more."""
    count = 0
    for group in sorted(group for group in scribe.view.group_names() if group > after):
        if _mentions(scribe.view, group, ended.old):
            try:
                _go_over(scribe, parties, subject_of(group), ended)
            except Exception as error:  # a bug about one case must not stop the time of the others
                log.error("CASE_NOT_SUCCEEDED", case=subject_of(group), error=type(error).__name__)
            count += 1
            if count == AT_ONCE:
                return group
    return None


def _mentions(view: View, group: str, slug: Slug) -> bool:
    """Whether the group is a case or thread in which the organisation is named at all."""
    if view.get(f"case:{group}:") is None and view.get(f"{ThreadRecord.kind}:{group}:") is None:
        return False
    quoted = f'"{slug}"'.encode()
    return any(quoted in value for value in view.group(group).values())


def _go_over(scribe: Scribe, parties: Parties, subject: Subject, ended: Ended) -> None:
    before = load_case(scribe.view, subject)
    effects = goes_over(before, ended)
    if not effects.put:
        return
    after = before.after(effects)
    notices = tuple(_notices(before, after, effects, parties, ended))
    fact = _fact(after, effects, scribe.now, parties, ended)
    save_effects(scribe.view, subject, effects)
    for to, body, told in notices:
        scribe.notify(to, subject, body, ended.old, ended.new, **told)
    scribe.emits.append(Emit(facts.TOPIC, subject.encode(), fact.model_dump_json(exclude_none=True).encode()))


Notice = tuple[Slug, Succeeded | RegieMoved, dict[str, Any]]


def _notices(before: Case, after: Case, effects: Effects, parties: Parties, ended: Ended) -> Iterator[Notice]:
    """The successor first: its entry holds the move. Of a closed case it alone is told, so that it can reopen it."""
    head = after.head
    if head is None:
        thread = after.thread
        for party in dict.fromkeys((ended.new, *thread.parties)) if thread is not None and thread.open else ():
            yield party, Succeeded(ended=ended.old, successor=ended.new), {}
        return
    told = {"holder": head.regie, "also": tuple(_running(effects))}
    moved = telling.regie(before, after)
    yield ended.new, _to_successor(after, ended), {**told, "regie": moved}
    if not head.open:
        return
    body: Succeeded | RegieMoved = Succeeded(ended=ended.old, successor=ended.new)
    if moved is not None:
        body = RegieMoved(regie_from=ended.old, regie_to=ended.new, how="SUCCESSION")
    for party in dict.fromkeys((*head.parties, ended.old)):
        if party != ended.new and party in parties:
            yield party, body, told


def _to_successor(after: Case, ended: Ended) -> Succeeded:
    head = after.head
    leads = head is not None and head.regie == ended.new
    plans = (record.plan for record in after.of(SightRecord).values() if record.owner == ended.new)
    return Succeeded(
        ended=ended.old,
        successor=ended.new,
        phase=head.phase if head else None,
        taken_over=tuple(plans),
        persons=after.persons if leads else (),
    )


def _running(effects: Effects) -> Iterator[EntryHandover]:
    """The handovers of which a side has another name now and which run, or ended by it."""
    ended = {fact.id for fact in effects.also}
    for record in effects.put:
        if isinstance(record, HandoverRecord) and (record.state not in FINAL or record.handover in ended):
            yield EntryHandover(
                id=record.handover,
                kind=record.type,
                state=record.state,
                sender=record.sender,
                receiver=record.receiver,
            )


def _fact(after: Case, effects: Effects, now: datetime, parties: Parties, ended: Ended) -> Fact:
    today = dutch_day(now)
    return Fact(
        kind=FactKind.SUCCEEDED,
        at=now,
        id=derived_id("succeeded", after.subject, ended.old, ended.new),
        subject=after.subject,
        type=Succeeded.name,
        actor=GATE,
        body=dump(Succeeded(ended=ended.old, successor=ended.new)),
        case=facts.case_fact(after, parties, today) or facts.thread_fact(after, parties, today),
        also=effects.also,
        birthdays=facts.birthdays(after, today),
    )
