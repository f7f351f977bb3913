"""A team goes on as another amid a handover: real broker, every service a process, the gate killed on the way."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.directory import DEMO
from deploy.succession import succeed_now
from deploy.system import System
from services.cli.fresh import free_block
from services.cli.play.desk import Desks, Said
from services.cli.play.filling import Filling
from services.cli.play.scenario import Scenario
from services.cli.system import start, stop
from tests.chaos.stories import BERK, LINDE, _story
from tests.system.conftest import command

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

VT = "veilig-thuis-noord"
PROPOSED = "propose"
LEADS = "first contact"
WITHIN = 180.0
"""A bound that tells a hang from a busy machine, in seconds."""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """Four organisations on the wall's clock."""
    file = tmp_path / "organisations.yaml"
    told = yaml.safe_load(DEMO.read_text())
    told["organisations"] = [o for o in told["organisations"] if o["slug"] in (VT, LINDE, BERK, "coordinatie-noord")]
    file.write_text(yaml.safe_dump(told))
    made = System(tmp_path / "home", file, free_block(len(told["services"]) + len(told["organisations"])))
    try:
        start(made, clock="real")
        yield made
    finally:
        stop(made)


def test_a_handover_goes_on_with_the_successor_and_no_letter_is_lost(system: System, tmp_path: Path) -> None:
    """Proposed to the team that ends; a letter for it still waits when the gate dies; accepted, talked over and led by
    the team that stands in its place, which opens both letters. The old page takes no orders any more."""
    desks = Desks(system)
    filling = Filling(_story(system, BERK), system.deployment, {})
    ended, heir = _story(system, BERK), _story(system, LINDE)
    proposal = told(desks, filling, ended, None, PROPOSED)[-1]
    until(lambda: desks.get(f"{BERK}/berk-1", f"/api/inbox/{proposal.id}/content")[0] == 200)

    gate = int((system.home / "run" / "gate.pid").read_text())
    os.kill(gate, signal.SIGSTOP)
    story = next(step for step in ended.steps if step.step == "would it go")
    payload = {**filling.payload(story), "dry_run": False}
    headers = desks._headers(f"{VT}/vt-1")
    letter = desks._send("POST", VT, "/api/messages/dossiers.shared", headers, payload).json()["messages"][0]
    succeed_now(system, BERK, LINDE, datetime.now(UTC))
    os.kill(gate, signal.SIGKILL)

    until(lambda: told_of(desks, letter["id"]) == "delivered")
    case = filling.labels[ended.steps[0].case]
    until(lambda: desks.get(f"{LINDE}/linde-1", f"/api/cases/{case}")[0] == 200)
    status, shown = desks.get(f"{LINDE}/linde-1", f"/api/inbox/{letter['id']}/content")
    assert status == 200 and shown["sections"][0]["text"] == "Our story."
    late = desks.say(f"{BERK}/berk-1", "sight.planned", {**plan(heir, filling), "dry_run": False}, None)
    assert late[0].status == "rejected" and LINDE in str(late[0].reasons)

    store = str(tmp_path / "store")
    until(lambda: command(system, "organisation", "hand-over-store", BERK, store).returncode == 0)
    taken = command(system, "organisation", "take-over-store", LINDE, store)
    assert taken.returncode == 0 and "0 deliveries did not hold" in taken.stdout, taken.stdout + taken.stderr
    status, shown = desks.get(f"{LINDE}/linde-1", f"/api/inbox/{proposal.id}/content")
    assert status == 200 and all(section["fault"] is None for section in shown["sections"])

    told(desks, filling, heir, PROPOSED, LEADS)
    until(lambda: desks.get(f"{LINDE}/linde-1", f"/api/cases/{case}")[1]["regie"] == LINDE)
    seen = desks.get(f"{VT}/vt-1", f"/api/cases/{case}")[1]
    assert seen["regie"] == LINDE
    assert [(h["state"], h["sender"], h["receiver"]) for h in seen["handovers"]] == [("COMPLETED", VT, LINDE)]
    audit = desks.get(f"{LINDE}/linde-fg", f"/api/cases/{case}/audit", "ledger")[1]["entries"]
    assert any(BERK in entry["recipients"] for entry in audit), "what the old one received, under the old name"
    desks.close()


def told(desks: Desks, filling: Filling, scenario: Scenario, after: str | None, last: str) -> list[Said]:
    """The steps of the story behind `after` up to `last`; each that is not refused on purpose is delivered."""
    names = [step.step for step in scenario.steps]
    said: list[Said] = []
    for step in scenario.steps[names.index(after) + 1 if after else 0 : names.index(last) + 1]:
        filling.now = datetime.now(UTC)
        answers = desks.say(str(step.who), str(step.say), filling.payload(step), step.second)
        if step.say == "cases.opened" and answers[0].status == "delivered":
            filling.labels.setdefault(step.case, str(answers[0].subject))
        if step.step not in ("open it again", "a yes by nobody"):
            assert [(one.status, one.codes) for one in answers] == [("delivered", ())], step.step
        said += answers
    return said


def plan(scenario: Scenario, filling: Filling) -> dict[str, Any]:
    found = next(step for step in scenario.steps if step.step == "the team sees the child from here")
    return dict(filling.payload(found))


def told_of(desks: Desks, message: str) -> str:
    return str(desks.get(f"{VT}/vt-1", f"/api/messages/{message}")[1].get("status"))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < end, "not within the bound"
        time.sleep(0.3)
