"""What a region agreed, from a file in git to the alarm that a coordinator hears: every service a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.directory import DEMO

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

DESK, LINDE = "coordinatie-noord", "lokaal-team-linde"
AGREED = """
since: 2026-01-01
document: werkafspraken-noord
terms: {STAND_IN_NAMED: 2 working days, heights.STANDARD.2: 1 working day}
"""
STORY = """
scenario: Two days to find a stand-in
about: Elsewhere it is one day, and three more until the coordination hears.
start: 2026-09-07 09:00
organisations: [lokaal-team-linde, coordinatie-noord]
persons:
  child: {role: YOUTH, birth_date: 2016-05-01, custody: mother}
  mother: {role: PARENT, birth_date: 1988-02-11}
steps:
  - {step: A case, who: lokaal-team-linde/linde-1, say: cases.opened}
  - step: Its worker leaves
    after: 1 hour
    who: lokaal-team-linde/linde-5
    say: absences.started
    body: {absence: $gone, professional: linde-1, since: 2026-09-07, reason: OTHER}
  - {step: A day later nothing is late, at: 2026-09-09 09:00, expect: {no_alert: STAND_IN_NAMED}}
  - step: Two days later it is
    at: 2026-09-10 09:00
    expect: {alerts: [{code: STAND_IN_NAMED, tier: 1, to: lokaal-team-linde}]}
  - step: And a day later the coordination knows
    at: 2026-09-11 09:00
    expect: {alerts: [{code: STAND_IN_NAMED, tier: 2, to: coordinatie-noord}]}
"""


def test_a_region_has_the_terms_that_its_coordination_signed(tmp_path: Path) -> None:
    told = yaml.safe_load(DEMO.read_text())
    told["organisations"] = [each for each in told["organisations"] if each["slug"] in (DESK, LINDE)]
    desk = next(each for each in told["organisations"] if each["slug"] == DESK)
    desk["agreements"] = ["agreed.yaml"]
    for name, text in (("region.yaml", yaml.safe_dump(told)), ("agreed.yaml", AGREED), ("story.yaml", STORY)):
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "services.cli", "play", "--fresh", "--json", "--organisations", "region.yaml"]
    done = subprocess.run([*command, "story.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (done.stderr, [step["unmet"] for step in steps[:-1]])
    assert len(steps) == 6 and steps[-1]["unmet"] == 0
