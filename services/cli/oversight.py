"""`estafette oversight`: repair of what oversight knows."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import click

from schemas.decrees import known_on
from schemas.tables.calendar import DECREE_DAYS
from services.runtime.decrees import NotDecreed, decrees_of, read_decrees
from services.runtime.settings import Settings


@click.group()
def oversight() -> None:
    """Oversight: what should have happened and did not."""


@oversight.command("rebuild")
def rebuild_command() -> None:
    """Make the state of oversight anew from the facts that Kafka still has (90 days).

    Stop oversight first, and start it afterwards. Alarms that stand otherwise than was told are told; nothing is told
    twice. What cannot be made anew is printed: cases that began before the facts that are left, and of which nothing
    else is known, are watched only from their next message on.
    """
    done = subprocess.run([sys.executable, "-m", "services.oversight.repair"], check=False)  # in the home of main
    raise SystemExit(done.returncode)


@oversight.command("decree-days")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
def decree_days_command(file: Path | None) -> None:
    """The days off by decree that terms are reckoned with: of this release and of decree-days.yaml under
    ESTAFETTE_HOME, or of FILE in its place, which is checked. Ends with 1 when it cannot be right, with every reason.
    """
    try:
        later = read_decrees(file) if file else decrees_of(Settings().home)
    except NotDecreed as error:
        raise click.ClickException(str(error)) from None
    for year, days in sorted(known_on(date.max, DECREE_DAYS, later).items()):
        told = ", ".join(f"{day:%a %d %B}" for day in sorted(days)) or "none"
        lines = [f"{each.document}, from {each.known_from} on" for each in later if each.year == year]
        click.echo(f"{year}: {told} ({'; '.join(lines) or 'of this release'})")
