"""The gate and oversight of the invariants, with three organisations more that others can merge into."""

import atexit
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path

from deploy.ceremony import confirm
from deploy.directory import Deployment, init, records
from deploy.keys import operator_key
from deploy.registry import Folder, plan, write_records
from deploy.succession import identity_of, succeed
from schemas.service import OVERSIGHT
from services.oversight.app import Oversight
from services.oversight.rules.calendar import Calendar
from services.relay.state import State
from services.runtime.directory import Accepted, Directory
from services.runtime.jose import SigningKey, sign_detached
from tests.gate.bench import SLOTS, GateBench, Row
from tests.invariants.world import Step, World

HEIRS = {
    "lokaal-team-linde": "lokaal-team-eik",
    "lokaal-team-berk": "lokaal-team-eik",
    "veilig-thuis-noord": "veilig-thuis-midden",
    "gi-noord": "gi-midden",
}
"""Who is new, and of which kind."""


@cache
def home() -> Path:
    """Keys and directory of the demonstration and the heirs, made once a run and thrown away."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-succession-")
    atexit.register(folder.cleanup)
    demo = Deployment.load()
    like = {heir: demo.organisation(ended) for ended, heir in HEIRS.items()}
    more = tuple(
        part.model_copy(update={"slug": heir, "name": heir, "port": 8700 + number})
        for number, (heir, part) in enumerate(like.items())
    )
    init(Path(folder.name), demo.model_copy(update={"organisations": (*demo.organisations, *more)}))
    return Path(folder.name)


@cache
def key_of(slug: str) -> SigningKey:
    return SigningKey.from_file(home() / "keys" / slug / "signing.jwk")


def deed(home: Path, old: str, new: str, at: datetime) -> bytes:
    """The directory record by which `old` goes on as `new`; the files under `home` stay as they are."""
    folder = tempfile.TemporaryDirectory(prefix="estafette-deed-")
    atexit.register(folder.cleanup)
    own = Folder(Path(folder.name))
    theirs = Folder(home / "directory")
    own.write_pins(theirs.pins)
    for slug in (old, new):
        text, jws = theirs.entry(slug) or ("", "")
        own.write_entry(slug, text, jws)
    succeed(home, own, old, new, at)
    confirm(own, old, identity_of(home, old))
    stated = plan(own, Directory(own.pins), at).stated
    return write_records(own, [each for each in stated if each.slug == old], operator_key(home))[old]


class Heirs(World):
    """A world in which organisations can be succeeded."""

    def __init__(self) -> None:
        self.bench = GateBench(home())
        self.oversight = Oversight(key_of(OVERSIGHT), Calendar())
        self.watched = [State() for _ in range(SLOTS)]
        self.steps = []

    def send(self, source: str, value: bytes, subject: str, jws: str | None = None) -> Step:
        """Signed, unless told otherwise, with a key that this world knows."""
        return super().send(source, value, subject, jws or sign_detached(value, key_of(source)))

    def succeed(self, old: str, new: str, at: datetime | None = None) -> None:
        """From now on every reader of the directory knows."""
        directory = self.bench.reader.directory
        row = Row(directory.revision, old.encode(), deed(home(), old, new, at or self.bench.now))
        assert isinstance(directory.apply(row), Accepted)


assert set(records(home())) >= set(HEIRS.values())
