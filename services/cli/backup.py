"""`estafette backup` and `estafette restore`: of an edge, and of a cluster that is one broker."""

from pathlib import Path

import click

from deploy import backup as deploy_backup
from deploy.backup import BackupFailed
from services.runtime.settings import Settings

to_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
from_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def backup() -> None:
    """Make a backup. It holds private keys and what people wrote: keep it encrypted, for ninety days at most."""


@backup.command("edge")
@click.argument("organisation")
@to_file
@click.pass_obj
def backup_edge(settings: Settings, organisation: str, file: Path) -> None:
    """Database, keys, password and certificate of one edge. It may run meanwhile."""
    try:
        manifest = deploy_backup.back_up_edge(settings, organisation, file)
    except (BackupFailed, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{organisation} as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC is in {file}")


@backup.command("cluster")
@to_file
@click.pass_obj
def backup_cluster(settings: Settings, file: Path) -> None:
    """Everything on this machine, its only broker included. Nothing may run meanwhile."""
    try:
        deploy_backup.back_up_cluster(settings.home, file)
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"everything under {settings.home} is in {file}")


@click.group()
def restore() -> None:
    """Put a backup back."""


@restore.command("edge")
@from_file
@click.pass_obj
def restore_edge(settings: Settings, file: Path) -> None:
    """Put an edge back that does not run; at its next start it reads its inbox again."""
    try:
        manifest, aside = deploy_backup.restore_edge(settings, file)
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{manifest.slug} is as it was at {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo("lost: what it sent itself since then. What was delivered since then is read again at the next start.")
    if aside is not None:
        click.echo(f"the database that was there is {aside}: delete it when all is well")


@restore.command("cluster")
@from_file
@click.pass_obj
def restore_cluster(settings: Settings, file: Path) -> None:
    """Put everything on this machine back. Under edges that are newer the ledger forks, and they refuse to follow."""
    try:
        aside = deploy_backup.restore_cluster(settings.home, file)
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{settings.home} is as it was; what was there is {aside}: delete it when all is well")
