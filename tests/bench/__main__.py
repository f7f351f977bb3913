"""python -m tests.bench [--quick]: what a fully checked message costs, all measured in one run on one broker.

Four programs do the same work with the same messages: a bare transactional relay, the same with one signature checked
and one made, a plain Faust forward, and the gate with every rule. Then: how long a slot takes to load. The numbers are
of this machine at this moment; the ratios are what to look at.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console

from deploy import plan
from deploy.directory import Deployment, init, publish, records
from deploy.kafka import LocalKafka
from services.runtime.directory import OPERATOR
from services.runtime.kafka import KafkaSettings
from tests.bench import driver, report
from tests.bench.driver import Contestant, module
from tests.bench.letters import RECIPIENT, SENDER, SLOTS, Author, Message
from tests.bench.loading import Load, measure


class Size(NamedTuple):
    """How much is done."""

    cases: int
    backlogs: tuple[int, int, int, int]
    seconds: dict[int, float]
    """How long latency is measured at each rate."""
    loads: tuple[int, ...]
    """Open cases in the slot that is loaded."""


WHOLE = Size(1_000, (40_000, 15_000, 6_000, 8_000), {20: 15.0, 200: 10.0}, (10_000, 100_000))
QUICK = Size(200, (10_000, 5_000, 2_000, 2_000), {20: 3.0, 200: 2.0}, (1_000, 10_000))
WARM = 300
FEW = 40
"""Cases with two letters only: of such a slot is made that is loaded."""


def contestants(home: Path, backlogs: Sequence[int]) -> list[Contestant]:
    def skeleton(name: str, label: str, backlog: int) -> Contestant:
        command = module("tests.bench.skeleton", home, name)
        return Contestant(name, label, command, f"{name}.outbox", f"{name}.inbox", backlog)

    bare, signed, faust, gate = backlogs
    return [
        skeleton("bare", "1 bare transactional relay", bare),
        skeleton("signed", "2 the same + one verify, one sign", signed),
        Contestant(
            "faust", "3 plain Faust forward", module("tests.bench.forward", home), "faust.outbox", "faust.inbox", faust
        ),
        Contestant(
            "gate", "4 gate, every rule", module("services.gate"), f"{SENDER}.outbox", f"{RECIPIENT}.inbox", gate
        ),
    ]


def prepare(home: Path) -> LocalKafka:
    """A broker with everything the real system has, and the topics of the contestants."""
    kafka = LocalKafka(home, slots=SLOTS, clock="real", quick=False)
    kafka.start()
    deployment = Deployment.load()
    cluster = plan.Cluster.connect(kafka.settings, [o.slug for o in deployment.organisations])
    plan.apply(cluster, plan.plan(cluster))
    init(home, deployment)
    publish(kafka.settings.kafka(OPERATOR), records(home))
    names = [f"{name}.{topic}" for name in ("bare", "signed") for topic in ("outbox", "inbox", "ledger", "state")]
    admin = AdminClient(kafka.settings.kafka("admin").confluent())
    new = [NewTopic(topic, SLOTS, 1) for topic in (*names, "faust.outbox", "faust.inbox")]
    for made in admin.create_topics(new).values():
        made.result(30)
    return kafka


PARTS = ("bare", "signed", "faust", "gate", "load")


class Bench:
    """One run."""

    def __init__(self, home: Path, size: Size, parts: Sequence[str], console: Console) -> None:
        self._home = home
        self._parts = parts
        self._size = size
        self._console = console
        self._kafka: KafkaSettings
        self._openings: list[Message] = []
        self._letters: list[Message] = []

    def run(self) -> None:
        began = time.monotonic()
        broker = prepare(self._home)
        try:
            self._kafka = broker.settings.kafka("admin")
            self._write_letters()
            racers = contestants(self._home, self._size.backlogs)
            self._warm_the_broker(racers[0])
            rows = [self._race(racer) for racer in racers if racer.name in self._parts]
            self._console.print(report.race(rows, len(self._letters[0].value)))
            if "load" in self._parts:
                loads = [self._load(cases) for cases in self._size.loads]
                self._console.print(report.loads(loads))
        finally:
            broker.kill9()
        self._console.print(f"took {time.monotonic() - began:.0f} s")

    def _write_letters(self) -> None:
        author = Author.of(self._home)
        cases = author.cases(self._size.cases)
        few = author.cases(FEW)
        self._openings = [message for case in (*cases, *few) for message in author.opening(case)]
        self._openings += author.letters(few, 2 * len(few))
        needed = WARM + self._size.backlogs[3] + sum(int(rate * s) for rate, s in self._size.seconds.items())
        self._letters = author.letters(cases, needed)
        self._told(f"{len(cases)} cases, {len(self._letters)} letters of {len(self._letters[0].value)} bytes signed")

    def _warm_the_broker(self, racer: Contestant) -> None:
        """Its Java is slow in the first seconds, whoever comes first."""
        with driver.running(racer, self._home, self._home / "bench.log") as pid:
            driver.throughput(self._kafka, racer, self._letters[:WARM] * 30, pid)

    def _race(self, racer: Contestant) -> report.Row:
        self._told(racer.label)
        letters = iter(self._letters)
        with driver.running(racer, self._home, self._home / "bench.log") as pid:
            if racer.name == "gate":
                self._open_cases(racer)
            driver.warm(self._kafka, racer, [next(letters) for _ in range(WARM)])
            latencies = {}
            for rate, seconds in self._size.seconds.items():
                some = [next(letters) for _ in range(int(rate * seconds))]
                latencies[rate] = driver.latency(self._kafka, racer, some, rate)
            rest = list(letters)
            backlog = (rest * (racer.backlog // len(rest) + 1))[: racer.backlog]
            return report.Row(racer, driver.throughput(self._kafka, racer, backlog, pid), latencies)

    def _open_cases(self, racer: Contestant) -> None:
        """Verdicts come back to the sender; what counts is that the letters after them are delivered."""
        writer = driver.Writer(self._kafka, racer.outbox)
        for message in self._openings:
            writer.write(message)
        writer.flush()

    def _load(self, cases: int) -> Load:
        self._told(f"a slot with {cases:,} open cases")
        return measure(self._home, self._kafka, cases)

    def _told(self, text: str) -> None:
        self._console.print(f"[dim]{text}[/dim]")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of five, and more noise")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="a part of it; load needs gate")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="estafette-bench-") as folder:
        size = QUICK if asked.quick else WHOLE
        Bench(Path(folder) / "home", size, asked.only, Console(file=sys.stdout, width=150)).run()


if __name__ == "__main__":
    main()
