"""`estafette up`, `down` and `status`: everything on this machine."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

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
    start(System(settings.home, file, first_port), slots, clock)
    click.echo("everything is up; `estafette status` shows it, `estafette down` ends it")


def start(
    system: System, slots: int = 4, clock: str = "simulated", tell: Callable[[str], None] = lambda _: None
) -> None:
    """Bring the system up; `tell` hears what is being done. Raises ClickException naming what did not come up."""
    tell("Kafka, with its topics, users and rights; keys and directory of every organisation")
    system.prepare(slots, clock)
    system.remember()
    tell(f"{len(system.processes)} services, each a process of its own")
    supervisor.launch(system.home, system.file, system.first_port)
    try:
        system.wait_ready()
    except NotReady as error:
        raise click.ClickException(f"not ready: {error}\nlogs: {system.home / 'log'}") from None


def stop(system: System) -> bool:
    """End every service and Kafka; False when nothing ran."""
    ended = supervisor.stop(system.home)
    return system.kafka.stop() or ended


@click.command()
@click.pass_obj
def down(settings: Settings) -> None:
    """End every service and Kafka. Data stays; `estafette up` goes on where it was."""
    click.echo("stopped" if stop(System(settings.home)) else "nothing was running")


@click.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show every service and its state. Ends with 1 when one is not ready."""
    system = System.started(settings.home)
    health, table = system.health(), Table("service", "address", "state")
    for process in system.processes:
        answer = health[process.name]
        ready = answer.get("ready") is True
        state = "ready" if ready else f"not ready: {answer.get('reason')}"
        table.add_row(process.name, f"http://127.0.0.1:{process.port}", state, style=None if ready else "red")
    console = Console()
    console.print(table)
    for name, answer in health.items():
        for line in _warned(answer):
            console.print(f"{name}: {line}", style="bold red", soft_wrap=True)
    if any(answer.get("ready") is not True for answer in health.values()):
        raise SystemExit(1)


def _warned(answer: Mapping[str, Any]) -> Iterator[str]:
    """What a service warns of, in its own words where it has any."""
    told = answer.get("warnings") or []
    yield from (f"{each['code']} {each['organisation'] or '?'}: {each['means']}" for each in told)
    yield from (code for code in answer.get("alarms") or [] if code not in {each["code"] for each in told})
