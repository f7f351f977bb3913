"""`estafette directory`: who takes part, and with which keys. And `estafette token`."""

from datetime import UTC, datetime
from pathlib import Path

import click
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from deploy import ceremony, registry
from deploy.agreeing import NotAgreed, read_named
from deploy.directory import Deployment, NotPublishedError, PinDiffersError, init
from deploy.fingerprints import Misheard, heard, spoken
from deploy.keys import identity_key, operator_key
from deploy.publishing import read
from deploy.registry import Folder, NotSoundError
from schemas.directory import KeyUse, Organisation
from schemas.event import problems_of
from services.cli.keys import folder_option, gate_has_it, moment_option, register, wanted_moment
from services.cli.system import organisations_option
from services.runtime.conflicts import MEANING
from services.runtime.directory import OPERATOR, Directory, load_pins
from services.runtime.keys import KeysUnusable
from services.runtime.settings import Settings
from services.runtime.tokens import Issuer


@click.group()
def directory() -> None:
    """Who takes part, and with which keys. See docs/keys.md."""


register(directory)


@directory.command("init")
@organisations_option
def init_command(file: Path) -> None:
    """Play every part at once, for the demonstration: all keys, signed entries and pins. Never overwrites a key."""
    try:
        changes = init(Settings().home, _deployment(file))
    except PinDiffersError as differs:
        raise click.ClickException(f"another identity key is pinned for: {differs}") from None
    except KeysUnusable as unusable:
        raise click.ClickException(str(unusable)) from None
    for slug, change in changes.items():
        click.echo(f"{change.lower():8} {slug}")


@directory.command("operator")
@folder_option
def operator_command(folder: Folder) -> None:
    """As the operator, once: make the key that confirms standings, and tell its fingerprint to everybody."""
    try:
        found = ceremony.operate(Settings().home, folder)
    except (ceremony.CeremonyError, KeysUnusable) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"the operator's fingerprint, to be read out to every party:\n    {spoken(found)}")


@directory.command("join")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_option
def join_command(file: Path, folder: Folder) -> None:
    """As an organisation: make its keys and sign its entry, from a FILE in which it describes itself. Again after any
    change of that file."""
    try:
        told = ceremony.Described.model_validate(read_named(yaml.safe_load(file.read_bytes()), file))
        entry, signed = ceremony.join(Settings().home, folder, told, datetime.now(UTC) - ceremony.BACK)
    except ValidationError as error:
        raise click.ClickException(f"{file}: " + "; ".join(problems_of(error))) from None
    except (yaml.YAMLError, KeysUnusable, ceremony.CeremonyError, NotAgreed) as error:
        raise click.ClickException(f"{file}: {error}") from None
    identity = registry.fingerprint(identity_key(Settings().home, entry.slug))
    click.echo(f"{'signed' if signed else 'unchanged'}: {entry.slug}, version {entry.version}, in {folder.root}")
    click.echo(f"its fingerprint, to be read out to the operator and to every party:\n    {_of(identity)}")


@directory.command("confirm")
@click.argument("slug")
@click.option("--fingerprint", prompt="fingerprint, as SLUG reads it out by telephone", help="As it was read out.")
@folder_option
def confirm_command(slug: str, fingerprint: str, folder: Folder) -> None:
    """As the operator: this entry is of the organisation on the telephone, and what it says of itself is right."""
    try:
        standing = ceremony.confirm(folder, slug, heard(fingerprint))
    except (Misheard, ceremony.CeremonyError, ValidationError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{slug} takes part as {standing.subkind or standing.kind}; now: estafette directory plan")


@directory.command("pin")
@click.argument("slug")
@click.argument("fingerprint", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="In the place of another one: its identity key was lost or leaked.")
def pin_command(slug: str, fingerprint: tuple[str, ...], replace: bool) -> None:
    """As any party: believe entries of SLUG (or `operator`) with this identity only, as it was read out."""
    try:
        pins = {slug: heard(" ".join(fingerprint))}
        ceremony.pin(ceremony.own_pins(Settings().home), pins, replace)
    except Misheard as error:
        raise click.ClickException(str(error)) from None
    except PinDiffersError:
        told = f"another identity of {slug} is pinned. Ask why by telephone; if it is right: --replace"
        raise click.ClickException(told) from None
    click.echo(f"pinned {slug}; services read their pins when they start")


@directory.command("plan")
@folder_option
@moment_option
def plan_command(folder: Folder, at: datetime | None) -> None:
    """What `apply` would change for readers, and every problem with how to mend it. Ends with 1 when there are any."""
    settings = Settings()
    held = read(settings.kafka(OPERATOR), folder.pins)
    planned = registry.plan(folder, held, wanted_moment(settings, at))
    click.echo("\n".join(planned.lines()))
    if planned.problems:
        raise SystemExit(1)


@directory.command("apply")
@folder_option
@moment_option
def apply_command(folder: Folder, at: datetime | None) -> None:
    """As the operator: sign standings and publish what changed. Publishes nothing while there is a problem."""
    settings = Settings()
    try:
        operator = operator_key(settings.home)
        planned, found = registry.apply(settings.kafka(OPERATOR), folder, operator, wanted_moment(settings, at))
    except (NotSoundError, KeysUnusable) as error:
        raise click.ClickException(f"nothing was published\n{error}") from None
    except NotPublishedError as missing:
        raise click.ClickException(f"Kafka did not confirm every entry: {missing}") from None
    click.echo("\n".join(planned.lines()))
    if planned.changes:
        click.echo(f"published; the directory is at revision {found.revision}{gate_has_it(settings, found.revision)}")


@directory.command("show")
@click.option("--as", "user", default=OPERATOR, show_default=True, help="The Kafka user to read with.")
@click.option("--keys", is_flag=True, help="Every key with its times.")
@moment_option
def show_command(user: str, keys: bool, at: datetime | None) -> None:
    """Read the topic as a party does and print what counts. Ends with 1 when a record was ignored."""
    settings = Settings()
    found = read(settings.kafka(user), load_pins(settings.home / "pins.yaml"))
    now = wanted_moment(settings, at)
    console = Console()
    console.print(_table(found, now))
    if keys:
        console.print(_keys(found, now))
    for conflict in found.conflicts:
        console.print(
            f"ignored: {conflict.slug or '?'} at offset {conflict.offset}: {conflict.reason}", style="bold red"
        )
        console.print(f"    {MEANING[conflict.reason]}")
    if found.conflicts:
        raise SystemExit(1)


@click.command("token")
@click.argument("organisation")
@click.argument("professional")
@organisations_option
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


def _of(fingerprint: str) -> str:
    return f"{spoken(fingerprint)}\n    (in a pins file: {fingerprint})"


def _table(found: Directory, now: datetime) -> Table:
    table = Table("slug", "kind", "version", "signs with", "sealed to", "coordination")
    table.title = f"directory, revision {found.revision}"
    for slug, organisation in sorted(found.organisations.items()):
        keys = (_in_use(organisation, use, now) for use in (KeyUse.SIGN, KeyUse.SEAL))
        table.add_row(slug, organisation.kind, str(organisation.version), *keys, organisation.coordination or "-")
    return table


def _in_use(organisation: Organisation, use: KeyUse, now: datetime) -> str:
    return ", ".join(key.kid for key in organisation.keys_for(use) if key.in_use(now)) or "none"


def _keys(found: Directory, now: datetime) -> Table:
    table = Table("key", "use", "now", "from", "in use until", "accepted until", "revoked from")
    for _, organisation in sorted(found.organisations.items()):
        for key in organisation.keys:
            moments = (key.not_before, key.sign_until, key.accept_until, key.revoked_at)
            told = (f"{moment:%Y-%m-%d %H:%M}" if moment else "-" for moment in moments)
            table.add_row(key.kid, key.use, registry.state_of(key, now), *told)
    return table
