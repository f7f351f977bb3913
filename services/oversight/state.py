"""Oversight's state of one slot: the watched cases as records, and an index of what time will do next.

Keys are `<kind>:<group>:<id>`; the group of a case is its UUID. The index has one record a case, `moment:<hour>:<case>`
in the group of the hour in which something falls due: a tick looks only at the hours that passed since the last one.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from schemas.base import Subject
from services.oversight.rules.calendar import Calendar, YearNotConfigured
from services.oversight.rules.case import RECORDS, Record, Say, Watch
from services.oversight.rules.follow import fire_next, new_watch, next_moment
from services.relay.types import View
from services.runtime.subjects import group_of, subject_of

_BY_KIND = {record.kind: record for record in RECORDS}
_CURSOR = "cursor:time:"
_HOUR = timedelta(hours=1)
AGAIN = timedelta(hours=1)
"""After an error in the rules, when a case is tried again."""


@lru_cache(maxsize=50_000)
def _parsed(kind: str, value: bytes) -> Record:
    return _BY_KIND[kind].model_validate_json(value)


def load(view: View, subject: Subject) -> Watch:
    """The case as it is watched; empty when nothing was ever heard of it."""
    watch = new_watch(subject)
    for key, value in view.group(group_of(subject)).items():
        kind = key.partition(":")[0]
        if kind in _BY_KIND:
            watch.keep(_parsed(kind, value))
    return watch


def known(view: View, subject: Subject) -> bool:
    """Whether anything was ever heard of the case."""
    return bool(view.group(group_of(subject)))


def save(view: View, watch: Watch) -> None:
    """Write what changed, drop what is gone, and index what time will do next."""
    _write(view, watch)
    _index(view, group_of(watch.subject), next_moment(watch))


def _write(view: View, watch: Watch) -> None:
    group = group_of(watch.subject)
    there = dict(view.group(group))
    wanted = {f"{record.kind}:{group}:{record.key}": record for record in watch.records()}
    for key in there:
        if key.partition(":")[0] in _BY_KIND and key not in wanted:
            view.delete(key)
    for key, record in wanted.items():
        if key not in there or _parsed(record.kind, there[key]) is not record:
            view.put(key, record.model_dump_json(exclude_none=True).encode())


def begin(view: View, at: datetime) -> None:
    """Time starts with the first fact."""
    if view.get(_CURSOR) is None:
        view.put(_CURSOR, _stamp(at))


def tick(view: View, at: datetime, calendar: Calendar, broken: Callable[[str, Exception], None]) -> Iterator[Say]:
    """Everything due by `at`, over all cases, in the order in which it was due. To be read to its end.

    An error in the rules stops its case only, which is tried again an hour later; `broken` is told. Raises
    YearNotConfigured.
    """
    begin(view, at)
    due = list(_due(view, at))
    heapq.heapify(due)
    watches: dict[str, Watch] = {}
    wake: dict[str, datetime | None] = {}
    while due:
        _, group = heapq.heappop(due)
        try:
            watch, said = fire_next(watches.get(group) or load(view, subject_of(group)), calendar)
            moment = next_moment(watch)
        except YearNotConfigured:
            raise
        except Exception as error:  # a bug about one case must not silence the others
            broken(group, error)
            wake[group] = at + AGAIN
            continue
        watches[group], wake[group] = watch, moment
        yield from said
        if moment is not None and moment <= at:
            heapq.heappush(due, (moment, group))
    for watch in watches.values():
        _write(view, watch)
    view.put(_CURSOR, max(_stamp(at), view.get(_CURSOR) or b""))
    for group, moment in wake.items():
        _index(view, group, moment)


def _due(view: View, at: datetime) -> Iterator[tuple[datetime, str]]:
    last = _hour(_cursor(view) or at)
    until = _stamp(at)
    while last <= at:
        for key, value in view.group(_bucket(last)).items():
            if value <= until:
                yield _moment(value), key.rpartition(":")[2]
        last += _HOUR


def _index(view: View, group: str, moment: datetime | None) -> None:
    """Move the case to the hour of its next moment; what is past already goes to the hour that is looked at next."""
    pointer = f"next:{group}:"
    old = view.get(pointer)
    cursor = _cursor(view)
    new = None if moment is None else _key(max(moment, cursor or moment), group)
    if old is not None and old != (new or "").encode():
        view.delete(old.decode())
    if new is None or moment is None:
        view.delete(pointer)
    else:
        view.put(new, _stamp(moment))
        view.put(pointer, new.encode())


def _cursor(view: View) -> datetime | None:
    """The last tick."""
    value = view.get(_CURSOR)
    return None if value is None else _moment(value)


def _key(at: datetime, group: str) -> str:
    return f"moment:{_bucket(at)}:{group}"


def _bucket(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H")


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _stamp(at: datetime) -> bytes:
    """Fixed width, so that later is greater."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").encode()


def _moment(stamp: bytes) -> datetime:
    return datetime.fromisoformat(stamp.decode())
