"""`estafette topics`: topics, users and access rights as the catalogue says."""

from pathlib import Path

import click
import yaml

from deploy import plan as deploy_plan
from deploy.broker import ADMIN
from services.runtime.settings import Settings

organisations_option = click.option(
    "--organisations",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=Path(__file__).parents[2] / "deploy" / "demo.yaml",
    envvar="ESTAFETTE_ORGANISATIONS",
    help="YAML list of the organisations, each with a slug.",
)
user_option = click.option("--user", default=ADMIN, show_default=True, help="Kafka user with rights on the cluster.")


@click.group()
def topics() -> None:
    """Topics, users and access rights as the catalogue says."""


@topics.command()
@organisations_option
@user_option
@click.option("--prune", is_flag=True, help="Show what is left over as to be deleted.")
@click.pass_obj
def plan(settings: Settings, organisations: Path, user: str, prune: bool) -> None:
    """Show what `apply` would change."""
    _, changes = _planned(settings, organisations, user)
    _show(changes, prune)


@topics.command()
@organisations_option
@user_option
@click.option("--prune", is_flag=True, help="Delete topics, users and rights that the catalogue does not know.")
@click.pass_obj
def apply(settings: Settings, organisations: Path, user: str, prune: bool) -> None:
    """Make the cluster as the catalogue says. Deletes nothing without --prune."""
    cluster, changes = _planned(settings, organisations, user)
    _show(changes, prune)
    try:
        deploy_plan.apply(cluster, changes, prune)
    except deploy_plan.SlotsChanged as error:
        raise click.ClickException(str(error)) from None


def slugs(organisations: Path) -> tuple[str, ...]:
    """The organisations' slugs of a YAML file."""
    content = yaml.safe_load(organisations.read_text(encoding="utf-8"))
    rows = content["organisations"] if isinstance(content, dict) else content
    return tuple(row["slug"] for row in rows)


def _planned(settings: Settings, organisations: Path, user: str) -> tuple[deploy_plan.Cluster, deploy_plan.Plan]:
    try:
        cluster = deploy_plan.Cluster.connect(settings, slugs(organisations), user)
    except deploy_plan.NotAllowed as error:
        raise click.ClickException(str(error)) from None
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{error.filename} is not there: no cluster was made here, or not for {user}"
        ) from None
    return cluster, deploy_plan.plan(cluster)


def _show(changes: deploy_plan.Plan, prune: bool) -> None:
    lines = list(changes.lines(prune))
    click.echo("\n".join(lines) if lines else "nothing to change")
