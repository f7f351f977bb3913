"""`python -m services.oversight.repair`: makes the state anew, slot by slot, and prints what became of it."""

import asyncio
import sys
from collections.abc import Iterator

from confluent_kafka.admin import AdminClient

from schemas.service import OVERSIGHT
from services.oversight.app import Oversight
from services.oversight.rebuild import Rebuilt, rebuild
from services.oversight.rules.calendar import Calendar
from services.relay.kafka import KafkaLog
from services.relay.log import Fenced, Refused
from services.relay.relay import Options
from services.relay.types import Stop
from services.runtime.decrees import NotDecreed, decrees_of
from services.runtime.directory import DirectoryReader, load_pins
from services.runtime.kafka import KafkaSettings
from services.runtime.keys import KeyRing, NoKey
from services.runtime.settings import Settings

KAFKA_SECONDS = 20.0


class Impossible(Exception):
    """Why it cannot be done now, and what to do."""


def main() -> None:
    """Ends with 1 when it cannot be done; a slot that was done stays done."""
    settings = Settings()
    try:
        if _running(settings.kafka(OVERSIGHT)):
            raise Impossible("oversight is running, or ended seconds ago: stop it, and run this again")
        asyncio.run(_all(settings))
    except Fenced:
        sys.exit("oversight was started meanwhile: stop it, and run this again")
    except (Impossible, Refused, Stop, NoKey, NotDecreed) as error:
        sys.exit(str(error))


def _running(kafka: KafkaSettings) -> bool:
    """Whether a process takes part in the election of slots. One that was killed counts until its session ends."""
    group = f"{OVERSIGHT}.slots"
    admin = AdminClient(kafka.confluent())
    return bool(admin.describe_consumer_groups([group])[group].result(KAFKA_SECONDS).members)


async def _all(settings: Settings) -> None:
    kafka, cluster, calendar = settings.kafka(OVERSIGHT), settings.cluster(), Calendar(later=decrees_of(settings.home))
    options = Options.of(cluster, ticks=False)
    reader = DirectoryReader(kafka, load_pins(settings.home / "pins.yaml"))
    await reader.start()
    ring = KeyRing.of(settings.home, OVERSIGHT, lambda: reader.directory.revision)
    key = next(iter(ring.signing.values()))
    oversight = Oversight(key, calendar, lambda at: ring.signer(reader.directory, at))
    for slot in range(cluster.slots):
        log = KafkaLog(kafka, OVERSIGHT, slot, options.limits.record_bytes)
        try:
            done = await rebuild(log, oversight, options.birth(), slot)
            sys.stdout.write("".join(f"{line}\n" for line in _lines(done)))
        finally:
            await log.close()
    await reader.stop()


def _lines(done: Rebuilt) -> Iterator[str]:
    yield (
        f"slot {done.slot}: {done.facts} facts; {len(done.anew)} cases made anew, {len(done.went_on)} went on from "
        f"what was known; {done.told} alarms told anew"
    )
    if done.lost is not None:
        yield f"  facts {done.lost[0]} to {done.lost[1]} are gone: what was said in them is known by later facts only"
    if done.begun_late:
        yield f"  {len(done.begun_late)} cases began before the facts that are left: what they owed then is not known:"
        yield from (f"    case:{case}" for case in sorted(done.begun_late))
    if done.not_judged:
        yield f"  {done.not_judged} facts could not be judged"


if __name__ == "__main__":
    main()
