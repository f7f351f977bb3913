"""python -m tests.chaos --minutes 10

With --broken untransacted or --broken forgetful it must end with 1: the check can see faults.
"""

import argparse
import sys
import time

from tests.chaos.run import put_under_fire
from tests.chaos.spine_scene import SpineScene


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long load and faults last")
    parser.add_argument("--rate", type=float, default=300.0, help="messages a second")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats the same faults")
    parser.add_argument(
        "--broken", choices=["untransacted", "forgetful"], default="", help="break the engine on purpose"
    )
    asked = parser.parse_args()
    report = put_under_fire(SpineScene(asked.rate, asked.broken, seed=asked.seed), asked.minutes * 60, asked.seed)
    sys.stdout.write(f"{report.text()}\n{'seed':48} {asked.seed:>8}\n")
    sys.stdout.write(f"WRONG: {report.wrong()}\n" if report.wrong() else "nothing lost, doubled or out of order\n")
    return 1 if report.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
