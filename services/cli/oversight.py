"""`estafette oversight`: repair of what oversight knows."""

import subprocess
import sys

import click


@click.group()
def oversight() -> None:
    """Oversight: what should have happened and did not."""


@oversight.command("rebuild")
def rebuild_command() -> None:
    """Make the state of oversight anew from the facts that Kafka still has (90 days).

    Stop oversight first, and start it afterwards. Alarms that stand otherwise than was told are told; nothing is told
    twice. What cannot be made anew is printed: cases that began before the facts that are left, and of which nothing
    else is known, are watched only from their next message on.
    """
    done = subprocess.run([sys.executable, "-m", "services.oversight.repair"], check=False)  # in the home of main
    raise SystemExit(done.returncode)
