"""Everything that the system left behind, as an independent reader finds it: Kafka's partitions and the SQL stores."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from schemas.entry import Entry, entry_hash
from services.runtime.jose import PublicKey, Resolve, verify_compact
from services.runtime.kafka import KafkaSettings
from tests.chaos.reading import Read, all_records

OVERSIGHT = "oversight"
_TOPICS = ("ledger", "case.facts", "gate.state", "oversight.state", "oversight.outbox")


class Line(NamedTuple):
    """One entry of the ledger."""

    seal: bytes
    hash: str
    entry: Entry


class Slot(NamedTuple):
    """One partition of everything. Outboxes (oversight's too) and inboxes by slug; states by key."""

    number: int
    outboxes: Mapping[str, Sequence[Read]]
    inboxes: Mapping[str, Sequence[Read]]
    ledger: Sequence[Line]
    facts: Sequence[Read]
    gate: Mapping[str, bytes]
    oversight: Mapping[str, bytes]


class Edge(NamedTuple):
    """What an organisation's own database holds: rows of `sent` by id, and of `inbox`."""

    sent: Mapping[str, Mapping[str, Any]]
    inbox: Sequence[Mapping[str, Any]]
    rejected: int


class Trail(NamedTuple):
    slots: Sequence[Slot]
    edges: Mapping[str, Edge]
    read_model: Sequence[str]
    """The signed lines in the ledger service's database."""


def read_trail(
    home: Path, kafka: KafkaSettings, slugs: Collection[str], slots: int, keys: Mapping[str, PublicKey]
) -> Trail:
    """Wait until it is quiet before this. Raises BadSignature for a ledger entry signed by none of the keys (by id)."""
    topics = [*_TOPICS, *(f"{slug}.{box}" for slug in slugs for box in ("outbox", "inbox"))]
    found = all_records(kafka, topics, slots)
    return Trail(
        [_slot(found, slugs, number, keys.get) for number in range(slots)],
        {slug: _edge(home / "db" / f"{slug}.db") for slug in slugs},
        [row["jws"] for row in _rows(home / "db" / "ledger.db", "SELECT jws FROM entries")],
    )


def _slot(found: Mapping[tuple[str, int], list[Read]], slugs: Collection[str], number: int, keys: Resolve) -> Slot:
    return Slot(
        number,
        {slug: found[f"{slug}.outbox", number] for slug in (*slugs, OVERSIGHT)},
        {slug: found[f"{slug}.inbox", number] for slug in slugs},
        [_line(read.value, keys) for read in found["ledger", number]],
        found["case.facts", number],
        _live(found["gate.state", number]),
        _live(found["oversight.state", number]),
    )


def _line(seal: bytes, keys: Resolve) -> Line:
    return Line(seal, entry_hash(seal), Entry.model_validate_json(verify_compact(seal, keys)[0]))


def _live(records: Sequence[Read]) -> dict[str, bytes]:
    """The last value of each key; an empty one deletes."""
    last = {read.key.decode(): read.value for read in records}
    return {key: value for key, value in last.items() if value}


def _edge(database: Path) -> Edge:
    sent = "SELECT id, status, entry_hash, automatic, dry_run FROM sent"
    inbox = 'SELECT "partition", sequence, value, seal FROM inbox'
    return Edge(
        {row["id"]: row for row in _rows(database, sent)},
        _rows(database, inbox),
        _rows(database, "SELECT count(*) AS n FROM rejected")[0]["n"],
    )


def _rows(database: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
