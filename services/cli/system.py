"""`estafette up`, `down` and `status`: everything on this machine."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from deploy import supervisor
from deploy.directory import DEMO
from deploy.system import NotReady, System
from services.runtime.settings import Settings

organisations_option = click.option(
    "--organisations",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DEMO,
    envvar="ESTAFETTE_ORGANISATIONS",
    help="Which organisations there are (default: those of the demonstration).",
)
first_port_option = click.option(
    "--first-port", type=int, envvar="ESTAFETTE_FIRST_PORT", help="Put all pages on consecutive ports from here."
)


@click.command()
@organisations_option
@first_port_option
@click.option("--slots", default=4, show_default=True, help="Partitions of every topic; fixed at the first start.")
@click.option("--clock", type=click.Choice(["simulated", "real"]), default="simulated", show_default=True)
@click.pass_obj
def up(settings: Settings, file: Path, first_port: int | None, slots: int, clock: str) -> None:
    """Start Kafka and every service, and return when all are ready."""
    start(settings.home, file, first_port, slots, clock)
    click.echo("everything is up; `estafette status` shows it, `estafette down` ends it")


def start(home: Path, file: Path, first_port: int | None, slots: int, clock: str) -> System:
    """Bring the system up. Raises ClickException naming what did not come up."""
    system = System(home, file, first_port)
    system.prepare(slots, clock)
    supervisor.launch(system.home, system.file, first_port)
    try:
        system.wait_ready()
    except NotReady as error:
        raise click.ClickException(f"not ready: {error}\nlogs: {system.home / 'log'}") from None
    return system


@click.command()
@click.pass_obj
def down(settings: Settings) -> None:
    """End every service and Kafka. Data stays; `estafette up` goes on where it was."""
    ended = supervisor.stop(settings.home)
    stopped = System(settings.home).kafka.stop()
    click.echo("stopped" if ended or stopped else "nothing was running")


@click.command()
@organisations_option
@first_port_option
@click.pass_obj
def status(settings: Settings, file: Path, first_port: int | None) -> None:
    """Show every service and its state. Ends with 1 when one is not ready."""
    system = System(settings.home, file, first_port)
    health, table = system.health(), Table("service", "address", "state")
    for process in system.processes:
        answer = health[process.name]
        ready = answer.get("ready") is True
        state = "ready" if ready else f"not ready: {answer.get('reason')}"
        table.add_row(process.name, f"http://127.0.0.1:{process.port}", state, style=None if ready else "red")
    Console().print(table)
    if any(answer.get("ready") is not True for answer in health.values()):
        raise SystemExit(1)
