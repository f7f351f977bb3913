"""The state of one slot, in memory, as bytes; and the view that a batch changes before anything is written."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

RESERVED = frozenset({"position", "time", "cluster", "suspect"})
"""Kinds that the relay keeps itself; a decider neither reads nor writes them."""

Change = bytes | None
"""A new value, or None for deleted."""


class BadKey(ValueError):
    """Not `<kind>:<group>:<id>`, or a kind of the relay's own. The text holds the kind only."""


def _kind_and_group(key: str) -> tuple[str, str]:
    """The first two parts of a state key; the id may itself hold colons."""
    kind, _, rest = key.partition(":")
    group, colon, _ = rest.partition(":")
    if not (kind and colon):
        raise BadKey(f"kind {kind!r}: a state key is <kind>:<group>:<id>")
    return kind, group


class State:
    """All live records of a slot as committed, indexed by group."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, bytes]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def get(self, key: str) -> bytes | None:
        return self.group(_kind_and_group(key)[1]).get(key)

    def group(self, group: str) -> Mapping[str, bytes]:
        return MappingProxyType(self._groups.get(group, {}))

    def group_names(self) -> frozenset[str]:
        return frozenset(self._groups)

    def by_group(self) -> list[Mapping[str, bytes]]:
        """The records of every group, as they live on: to be looked at without waiting in between."""
        return list(self._groups.values())

    def set(self, key: str, value: Change) -> None:
        """Take over a record that stands in the state topic."""
        _, name = _kind_and_group(key)
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = {}
        before = len(group)
        if value is None:
            group.pop(key, None)
        else:
            group[key] = value
        self._size += len(group) - before
        if not group:
            del self._groups[name]


class _Changes:
    """Changes on top of something, by group."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Change]] = {}

    def set(self, group: str, key: str, value: Change) -> None:
        self.groups.setdefault(group, {})[key] = value

    def items(self) -> Iterator[tuple[str, Change]]:
        for group in self.groups.values():
            yield from group.items()


class BatchView:
    """The View of a batch: committed state, then the batch's kept changes, then those of the record being decided.

    After a record either `keep` or `drop` is called, so that an exception undoes one record and not its neighbours.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._batch = _Changes()
        self._record = _Changes()

    def get(self, key: str) -> bytes | None:
        return self._get(_own_group(key), key)

    def put(self, key: str, value: bytes) -> None:
        if not isinstance(value, bytes):
            raise TypeError("state values are bytes")
        self._change(_own_group(key), key, value)

    def delete(self, key: str) -> None:
        self._change(_own_group(key), key, None)

    def group(self, group: str) -> Mapping[str, bytes]:
        live = self._state.group(group)
        changes = [layer.groups[group] for layer in (self._batch, self._record) if group in layer.groups]
        if not changes and group:
            return live
        merged: dict[str, Change] = {key: value for key, value in live.items() if group or not _reserved(key)}
        for change in changes:
            merged.update(change)
        return {key: value for key, value in merged.items() if value is not None}

    def group_names(self) -> frozenset[str]:
        return self._state.group_names() | self._batch.groups.keys() | self._record.groups.keys()

    def pending(self) -> Iterator[tuple[str, Change]]:
        """The changes of the record being decided."""
        return self._record.items()

    def keep(self) -> None:
        for group, changes in self._record.groups.items():
            self._batch.groups.setdefault(group, {}).update(changes)
        self._record = _Changes()

    def drop(self) -> None:
        self._record = _Changes()

    def changes(self) -> dict[str, Change]:
        """The kept changes: what is to be written with the batch."""
        return dict(self._batch.items())

    def _get(self, group: str, key: str) -> bytes | None:
        for layer in (self._record, self._batch):
            changes = layer.groups.get(group)
            if changes is not None and key in changes:
                return changes[key]
        return self._state.group(group).get(key)

    def _change(self, group: str, key: str, value: Change) -> None:
        """A record is rewritten only when it changes."""
        if self._get(group, key) != value:
            self._record.set(group, key, value)


def _reserved(key: str) -> bool:
    return key.partition(":")[0] in RESERVED


def _own_group(key: str) -> str:
    kind, group = _kind_and_group(key)
    if kind in RESERVED:
        raise BadKey(f"kind {kind!r} is the relay's own")
    return group
