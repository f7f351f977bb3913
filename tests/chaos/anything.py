"""Any message of any conversation, with whatever values: what people say besides what the story tells."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from deploy.system import System
from schemas.manifest import Category, GdprArticle, Purpose
from schemas.parties import OrganisationKind
from schemas.tables.messages import ROWS, MessageRow, Shape
from services.cli.play.desk import Desks, NoAnswer, Said
from services.cli.play.filling import Filling
from services.runtime.tokens import Caller, Role
from tests.invariants.making import NAMED, OFTEN, Making

PERSONS = ("child", "mother")
SAYABLE = tuple(row for row in ROWS if row.by_hand)
"""What a professional may say. Oversight and the pages' own machines are the real ones."""
PARTIES = ("veilig-thuis-noord", "lokaal-team-linde")
"""Of the story: they speak more often, so that more is accepted."""
WITH_SECTIONS = 0.4
"""The part of all letters that carries something."""
OF_STORY = {"$handover": "handover", "$yes": "consent"}
"""What the labels of the story are ids of."""
BASES = ("CONSENT", "G2", "G4", "G8", "G10", "G7", "RAAD_TASK")


class Speaker(NamedTuple):
    """An organisation of the scene with its professionals."""

    slug: str
    kind: OrganisationKind
    professionals: Sequence[Caller]


class Anything:
    """Says anything in a case that a story has begun, and in threads of its own. Ids are those of the story, and those
    of what was accepted before.
    """

    def __init__(self, system: System, slugs: Sequence[str], chance: random.Random) -> None:
        self._chance = chance
        self._speakers = tuple(_speakers(system, slugs))
        self._made: dict[str, list[str]] = {}
        self._threads: dict[str, list[str]] = {}

    def say(self, desks: Desks, filling: Filling, subject: str) -> list[Said]:
        """One message; nothing when no organisation here says such a thing, or a page did not answer."""
        row = self._chance.choice(SAYABLE)
        senders = [one for one in self._speakers if one.kind in row.senders]
        if not senders:
            return []
        who = self._chance.choice([*senders, *(one for one in senders if one.slug in PARTIES for _ in range(OFTEN))])
        body = self._body(row, filling, subject, who)
        if body is None:
            return []
        by, second = self._chance.sample(who.professionals, 2)
        payload = {"to": self._to(row, who), "body": body, "dry_run": False, **self._where(row, subject)}
        if row.shape is Shape.LETTER and not row.thread and self._chance.random() < WITH_SECTIONS:
            payload["manifest"] = self._carried()
        try:
            said = desks.say(f"{who.slug}/{by.ref}", row.name, payload, f"{who.slug}/{second.ref}")
        except NoAnswer:
            return []
        self._remember(row, body, said)
        return said

    def _body(self, row: MessageRow, filling: Filling, subject: str, who: Speaker) -> Any:
        told = {kind: [filling.labels[label]] for label, kind in OF_STORY.items() if label in filling.labels}
        there = {kind: [*told.get(kind, ()), *self._made.get(kind, ())] for kind in {*told, *self._made}}
        return Making(
            choose=self._chance.choice,
            now=datetime.now(UTC),
            subject=subject,
            persons=PERSONS,
            slugs=[one.slug for one in self._speakers],
            there={"person": PERSONS, **there},
            fresh=lambda: str(uuid4()),
            whole={"Professional": [one.professional.model_dump(mode="json") for one in who.professionals]},
        ).body(row.body)

    def _to(self, row: MessageRow, who: Speaker) -> list[str]:
        others = [one.slug for one in self._speakers if one.kind in row.recipients and one.slug != who.slug]
        if row.shape is Shape.LETTER:
            return [self._chance.choice(others)] if others else []
        return self._chance.sample(others, self._chance.randint(0, len(others)))

    def _where(self, row: MessageRow, subject: str) -> Mapping[str, str]:
        """The case, or a thread: a new one, or one of that conversation."""
        if not row.thread:
            return {} if row.opens_case and self._chance.random() < 0.5 else {"case": subject}
        begun = self._threads.get(row.name.partition(".")[0], [])
        return {"case": self._chance.choice(begun) if begun and not row.opens_case else f"thread:{uuid4()}"}

    def _carried(self) -> dict[str, Any]:
        person = self._chance.choice(PERSONS)
        section = {
            "category": self._chance.choice(tuple(Category)),
            "about": [person],
            "kind": "OBSERVATION",
            "as_of": datetime.now(UTC).date().isoformat(),
            "source": {"kind": "OWN_OBSERVATION"},
            "bases": [{"person": person, "secrecy": self._chance.choice(BASES), "gdpr": GdprArticle.PUBLIC_TASK}],
            "text": "Whatever there is to say.",
        }
        return {"purpose": self._chance.choice(tuple(Purpose)), "sections": [section]}

    def _remember(self, row: MessageRow, body: Any, said: Sequence[Said]) -> None:
        """What an accepted message named, by the field that names it."""
        if not any(one.status == "delivered" for one in said):
            return
        for name in row.body.model_fields.keys() & body.keys():
            if isinstance(body[name], str) and len(body[name]) == 36:
                self._made.setdefault(NAMED.get(name, name), []).append(body[name])
        if row.thread and said[0].subject:
            self._threads.setdefault(row.name.partition(".")[0], []).append(said[0].subject)


def _speakers(system: System, slugs: Sequence[str]) -> Iterator[Speaker]:
    for slug in slugs:
        organisation = system.deployment.organisation(slug)
        members = [one for one in organisation.professionals if one.role is Role.PROFESSIONAL]
        professionals = [organisation.caller(one.ref) for one in members]
        if len(professionals) > 1:
            yield Speaker(slug, organisation.kind, professionals)
