"""python -m tests.chaos [--system] --minutes 10

Without --system the engine alone is put under fire, with it the whole system: services, pages and broker. The load is
any message of any conversation; what came of each kind is counted. With --broken or --plant it must end with 1: the
check can see faults.
"""

import argparse
import signal
import sys
import time

from tests.chaos.run import put_under_fire
from tests.chaos.scene import Scene
from tests.chaos.spine_scene import SpineScene
from tests.chaos.system_scene import PLANTS, SystemScene


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long load and faults last")
    parser.add_argument("--system", action="store_true", help="two gates, oversight, ledger and pages")
    parser.add_argument("--plant", choices=PLANTS, default="", help="of the whole system: a fault to be seen")
    parser.add_argument("--rate", type=float, default=300.0, help="of the engine: messages a second")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats the same faults")
    parser.add_argument(
        "--broken", choices=["untransacted", "forgetful"], default="", help="break the engine on purpose"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    scene: Scene = SpineScene(asked.rate, asked.broken, seed=asked.seed)
    if asked.system or asked.plant:
        scene = SystemScene(asked.seed, asked.plant, anything=True)
    report = put_under_fire(scene, asked.minutes * 60, asked.seed, settle=60.0 if asked.plant else 240.0)
    sys.stdout.write(f"{report.text()}\n{'seed':48} {asked.seed:>8}\n")
    sys.stdout.write(f"WRONG: {report.wrong()}\n" if report.wrong() else "nothing lost, doubled or out of order\n")
    return 1 if report.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
