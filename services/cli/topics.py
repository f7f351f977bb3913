"""`estafette topics`: topics, users, access rights and quotas as the catalogue says."""

import json
from pathlib import Path
from typing import Any

import click
import yaml

from deploy import audit as deploy_audit
from deploy import plan as deploy_plan
from deploy.broker import ADMIN
from deploy.directory import Login
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
    """Topics, users, access rights and quotas as the catalogue says."""


@topics.command()
@organisations_option
@user_option
@click.option("--prune", is_flag=True, help="Show what is left over as to be deleted.")
@click.pass_obj
def plan(settings: Settings, organisations: Path, user: str, prune: bool) -> None:
    """Show what `apply` would change."""
    _show(deploy_plan.plan(_cluster(settings, organisations, user)), prune)


@topics.command()
@organisations_option
@user_option
@click.option("--prune", is_flag=True, help="Delete topics, users and rights that the catalogue does not know.")
@click.pass_obj
def apply(settings: Settings, organisations: Path, user: str, prune: bool) -> None:
    """Make the cluster as the catalogue says. Deletes nothing without --prune."""
    cluster = _cluster(settings, organisations, user)
    changes = deploy_plan.plan(cluster)
    _show(changes, prune)
    try:
        deploy_plan.apply(cluster, changes, prune)
    except deploy_plan.SlotsChanged as error:
        raise click.ClickException(str(error)) from None


@topics.command()
@organisations_option
@user_option
@click.option("--json", "as_json", is_flag=True, help="For programs: every difference with kind, whose, what and mend.")
@click.pass_obj
def audit(settings: Settings, organisations: Path, user: str, as_json: bool) -> None:
    """Name every difference between the broker and what it should be. Ends with 1 when there is one."""
    found = deploy_audit.audit(_cluster(settings, organisations, user))
    if as_json:
        click.echo(json.dumps({"differences": [difference._asdict() for difference in found]}, indent=1))
    else:
        for difference in found:
            click.echo(str(difference))
        click.echo(f"{len(found)} differences" if found else "users, rights, quotas and topics are as they should be")
    if found:
        raise SystemExit(1)


def slugs(organisations: Path) -> tuple[str, ...]:
    """The organisations' slugs of a YAML file."""
    return tuple(row["slug"] for row in _rows(organisations))


def _rows(organisations: Path) -> list[dict[str, Any]]:
    content = yaml.safe_load(organisations.read_text(encoding="utf-8"))
    return list(content["organisations"] if isinstance(content, dict) else content)


def _cluster(settings: Settings, organisations: Path, user: str) -> deploy_plan.Cluster:
    rows = _rows(organisations)
    certified = [row["slug"] for row in rows if row.get("login") == Login.CERTIFICATE]
    try:
        return deploy_plan.Cluster.connect(settings, [row["slug"] for row in rows], user, with_certificate=certified)
    except deploy_plan.NotAllowed as error:
        raise click.ClickException(str(error)) from None
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{error.filename} is not there: no cluster was made here, or not for {user}"
        ) from None


def _show(changes: deploy_plan.Plan, prune: bool) -> None:
    lines = list(changes.lines(prune))
    click.echo("\n".join(lines) if lines else "nothing to change")
