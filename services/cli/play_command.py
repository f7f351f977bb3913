"""`estafette play`: a scenario against the running system."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from rich.console import Console

from deploy.directory import Deployment
from deploy.system import System
from services.cli.fresh import fresh_system
from services.cli.play.account import Account
from services.cli.play.desk import NoAnswer
from services.cli.play.player import Played, Player, TimeHasPassed, play_together
from services.cli.play.reading import BadScenario, load
from services.cli.play.scenario import Scenario
from services.cli.system import organisations_option
from services.runtime.settings import Settings

WIDTH = 110
"""Characters; a longer line reads badly."""


class CannotPlay(click.ClickException):
    """The play did not happen, or not to its end. Other than an expectation that was not met (exit code 1)."""

    exit_code = 2


@click.command("play")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step, and a last one with counts.")
@click.option("--fresh", is_flag=True, help="Start a throw-away system for it, and end that afterwards.")
@click.option("--together", is_flag=True, help="All at once on one clock, as cases run side by side in a region.")
@click.option("--check", "only_check", is_flag=True, help="Only see whether the files are right; nothing is started.")
@organisations_option
@click.pass_obj
def play(
    settings: Settings,
    files: tuple[Path, ...],
    as_json: bool,
    fresh: bool,
    together: bool,
    only_check: bool,
    file: Path,
) -> None:
    """Play scenario FILEs, one after the other, and tell what happened.

    Ends with 0 when every expectation was met, 1 when one was not, 2 when it could not be played. docs/scenarios.md
    describes the format.
    """
    if only_check or fresh:  # a mistake is told before anything is started
        for path in files:
            read(path, Deployment.load(file))
    if only_check:
        click.echo("\n".join(f"{path}: in order" for path in files))
        return
    if fresh:
        with fresh_system(file, lambda text: click.echo(text, err=True)) as system:
            met = _play(system, files, as_json, together)
    else:
        met = _play(_running(settings.home), files, as_json, together)
    raise SystemExit(0 if met else 1)


def read(path: Path, deployment: Deployment) -> Scenario:
    """The scenario in a file. Raises CannotPlay naming every fault."""
    try:
        return load(path, deployment)
    except BadScenario as error:
        raise CannotPlay(str(error)) from None


def told(scenario: Scenario, system: System, console: Console, player: Player | None = None) -> list[Played]:
    """Play it with the readable account. Raises CannotPlay."""
    account = Account(console, system.deployment)
    account.title(scenario)
    began = time.monotonic()
    played = played_through([player or Player(scenario, system)], lambda _, one: account.tell(one))
    account.sum(played, time.monotonic() - began)
    return played


def told_together(players: Sequence[Player], console: Console) -> list[Played]:
    """Play them at once; then the readable account of each. Raises CannotPlay."""
    began = time.monotonic()
    stories: dict[Player, list[Played]] = {player: [] for player in players}
    played = played_through(players, lambda player, one: stories[player].append(one))
    seconds = time.monotonic() - began
    for player, story in stories.items():
        account = Account(console, player.system.deployment)
        account.title(player.scenario)
        for one in story:
            account.tell(one)
        account.sum(story, seconds)
    return played


def console() -> Console:
    """A terminal as wide as reads well; into a file without colours."""
    found = Console(highlight=False, soft_wrap=False)
    return Console(highlight=False, width=min(found.width, WIDTH) if found.is_terminal else WIDTH)


def played_through(players: Sequence[Player], tell: Callable[[Player, Played], None]) -> list[Played]:
    """Play all steps of these, together. Raises CannotPlay saying what to do."""
    home = players[0].system.home
    try:
        return play_together(players, tell)
    except TimeHasPassed as error:
        raise CannotPlay(
            f"{', '.join(player.scenario.scenario for player in players)}: it starts on "
            f"{error.start:%Y-%m-%d %H:%M}, and this system's time is already "
            f"{error.cluster.astimezone(error.start.tzinfo):%Y-%m-%d %H:%M}: time never goes back.\n"
            "Play it with --fresh, or throw the system's data away and begin anew:\n"
            f"  estafette down; rm -r {home}; estafette up"
        ) from None
    except NoAnswer as error:
        raise CannotPlay(f"{error}\nlook in {home / 'log'}, and at `estafette status`") from None


def _play(system: System, files: tuple[Path, ...], as_json: bool, together: bool) -> bool:
    players = [Player(read(path, system.deployment), system) for path in files]
    groups = [players] if together else [[player] for player in players]
    played: list[Played] = []
    for group in groups:
        if as_json:
            played += played_through(group, _print_json)
        elif together:
            played += told_together(group, console())
        else:
            played += told(group[0].scenario, system, console(), group[0])
    if as_json:
        click.echo(json.dumps(counts(played)))
    return all(one.met for one in played)


def _print_json(player: Player, one: Played) -> None:
    click.echo(json.dumps({"scenario": player.scenario.scenario, **one.as_json()}))


def counts(played: list[Played]) -> dict[str, int]:
    """The last line of `--json`."""
    found = [one for step in played for one in step.found]
    statuses = [said.status for step in played for said in step.said]
    return {
        "steps": len(played),
        "messages": len(statuses),
        "delivered": statuses.count("delivered"),
        "refused": len(statuses) - statuses.count("delivered"),
        "met": sum(one.met for one in found),
        "unmet": sum(not one.met for one in found),
    }


def _running(home: Path) -> System:
    """The system under this home. Raises CannotPlay when it is not up."""
    if not (home / "cluster.json").exists():
        raise CannotPlay(f"there is no system under {home}: start one with `estafette up`, or play with --fresh")
    system = System.started(home)
    missing = {
        name: str(answer.get("reason")) for name, answer in system.health().items() if answer.get("ready") is not True
    }
    if missing:
        told = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise CannotPlay(f"the system is not up ({told}): start it with `estafette up`, or play with --fresh")
    return system
