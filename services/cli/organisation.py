"""`estafette organisation hand-over-store|take-over-store`: the store of an organisation that goes on as another."""

import os
import subprocess
import sys
from pathlib import Path

import click

from services.runtime.settings import Settings

_MODULE = "services.organisation.succeeding"


@click.group()
def organisation() -> None:
    """What an organisation does with its own store."""


@organisation.command("hand-over-store")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--unfinished", is_flag=True, help="Although messages still wait for their verdict; do it again later.")
def hand_over_command(slug: str, file: Path, unfinished: bool) -> None:
    """Write everything the edge of SLUG holds to FILE, sealed to its successor and signed. Harmless to repeat."""
    _run(slug, "hand-over", file, *(["--unfinished"] if unfinished else []))


@organisation.command("take-over-store")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_over_command(slug: str, file: Path) -> None:
    """Take FILE, which a predecessor wrote, into the store of SLUG while its edge runs. Harmless to repeat."""
    _run(slug, "take-over", file)


def _run(slug: str, command: str, file: Path, *more: str) -> None:
    environment = {**os.environ, "ESTAFETTE_HOME": str(Settings().home), "ESTAFETTE_ORGANISATION": slug}
    line = [sys.executable, "-m", _MODULE, command, str(file.resolve()), *more]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed")
    click.echo(done.stdout.strip().splitlines()[-1])
