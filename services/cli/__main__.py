"""The `estafette` command. Each module beside this one brings its own sub-commands."""

import os
from pathlib import Path

import click

from services.cli import ask_practice as ask_practice  # adds its questions
from services.cli.agreements import agreements_command
from services.cli.ask import ask
from services.cli.audit import audit
from services.cli.backup import backup, restore
from services.cli.demo import demo
from services.cli.directory import directory, token
from services.cli.documents.command import documents
from services.cli.kafka import kafka
from services.cli.ledger import ledger
from services.cli.messages import messages
from services.cli.organisation import organisation
from services.cli.oversight import oversight
from services.cli.play_command import play
from services.cli.schemas import schemas
from services.cli.succession import succeed_command
from services.cli.system import down, status, up
from services.cli.topics import topics
from services.runtime.settings import Settings


@click.group()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ESTAFETTE_HOME",
    default=Path(".estafette"),
    show_default=True,
    help="Folder with the cluster's address, passwords and keys.",
)
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Estafette: nobody lets go of the baton until the next one holds it."""
    os.environ["ESTAFETTE_HOME"] = str(home.resolve())  # for the processes that a command starts
    context.obj = Settings(home=home.resolve())


for command in (up, down, status):
    main.add_command(command)
main.add_command(ask)
main.add_command(audit)
main.add_command(backup)
main.add_command(restore)
main.add_command(demo)
main.add_command(directory)
directory.add_command(succeed_command)
directory.add_command(agreements_command)
main.add_command(documents)
main.add_command(kafka)
main.add_command(ledger)
main.add_command(messages)
main.add_command(oversight)
main.add_command(organisation)
main.add_command(play)
main.add_command(schemas)
main.add_command(token)
main.add_command(topics)

if __name__ == "__main__":
    main()
