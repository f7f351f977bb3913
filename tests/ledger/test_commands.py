"""`estafette ledger`: what needs no broker."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from services.cli.__main__ import main
from services.ledger.looks import Asked, Look, Question, chain_of_looks, look_hash
from services.organisation import tables
from services.runtime.jose import SigningKey
from services.runtime.sql import engine_of
from services.runtime.tokens import Role


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ledger", "verify", *arguments])


@pytest.fixture
def files(kit: Any, tmp_path: Path) -> tuple[Any, Path]:
    """An export, the gate's key and the seals of one team, as files."""
    gate = kit.story()
    (tmp_path / "export").write_text("\n".join(gate.export()) + "\n")
    (tmp_path / "key.jwk").write_text(json.dumps(gate.key.public().to_jwk()))
    (tmp_path / "held").write_text("\n".join(gate.held["team-b"]) + "\n")
    return gate, tmp_path


def test_a_good_export_is_told_how_far_it_is_complete(files: tuple[Any, Path]) -> None:
    """Status 0."""
    _, home = files
    result = verify(str(home / "export"), "--gate-key", str(home / "key.jwk"), "--held", str(home / "held"))
    assert result.exit_code == 0, result.output
    assert "AUTHENTIC AND UNBROKEN: 14 entries, 3 cases" in result.output
    assert "complete up to checkpoint 7 of 2026-03-02T09:00:07+00:00" in result.output
    assert "confirmed by a held seal up to entry 8" in result.output
    assert "not proved" not in result.output


def test_a_bad_export_is_told_every_fault_and_not_called_complete(files: tuple[Any, Path]) -> None:
    """Status 1; the slot without a fault keeps its praise."""
    gate, home = files
    (home / "export").write_text("\n".join(gate.export()[1:-1]))
    result = verify(str(home / "export"), "--gate-key", str(home / "key.jwk"), "--held", str(home / "held"))
    assert result.exit_code == 1
    assert "FAULT line 1, slot 0 entry 2: entry 1 of the slot missing before it [SLOT_GAP]" in result.output
    assert "FAULT held seal 1, slot 0 entry 1: is held, and missing from the export [HELD_MISSING]" in result.output
    assert "complete up to checkpoint" not in result.output


def test_without_held_seals_it_says_what_is_not_proved(files: tuple[Any, Path]) -> None:
    """An end that was cut off cannot be seen from the export alone."""
    gate, home = files
    (home / "export").write_text("\n".join(gate.export()[:8]))
    result = verify(str(home / "export"), "--gate-key", str(home / "key.jwk"))
    assert result.exit_code == 0 and "not proved: that nothing was cut off at the end" in result.output


def test_a_key_is_taken_from_a_jwk_or_a_set_and_never_needs_the_private_part(files: tuple[Any, Path]) -> None:
    """Another key does not do; what is no key is said in one line."""
    gate, home = files
    forms: dict[str, Any] = {"set": {"keys": [gate.key.public().to_jwk()]}, "private": gate.key.to_jwk()}
    for name, content in forms.items():
        (home / name).write_text(json.dumps(content))
        assert verify(str(home / "export"), "--gate-key", str(home / name)).exit_code == 0
    (home / "other").write_text(json.dumps(SigningKey.generate(gate.key.kid).public().to_jwk()))
    other = verify(str(home / "export"), "--gate-key", str(home / "other"))
    assert other.exit_code == 1 and other.output.count("NOT_AUTHENTIC") == 14
    for text in ("nonsense", "[]", "{}", '{"keys": [1]}'):
        (home / "none").write_text(text)
        none = verify(str(home / "export"), "--gate-key", str(home / "none"))
        assert (none.exit_code, len(none.output.splitlines())) == (1, 1) and "no Ed25519 key" in none.output


def test_the_seals_an_edge_holds_are_taken_from_its_database(kit: Any, tmp_path: Path) -> None:
    """In the order of its inbox, of this ledger only."""
    cluster = {"epoch": kit.EPOCH, "slots": 4, "clock": "simulated", "kafka": {"bootstrap": "127.0.0.1:1"}}
    (tmp_path / "cluster.json").write_text(json.dumps(cluster))
    (tmp_path / "db").mkdir()
    gate = kit.story()
    asyncio.run(_edge(tmp_path / "db" / "team-b.db", kit.EPOCH, gate.held["team-b"]))
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "ledger", "seals", "team-b"])
    assert result.exit_code == 0 and result.output.splitlines() == gate.held["team-b"]
    missing = CliRunner().invoke(main, ["--home", str(tmp_path), "ledger", "seals", "team-x"])
    assert missing.exit_code == 1 and "team-x.db is not there" in missing.output


async def _edge(file: Path, epoch: str, seals: list[str]) -> None:
    """The columns of an edge's inbox that the command reads."""
    assert {"epoch", "partition", "sequence", "seal"} <= set(tables.inbox.c.keys())
    table = sa.Table(
        "inbox",
        sa.MetaData(),
        sa.Column("epoch", sa.String(36)),
        sa.Column("partition", sa.Integer),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("seal", sa.Text),
    )
    engine = engine_of(f"sqlite+aiosqlite:///{file}")
    rows = [{"epoch": epoch, "partition": 0, "sequence": n, "seal": seal} for n, seal in enumerate(seals)]
    async with engine.begin() as connection:
        await connection.run_sync(table.metadata.create_all)
        await connection.execute(table.insert(), [*reversed(rows), rows[0] | {"epoch": "another", "seal": "old"}])
    await engine.dispose()


def looks(kit: Any, count: int) -> list[bytes]:
    values: list[bytes] = []
    for number in range(count):
        look = Look(
            seq=number + 1,
            previous=look_hash(values[-1]) if values else None,
            at=kit.START + timedelta(minutes=number),
            organisation="team-a",
            ref="fg-1",
            role=Role.PRIVACY_OFFICER,
            allowed=True,
            asked=Asked(question=Question.CASE, case=kit.case(number)),
        )
        values.append(look.model_dump_json(exclude_none=True).encode())
    return values


def test_a_look_that_was_removed_or_altered_shows(kit: Any) -> None:
    """The oldest may have expired; a hole or another text in the middle may not be."""
    values = looks(kit, 5)
    assert list(chain_of_looks(values)) == [] == list(chain_of_looks(values[2:]))
    assert list(chain_of_looks(values[:2] + values[3:])) == ["record 3 (look 4) does not follow from look 2"]
    altered = [*values[:2], values[2].replace(b"team-a", b"team-b"), *values[3:]]
    assert list(chain_of_looks(altered)) == ["record 4 (look 4) does not follow from look 3"]
    assert list(chain_of_looks([values[0], b"nonsense"])) == ["record 2 is not a look"]
