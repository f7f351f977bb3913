"""What was received is a whole list: both kinds of handover, however much there is, and what became of it."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.organisation import store, views
from services.organisation import tables as t
from services.runtime.sql import engine_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
VT = "veilig-thuis-noord"


def came(number: int, handover: str | None = None, source: str = VT) -> dict[str, Any]:
    subject = f"case:{uuid.UUID(int=number, version=4)}"
    row = {"epoch": "e", "partition": 0, "sequence": number, "id": str(uuid.UUID(int=number)), "subject": subject}
    row |= {"name": "handovers.proposed" if handover else "dossiers.shared", "source": source, "letter": True}
    row |= {"at": AT + timedelta(minutes=number), "received_at": AT, "entry_hash": "0" * 64, "state": "accepted"}
    return row | {"receipt": True, "handover": handover, "value": b"", "jws": "", "seal": ""}


async def test_the_inspection_gets_everything_in_one_answer(tmp_path: Path) -> None:
    """No team could list what Veilig Thuis had handed over (TSD 2017, D#47)."""
    engine = engine_of(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    await store.prepare(engine)
    kinds = ("REGIE", "INTO_RUNNING_HELP")
    rows = [came(n, f"h-{n}" if n <= 2 else None) for n in range(1, 1501)]
    handovers = [
        {"id": f"h-{n}", "subject": rows[n - 1]["subject"], "kind": kinds[n - 1], "state": "COMPLETED", "sender": VT}
        | {"receiver": "team", "since": AT + timedelta(days=9), "slot_seq": n, "last": "handovers.first_contact_held"}
        for n in (1, 2)
    ]
    closed = {"subject": rows[0]["subject"], "regie": None, "open": False, "since": AT, "changed_at": AT, "slot_seq": 1}
    async with engine.begin() as connection:
        await connection.execute(sa.insert(t.inbox), [*rows, came(1501, source="raad-noord")])
        await connection.execute(sa.insert(t.handovers), handovers)
        await connection.execute(sa.insert(t.cases), closed)
    async with engine.connect() as connection:
        found = await views.received(connection, frozenset({VT}), AT, AT + timedelta(days=30))
        early = await views.received(connection, frozenset({VT}), None, AT + timedelta(minutes=2))
    assert len(found) == 1500 and [row["id"] for row in early] == [rows[0]["id"]]
    assert [(row["kind"], row["state"], row["outcome"]) for row in found[:3]] == [
        ("REGIE", "COMPLETED", "handovers.first_contact_held"),
        ("INTO_RUNNING_HELP", "COMPLETED", "handovers.first_contact_held"),
        (None, "RECEIVED", None),
    ]
    assert found[0]["outcome_at"] == AT + timedelta(days=9)
    assert [(row["leads"], row["case_open"]) for row in found[:2]] == [(None, False), (None, None)]
    await engine.dispose()
