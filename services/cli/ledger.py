"""`estafette ledger`: take the ledger out, and check such an export without the help of whoever keeps it."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

import click
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schemas.directory import DirectoryKey, DirectoryRecord, KeyUse, Organisation
from services.ledger.chain import Report, Scope, verify
from services.ledger.looks import Look, chain_of_looks
from services.runtime.jose import PublicKey
from services.runtime.kafka import KafkaSettings, started
from services.runtime.settings import Settings
from services.runtime.sql import engine_of

_READER = click.option("--as", "user", default="ledger", show_default=True, help="The Kafka user to read with.")


@click.group()
def ledger() -> None:
    """The ledger: export it, verify an export, see who looked."""


@ledger.command("export")
@_READER
@click.option("--case", help="Only the entries of this case.")
def export_command(user: str, case: str | None) -> None:
    """Write the whole ledger to standard output, one signed entry a line, straight from Kafka."""
    wanted: Callable[[bytes], bool] = (lambda line: _case_of(line) == case) if case else lambda line: True

    async def run() -> None:
        async for value in read_topic(_kafka(user), "ledger"):
            if wanted(value):
                sys.stdout.write(value.decode("ascii", "replace").replace("\n", "?") + "\n")

    asyncio.run(run())


@ledger.command("looks")
@_READER
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def looks_command(user: str, as_json: bool) -> None:
    """Who looked at the ledger, and whether that record is whole. Ends with 1 when it is not."""

    async def run() -> list[bytes]:
        return [value async for value in read_topic(_kafka(user), "ledger.reads")]

    values = asyncio.run(run())
    faults = list(chain_of_looks(values))
    if as_json:
        for value in values:
            click.echo(value.decode())
    else:
        _console().print(_looks(values))
    for fault in faults:
        click.echo(f"NOT WHOLE: {fault}", err=True)
    if faults:
        raise SystemExit(1)


@ledger.command("seals")
@click.argument("organisation")
@click.option("--database-url", help="Of the organisation's edge (default: its file under ESTAFETTE_HOME).")
def seals_command(organisation: str, database_url: str | None) -> None:
    """Write the seals that ORGANISATION holds to standard output, one a line, for `ledger verify --held`."""
    settings = Settings()
    file = settings.home / "db" / f"{organisation}.db"
    if database_url is None and not file.exists():
        raise click.ClickException(f"{file} is not there: give --database-url")

    for seal in asyncio.run(held_seals(settings, organisation, database_url)):
        click.echo(seal)


async def held_seals(settings: Settings, organisation: str, database_url: str | None = None) -> list[str]:
    """The seals an organisation's edge holds of this cluster, in the order of its inbox."""
    file = settings.home / "db" / f"{organisation}.db"
    engine = engine_of(database_url or f"sqlite+aiosqlite:///{file}")
    inbox = sa.table("inbox", sa.column("epoch"), sa.column("partition"), sa.column("sequence"), sa.column("seal"))
    query = sa.select(inbox.c.seal).where(inbox.c.epoch == str(settings.cluster().epoch))
    async with engine.connect() as connection:
        found = await connection.execute(query.order_by(inbox.c.partition, inbox.c.sequence))
        seals = [str(seal) for seal in found.scalars()]
    await engine.dispose()
    return seals


@ledger.command("verify")
@click.argument("export", type=click.File("r", encoding="ascii", errors="replace"))
@click.option(
    "--gate-key",
    "gate_keys",
    required=True,
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The gate's public key: its directory entry, which also says when each key counted; or a JWK, or a set of "
    "them. Give every key it ever signed with.",
)
@click.option(
    "--held",
    multiple=True,
    type=click.File("r", encoding="ascii", errors="replace"),
    help="Seals that an organisation holds, one a line. More than one file may be given.",
)
@click.option("--case", help="The export is of this case only.")
@click.option("--organisation", help="The export is what this organisation may see.")
def verify_command(
    export: TextIO, gate_keys: tuple[Path, ...], held: tuple[TextIO, ...], case: str | None, organisation: str | None
) -> None:
    """Check an export: authentic, unbroken, complete up to which checkpoint. Ends with 0, or with 1 and every fault."""
    keys = [key for file in gate_keys for key in public_keys(file)]
    seals = (line for file in held for line in file)
    report = verify(export, keys, seals, Scope(case, organisation), [key for f in gate_keys for key in windows(f)])
    for line in told(report):
        click.echo(line)
    raise SystemExit(report.exit_code)


def told(report: Report) -> Iterable[str]:
    """The report in words."""
    if report.ok:
        yield f"AUTHENTIC AND UNBROKEN: {report.entries} entries, {report.cases} cases, ledger {report.epoch or '-'}"
    else:
        faults = len(report.faults)
        yield f"NOT TO BE TRUSTED: {faults} faults in {report.entries} entries, ledger {report.epoch or '-'}"
    whole = _whole_slots(report)
    for slot in report.slots:
        yield f"slot {slot.slot}: {slot.entries} entries, the last is {slot.last.seq} of {slot.last.at.isoformat()}"
        if slot.checkpoint is not None:
            what = "complete up to checkpoint" if slot.slot in whole else "last checkpoint in it:"
            yield f"  {what} {slot.checkpoint.seq} of {slot.checkpoint.at.isoformat()}"
        if slot.held is not None:
            yield f"  confirmed by a held seal up to entry {slot.held}"
    if report.held or report.held_elsewhere:
        yield f"held seals: {report.held} compared, {report.held_elsewhere} of what this export need not contain"
    yield from _limits(report)
    for fault in report.faults:
        yield f"FAULT {fault}"


def _whole_slots(report: Report) -> set[int]:
    """The slots of which every entry is here: none in part of a ledger, nor where a fault may be theirs."""
    faulty = {fault.slot for fault in report.faults}
    if not report.scope.whole or None in faulty:
        return set()
    return {slot.slot for slot in report.slots} - {slot for slot in faulty if slot is not None}


def _limits(report: Report) -> Iterable[str]:
    """What such an export cannot prove, whatever it contains."""
    if report.scope.organisation is not None:
        if report.ok and report.scope.case is None:
            yield f"complete: everything that {report.scope.organisation} received up to the entries named above"
        yield f"not proved: that nothing else was decided; only what concerns {report.scope.organisation} is here"
    elif report.scope.case is not None:
        yield "not proved: that the slot is whole; only the chain of this case is here"
    if not report.held:
        yield "not proved: that nothing was cut off at the end; hold seals against it with --held"


def public_keys(file: Path) -> list[PublicKey]:
    """The keys in a file."""
    try:
        content = json.loads(file.read_bytes())
        if "entry" in content:
            return _entry_keys(content)
        return [PublicKey.from_jwk(_public(jwk)) for jwk in content.get("keys", [content])]
    except (ValueError, AttributeError, TypeError, KeyError):
        raise click.ClickException(f"{file}: no Ed25519 key with a key id") from None


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "kid")}


def windows(file: Path) -> list[DirectoryKey]:
    """When the keys in a file counted; nothing where it is no directory entry and cannot tell."""
    content = json.loads(file.read_bytes())
    return list(_signing_keys(content)) if "entry" in content else []


def _entry_keys(content: dict[str, Any]) -> list[PublicKey]:
    """Of a directory entry. Whoever verifies must have it from a source it trusts, as with any key."""
    return [PublicKey.from_jwk(key.jwk.model_dump(), key.kid) for key in _signing_keys(content)]


def _signing_keys(content: dict[str, Any]) -> Iterable[DirectoryKey]:
    organisation = Organisation.model_validate_json(DirectoryRecord.model_validate(content).entry)
    return organisation.keys_for(KeyUse.SIGN)


def _case_of(line: bytes) -> Any:
    """The case an entry says it belongs to; verifying is another command."""
    try:
        payload = line.split(b".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))).get("case")
    except (ValueError, IndexError, AttributeError):
        return None


def _kafka(user: str) -> KafkaSettings:
    try:
        return Settings().kafka(user)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{error.filename} is not there: no cluster was made here, or not for {user}"
        ) from None


async def read_topic(kafka: KafkaSettings, topic: str) -> AsyncIterator[bytes]:
    """All committed records of a topic as it stands now, partition after partition."""
    consumer = AIOKafkaConsumer(
        topic,
        **kafka.aiokafka(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await started(consumer, 30)
    try:
        for number in sorted(consumer.partitions_for_topic(topic) or ()):
            partition = TopicPartition(topic, number)
            consumer.unsubscribe()
            consumer.assign([partition])
            end = (await consumer.end_offsets([partition]))[partition]
            await consumer.seek_to_beginning(partition)
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, ()):
                    if record.offset < end and record.value is not None:
                        yield record.value
    finally:
        await consumer.stop()


def _looks(values: Iterable[bytes]) -> Table:
    table = Table("look", "when", "organisation", "who", "role", "asked", "about", "answered", title="who looked")
    for value in values:
        try:
            look = Look.model_validate_json(value, extra="ignore")
        except ValidationError:
            table.add_row("?", "not a look")
            continue
        asked = look.asked
        about = " ".join(filter(None, (asked.case, asked.person, asked.organisation)))
        told = "yes" if look.allowed else "no"
        when = f"{look.at:%Y-%m-%d %H:%M:%S}"
        row = (str(look.seq), when, look.organisation, look.ref, look.role, asked.question.lower(), about, told)
        table.add_row(*map(escape, row))
    return table


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 200)
