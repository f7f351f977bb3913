"""`estafette demo`: two stories on a real Kafka, their audit, and a ledger that proves itself."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from deploy.system import System
from services.cli.audit import asked
from services.cli.fresh import fresh_system
from services.cli.ledger import held_seals, public_keys, read_topic, told, windows
from services.cli.play.audit_lines import lines
from services.cli.play.player import Player
from services.cli.play_command import console, read
from services.cli.play_command import told as story_told
from services.cli.system import first_port_option, organisations_option, start
from services.ledger.chain import Scope, verify
from services.runtime.settings import Settings
from services.runtime.tokens import Issuer

SCENARIOS = Path(__file__).parents[2] / "scenarios"
STORIES = ("bijna-een-jaar.yaml", "stilstand.yaml")
OFFICER = "lokaal-team-linde/linde-fg"
"""The privacy officer who asks what was shared in the first story."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Tell the stories on a throw-away system, and end.")
@organisations_option
@first_port_option
@click.pass_obj
def demo(settings: Settings, once: bool, file: Path, first_port: int | None) -> None:
    """Bring everything up, tell two stories, show what a privacy officer sees, and verify the ledger."""
    began, told_on = time.monotonic(), console()
    progress = _progress(told_on, began)
    with _system(settings.home, file, first_port, once, progress) as system:
        met = _tell_all(system, told_on)
        told_on.print(Text(f"\nEverything together took {time.monotonic() - began:.0f} s.", style="bold"))
        if not once:
            _where_to_look(system, told_on)
    raise SystemExit(0 if met else 1)


def _system(
    home: Path, file: Path, first_port: int | None, once: bool, progress: Callable[[str], None]
) -> AbstractContextManager[System]:
    if once:
        return fresh_system(file, progress)
    system = System(home, file, first_port)
    start(system, tell=lambda text: progress(f"starting {text}"))
    return nullcontext(system)


def _progress(told_on: Console, began: float) -> Callable[[str], None]:
    return lambda text: told_on.print(Text(f"{time.monotonic() - began:6.1f} s  {text}", style="dim"))


def _tell_all(system: System, told_on: Console) -> bool:
    """Both stories, the audit and the proof; whether everything was as it should be."""
    met = True
    for place, name in enumerate(STORIES):
        scenario = read(SCENARIOS / name, system.deployment)
        player = Player(scenario, system)
        played = story_told(scenario, system, told_on, player)
        met = met and all(one.met for one in played)
        if place == 0:
            _audit(system, told_on, player.labels["$case"])
    return _verified(system, told_on) and met


def _audit(system: System, told_on: Console, case: str) -> None:
    _heading(told_on, f"What the privacy officer of {OFFICER.partition('/')[0]} sees of this case")
    organisation, _, ref = OFFICER.partition("/")
    token = Issuer.from_home(system.home).issue(system.deployment.organisation(organisation).caller(ref))
    url = f"http://127.0.0.1:{system.deployment.port('ledger')}"
    answer = asked(url, f"/api/cases/{case}/audit", token)
    for line in lines(answer["entries"]):
        told_on.print(line)
    told_on.print(Text(f"in full: estafette audit --as {OFFICER} case {case}", style="dim"))


def _verified(system: System, told_on: Console) -> bool:
    """Export the whole ledger and hold it against the gate's key and the seals that organisations hold."""
    _heading(told_on, "The ledger, exported and checked without the help of who keeps it")
    settings = Settings(home=system.home)

    async def taken() -> tuple[list[str], list[str]]:
        entries = [value.decode("ascii") async for value in read_topic(settings.kafka("ledger"), "ledger")]
        held = [seal for o in system.deployment.organisations for seal in await held_seals(settings, o.slug)]
        return entries, held

    entries, held = asyncio.run(taken())
    entry = system.home / "directory" / "gate.json"
    report = verify(entries, public_keys(entry), held, Scope(), windows(entry))
    for line in told(report):
        told_on.print(line, markup=False)
    return report.ok


def _heading(told_on: Console, text: str) -> None:
    told_on.print()
    told_on.rule(Text(text, style="bold"), align="left", style="dim")


def _where_to_look(system: System, told_on: Console) -> None:
    """The system stays up: addresses, tokens, and how to end it."""
    _heading(told_on, "It stays up. Look further")
    for process in system.processes:
        page = "health" if process.organisation is None else "openapi.json"
        told_on.print(f"  {process.name:22} http://127.0.0.1:{process.port}/{page}", markup=False)
    home = f"--home {system.home} " if system.home.name != ".estafette" else ""
    command = f".venv/bin/estafette {home}".rstrip()
    for text in (
        f'a token:     {command} token lokaal-team-linde linde-1   (send it as "Authorization: Bearer ...")',
        'an answer:   curl -H "Authorization: Bearer $TOKEN" '
        f"http://127.0.0.1:{system.deployment.port('lokaal-team-linde')}/api/worklist",
        f"what runs:   {command} status",
        f"your own:    {command} play FILE   (docs/scenarios.md)",
        f"the end:     {command} down; away with its data: make clean",
    ):
        told_on.print(f"  {text}", markup=False, soft_wrap=True)
