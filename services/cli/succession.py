"""`estafette directory succeed`: an organisation goes on as another."""

from datetime import datetime

import click

from deploy import ceremony
from deploy.keys import operator_key
from deploy.publishing import NotPublishedError
from deploy.registry import Folder, NotSoundError, apply
from deploy.succession import AHEAD, hand_over_keys, identity_of, succeed
from services.cli.keys import folder_option, gate_has_it, moment_option, wanted_moment
from services.runtime.directory import OPERATOR
from services.runtime.keys import KeysUnusable
from services.runtime.settings import Settings


@click.command("succeed")
@click.argument("old")
@click.argument("new")
@folder_option
@moment_option
@click.option("--apply", "publishes", is_flag=True, help="And confirm and publish it: the operator is here too.")
def succeed_command(old: str, new: str, folder: Folder, at: datetime | None, publishes: bool) -> None:
    """As the organisation OLD: it has merged into NEW, of the same kind, which stands in its place from --at on
    (default: a minute from now; at once on a simulated clock). It is said once and not taken back. See
    docs/decisions/succession.md."""
    settings = Settings()
    try:
        now = wanted_moment(settings, None)
        begins = at or (now if _simulated(settings) else now + AHEAD)
        copied = hand_over_keys(settings.home, old, new) if (settings.home / "keys" / new).exists() else []
        entry = succeed(settings.home, folder, old, new, begins)
        for kid in copied:
            click.echo(f"{new} can open what was sealed to {kid}")
        click.echo(f"signed: {old} goes on as {new} from {entry.ended_at:%Y-%m-%dT%H:%M:%SZ}")
        if not publishes:
            click.echo(f"it counts once the operator has confirmed {old} and applied {folder.root}")
            return
        ceremony.confirm(folder, old, identity_of(settings.home, old))
        _, found = apply(settings.kafka(OPERATOR), folder, operator_key(settings.home), now)
    except (ceremony.CeremonyError, KeysUnusable, NotSoundError, NotPublishedError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"published; the directory is at revision {found.revision}{gate_has_it(settings, found.revision)}")


def _simulated(settings: Settings) -> bool:
    return (settings.home / "cluster.json").exists() and settings.cluster().clock == "simulated"
