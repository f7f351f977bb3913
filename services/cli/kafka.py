"""`estafette kafka`: the broker on this machine."""

import click

from deploy.kafka import LocalKafka
from services.runtime.settings import Settings


@click.group()
def kafka() -> None:
    """The Kafka broker on this machine."""


@kafka.command()
@click.option(
    "--slots", default=4, show_default=True, help="Partitions of every topic; fixed when the cluster is born."
)
@click.option("--clock", type=click.Choice(["simulated", "real"]), default="simulated", show_default=True)
@click.pass_obj
def start(settings: Settings, slots: int, clock: str) -> None:
    """Start the broker; the first time, make a new cluster."""
    broker = LocalKafka(settings.home, slots=slots, clock=clock)
    new = broker.start()
    click.echo(f"Kafka {'started' if new else 'was running'} at {broker.bootstrap}, pid {broker.pid}, log {broker.log}")


@kafka.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the broker and wait until it is gone. Its data stays."""
    click.echo("Kafka stopped" if LocalKafka(settings.home).stop() else "Kafka was not running")
