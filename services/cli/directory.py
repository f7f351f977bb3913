"""`estafette directory init|publish|show` and `estafette token`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from deploy.directory import DEMO, Deployment, NotPublishedError, PinDiffersError, init, publish, records
from schemas.directory import KeyUse, Organisation
from services.runtime.directory import OPERATOR, Directory, DirectoryReader, load_pins
from services.runtime.settings import Settings
from services.runtime.tokens import Issuer

_FROM = click.option(
    "--organisations",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DEMO,
    envvar="ESTAFETTE_ORGANISATIONS",
    help="Which organisations there are (default: those of the demonstration).",
)


@click.group()
def directory() -> None:
    """Who takes part, and with which keys."""


@directory.command("init")
@_FROM
def init_command(file: Path) -> None:
    """Make fresh keys, signed entries, pins and the token issuer under ESTAFETTE_HOME. Never overwrites a key."""
    try:
        changes = init(Settings().home, _deployment(file))
    except PinDiffersError as differs:
        raise click.ClickException(f"another identity key is pinned for: {differs}") from None
    for slug, change in changes.items():
        click.echo(f"{change.lower():8} {slug}")


@directory.command("publish")
def publish_command() -> None:
    """Write the signed entries to the topic `directory`, as the operator."""
    settings = Settings()
    values = records(settings.home)
    if not values:
        raise click.ClickException("there are no entries yet: estafette directory init")
    try:
        click.echo(f"published {publish(settings.kafka(OPERATOR), values)} entries")
    except NotPublishedError as missing:
        raise click.ClickException(f"Kafka did not confirm every entry: {missing}") from None


@directory.command("show")
@click.option("--as", "user", default=OPERATOR, show_default=True, help="The Kafka user to read with.")
def show_command(user: str) -> None:
    """Read the topic as a party does and print what counts. Ends with 1 when a record was ignored."""
    found = asyncio.run(_read(Settings(), user))
    console = Console()
    console.print(_table(found))
    for conflict in found.conflicts:
        console.print(
            f"ignored: {conflict.slug or '?'} at offset {conflict.offset}: {conflict.reason}", style="bold red"
        )
    if found.conflicts:
        raise SystemExit(1)


@click.command("token")
@click.argument("organisation")
@click.argument("professional")
@_FROM
def token(organisation: str, professional: str, file: Path) -> None:
    """Print a development token of PROFESSIONAL (its ref) for the pages and API of ORGANISATION."""
    try:
        caller = _deployment(file).organisation(organisation).caller(professional)
        click.echo(Issuer.from_home(Settings().home).issue(caller))
    except KeyError as unknown:
        raise click.ClickException(f"unknown: {unknown.args[0]}") from None
    except FileNotFoundError:
        raise click.ClickException("there is no token issuer yet: estafette directory init") from None


def _deployment(file: Path) -> Deployment:
    try:
        return Deployment.load(file)
    except ValidationError as error:
        raise click.ClickException(f"{file} does not describe a deployment:\n{error}") from None


async def _read(settings: Settings, user: str) -> Directory:
    reader = DirectoryReader(settings.kafka(user), load_pins(settings.home / "pins.yaml"))
    await reader.start()
    await reader.stop()
    return reader.directory


def _table(found: Directory) -> Table:
    table = Table("slug", "kind", "version", "signs with", "sealed to", "coordination")
    table.title = f"directory, revision {found.revision}"
    now = datetime.now(UTC)
    for slug, organisation in sorted(found.organisations.items()):
        keys = (_in_use(organisation, use, now) for use in (KeyUse.SIGN, KeyUse.SEAL))
        table.add_row(slug, organisation.kind, str(organisation.version), *keys, organisation.coordination or "-")
    return table


def _in_use(organisation: Organisation, use: KeyUse, now: datetime) -> str:
    return ", ".join(key.kid for key in organisation.keys_for(use) if key.in_use(now)) or "none"
