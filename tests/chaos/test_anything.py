"""The load of a storm holds every kind of message, as pages and the engine take them."""

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from deploy.directory import Deployment
from schemas.tables.messages import BODIES, BY_NAME
from services.cli.play.desk import Said
from services.cli.play.filling import Filling
from services.cli.play.reading import load
from services.organisation.orders import order_model
from tests.chaos.anything import SAYABLE, Anything
from tests.chaos.spine_scene import mix
from tests.chaos.stories import BERK, STORY
from tests.chaos.system_scene import MORE, ORGANISATIONS

SPEAKERS = tuple(slug for slug in (*ORGANISATIONS, *MORE) if slug != BERK)


class Pages:
    """Takes what a page takes, and nothing else."""

    def __init__(self) -> None:
        self.said: Counter[str] = Counter()

    def say(self, who: str, name: str, payload: dict[str, Any], second: str) -> list[Said]:
        order_model(BY_NAME[name]).model_validate(payload)
        assert who.split("/")[0] == second.split("/")[0] and who != second
        assert set(payload["to"]) <= set(SPEAKERS) - {who.split("/")[0]}
        self.said[name] += 1
        return [Said(str(uuid4()), payload.get("case"), "delivered")]


def test_everything_a_professional_may_say_is_said_as_a_page_takes_it() -> None:
    """By the five organisations of the scene that speak; what only others say is left out."""
    pages, deployment = Pages(), Deployment.load()
    chance = random.Random(5)
    filling = Filling(load(STORY, deployment), deployment, {"$handover": str(uuid4()), "$yes": str(uuid4())})
    anything: Any = Anything(SimpleNamespace(deployment=deployment), SPEAKERS, chance)  # type: ignore[arg-type]
    for _ in range(4000):
        anything.say(pages, filling, f"case:{uuid4()}")
    assert set(pages.said) == {row.name for row in SAYABLE}


def test_the_engine_carries_every_kind_of_message_there_is() -> None:
    """Machines' words too."""
    assert {kind for kind, _ in mix(random.Random(5))} == set(BODIES)
