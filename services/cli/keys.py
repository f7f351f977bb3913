"""`estafette directory rotate|revoke|encrypt`: the keys of an organisation, and from when they count."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from deploy import ceremony
from deploy.keys import encrypt_files, operator_key
from deploy.publishing import NotPublishedError
from deploy.registry import Folder, NotSoundError, apply
from deploy.renewal import moment
from deploy.system import System
from schemas.directory import DirectoryKey, KeyUse
from services.runtime.directory import OPERATOR
from services.runtime.keys import KeySettings, KeysUnusable
from services.runtime.settings import Settings

HEARD_WITHIN = 10.0
"""Seconds that a command waits for the gate to have read what was published."""


def _folder(_: click.Context, __: click.Parameter, value: Path | None) -> Folder:
    return Folder(value if value is not None else Settings().home / "directory")


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("a moment is written as 2026-03-02T09:00:00Z") from None
    if at.tzinfo is None:
        raise click.BadParameter("say the time zone, e.g. 2026-03-02T09:00:00Z")
    return at.astimezone(UTC)


folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ESTAFETTE_DIRECTORY",
    callback=_folder,
    help="The directory's files, kept in git (default: directory/ under ESTAFETTE_HOME).",
)
moment_option = click.option(
    "--at", callback=_moment, help="The moment to judge by (default: now, or the slots' time on a simulated clock)."
)
publish_option = click.option("--apply", "publishes", is_flag=True, help="And publish it: the operator is here too.")


def register(group: click.Group) -> None:
    """Add the commands of this module."""
    for command in (rotate_command, revoke_command, encrypt_command):
        group.add_command(command)


def wanted_moment(settings: Settings, at: datetime | None) -> datetime:
    """What `--at` says, or what time it is."""
    if at is not None:
        return at
    try:
        return moment(System.started(settings.home))
    except FileNotFoundError:  # no cluster here: an organisation at work on its own files
        return datetime.now(UTC)
    except ceremony.CeremonyError:
        return datetime.now(UTC)


@click.command("rotate")
@click.argument("slug")
@click.option("--sign", "uses", flag_value="sign", help="Only the key to sign with.")
@click.option("--seal", "uses", flag_value="seal", help="Only the key that others seal to.")
@click.option("--overlap-hours", default=ceremony.OVERLAP // timedelta(hours=1), show_default=True, type=int)
@click.option("--accept-days", default=ceremony.ACCEPTED.days, show_default=True, type=int)
@folder_option
@moment_option
@publish_option
def rotate_command(
    slug: str,
    uses: str | None,
    overlap_hours: int,
    accept_days: int,
    folder: Folder,
    at: datetime | None,
    publishes: bool,
) -> None:
    """As an organisation: new keys to sign and to be sealed to. The old ones stay in use for --overlap-hours, until
    every edge has read of the new, and what they signed is accepted for --accept-days after that."""
    wanted = (KeyUse(uses),) if uses else (KeyUse.SIGN, KeyUse.SEAL)
    ends = timedelta(hours=overlap_hours), timedelta(days=accept_days)

    def change(now: datetime) -> tuple[DirectoryKey, ...]:
        return ceremony.rotate(Settings().home, folder, slug, wanted, now, *ends)

    _changed(change, folder, at, publishes)


@click.command("revoke")
@click.argument("kid")
@folder_option
@moment_option
@publish_option
def revoke_command(kid: str, folder: Folder, at: datetime | None, publishes: bool) -> None:
    """As an organisation: nothing made with this key counts from now on. Makes a new one where it was the last."""
    _changed(lambda now: ceremony.revoke(Settings().home, folder, kid, now), folder, at, publishes)


@click.command("encrypt")
def encrypt_command() -> None:
    """Encrypt the key files under ESTAFETTE_HOME with the passphrase that ESTAFETTE_KEY_PASSPHRASE_FILE names."""
    try:
        passphrase = KeySettings().passphrase()
        if passphrase is None:
            raise KeysUnusable("set ESTAFETTE_KEY_PASSPHRASE_FILE to a file with the passphrase")
        click.echo(f"{len(encrypt_files(Settings().home, passphrase))} key files were encrypted")
    except KeysUnusable as error:
        raise click.ClickException(str(error)) from None


def _changed(
    change: Callable[[datetime], tuple[DirectoryKey, ...]], folder: Folder, at: datetime | None, publishes: bool
) -> None:
    settings = Settings()
    try:
        now = at or _now(settings)
        for key in change(now):
            click.echo(f"new key {key.kid} ({key.use}), counts from {key.not_before:%Y-%m-%d %H:%M}")
        if not publishes:
            click.echo(f"signed in {folder.root}; it counts once the operator has applied it")
            return
        _, found = apply(settings.kafka(OPERATOR), folder, operator_key(settings.home), now)
    except (ceremony.CeremonyError, KeysUnusable, NotSoundError, NotPublishedError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"published; the directory is at revision {found.revision}{gate_has_it(settings, found.revision)}")


def _now(settings: Settings) -> datetime:
    """As `wanted_moment`, but windows are never set by a guess."""
    try:
        return moment(System.started(settings.home))
    except FileNotFoundError:
        return datetime.now(UTC)


def gate_has_it(settings: Settings, revision: int) -> str:
    """Wait a little until the gate has read as far; what to tell about it, nothing where no gate can be asked."""
    system, end = System.started(settings.home), time.monotonic() + HEARD_WITHIN
    while True:
        answer: Any = system.health(["gate"])["gate"]
        if "slots" not in answer:
            return ""
        if (answer.get("directory") or 0) >= revision:
            return ", and the gate has it"
        if time.monotonic() > end:
            return "; THE GATE HAS NOT READ IT YET"
        time.sleep(0.2)
