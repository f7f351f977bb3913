"""Takes an order: once for one idempotency key, stored before it is answered."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import cases, consents, signals
from schemas.base import Slug, Uuid
from schemas.event import Event, parse_event
from schemas.manifest import Section
from schemas.parties import Professional
from schemas.refusal import Refusal
from schemas.tables.messages import MessageRow
from services.organisation import tables as t
from services.organisation.author import Author, TooLargeError
from services.organisation.composing import Composed, Held, Unsendable, compose
from services.organisation.holdings import Holdings
from services.organisation.intake import queue
from services.organisation.orders import ForwardedSection, Order
from services.runtime.directory import Directory
from services.runtime.sql import insert_new, reading

CONSENT = "CONSENT"
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where orders come in. `wake` is called when something was queued."""

    engine: AsyncEngine
    author: Author
    holdings: Holdings
    directory: Callable[[], Directory]
    wake: Callable[[], None]

    async def take(
        self, row: MessageRow, order: Order, by: Professional, second: Professional | None, key: str | None
    ) -> Answer:
        """Queue what was ordered; the ids of the messages. Raises Unsendable."""
        digest = _digest(row, order, second)
        if key is not None and (known := await self._known(by.ref, key, digest)) is not None:
            return known
        await self._from_thread(order)
        held = await self._held(order)
        try:
            composed = compose(row, order, by, second, held, self.directory(), self.author)
        except TooLargeError as error:
            raise Unsendable(str(error), too_large=True) from None
        answer = _answer(composed)
        async with self.engine.begin() as connection:
            if key is not None:
                request = {"ref": by.ref, "key": key, "digest": digest, "answer": answer}
                if not await insert_new(connection, t.requests, request):
                    return await self._repeated(connection, by.ref, key, digest)
            await queue(connection, *composed.messages)
            await self._keep(connection, composed)
            if isinstance(order.body, consents.ConsentWithdrawn) and not order.dry_run:
                await self._block(connection, composed.messages[0].event.subject, order.body.statement)
        self.wake()
        return answer

    async def _from_thread(self, order: Order) -> None:
        """A case that follows from a signal names one that came in here: only this edge can know (the gate judges the
        thread and the case in slots of their own)."""
        thread = order.body.from_thread if isinstance(order.body, cases.CaseOpened) else None
        if thread is None:
            return
        i = t.inbox.c
        query = sa.select(i.id).where(i.subject == thread, i.name == signals.SignalRaised.name, i.state == "accepted")
        async with reading(self.engine) as connection:
            if (await connection.execute(query.limit(1))).first() is None:
                raise Unsendable("body.from_thread: no signal of that thread came in here")

    async def _known(self, ref: str, key: str, digest: str) -> Answer | None:
        async with reading(self.engine) as connection:
            try:
                return await self._repeated(connection, ref, key, digest)
            except sa.exc.NoResultFound:
                return None

    async def _repeated(self, connection: AsyncConnection, ref: str, key: str, digest: str) -> Answer:
        query = sa.select(t.requests).where(t.requests.c.ref == ref, t.requests.c.key == key)
        before = (await connection.execute(query)).mappings().one()
        if before["digest"] != digest:
            raise Unsendable("Idempotency-Key: was used for another message")
        return dict(before["answer"])

    async def _held(self, order: Order) -> dict[Uuid, Held]:
        """The items the order names, as this organisation has them."""
        asked = order.manifest.sections if order.manifest else ()
        named = {s.forward if isinstance(s, ForwardedSection) else s.item for s in asked}
        async with reading(self.engine) as connection:
            return await self.holdings.find(connection, {item for item in named if item is not None})

    async def _keep(self, connection: AsyncConnection, composed: Composed) -> None:
        rows = [
            {
                "item": item.section.item,
                "subject": composed.messages[0].event.subject,
                "section": item.section.model_dump(mode="json", exclude={"bases"}, exclude_none=True),
                "source": self.author.slug,
                "salt": item.salt,
                "text": item.text,
            }
            for item in composed.items
        ]
        await insert_new(connection, t.items, rows)

    async def _block(self, connection: AsyncConnection, subject: str, statement: Uuid) -> None:
        """A withdrawal recorded here counts here at once: what waits in the case's queue and relies on it stays.

        A person's ref means somebody else in another case.
        """
        recorded = await self._statement(connection, subject, statement)
        if recorded is None:
            return
        query = sa.select(t.sent.c.id, t.sent.c.value).where(
            t.sent.c.subject == subject,
            t.sent.c.status == "queued",
            t.sent.c.published_at.is_(None),
            sa.not_(t.sent.c.dry_run),
        )
        for row in (await connection.execute(query)).all():
            event = parse_event(row.value)
            if not relies_on(event, recorded, self._kind_of):
                continue
            reason = {"code": Refusal.CONSENT_WITHDRAWN, "person": recorded.about, "missing": [statement]}
            blocked = {"status": "blocked", "reasons": [reason], "decided_at": self.author.clock.now()}
            await connection.execute(sa.update(t.sent).where(t.sent.c.id == row.id).values(**blocked))

    async def _statement(
        self, connection: AsyncConnection, subject: str, statement: Uuid
    ) -> consents.ConsentRecorded | None:
        query = sa.select(t.sent.c.body).where(
            t.sent.c.subject == subject,
            t.sent.c.name == consents.ConsentRecorded.name,
            t.sent.c.status != "refused",
        )
        for (body,) in (await connection.execute(query)).all():
            if body["statement"] == statement and "about" in body:  # else it was erased
                return consents.ConsentRecorded.model_validate(body)
        return None

    def _kind_of(self, slug: Slug) -> str | None:
        organisation = self.directory().find(slug)
        return organisation.kind if organisation else None


def relies_on(event: Event, consent: consents.ConsentRecorded, kind_of: Callable[[Slug], str | None]) -> bool:
    """Whether a letter has a section that claims consent for a person and lies within what that consent covers."""
    manifest, scope = event.data.manifest, consent.scope
    if manifest is None:
        return False
    reached = {*event.data.to, *(kind_of(slug) for slug in event.data.to)}
    if scope.recipients and not reached & set(scope.recipients):
        return False
    if scope.purposes and manifest.purpose not in scope.purposes:
        return False
    return any(_claims(section, consent) for section in manifest.sections)


def _claims(section: Section, consent: consents.ConsentRecorded) -> bool:
    scope = consent.scope
    if scope.categories and section.category not in scope.categories:
        return False
    if scope.items and section.item not in scope.items:
        return False
    return any(basis.person == consent.about and basis.secrecy == CONSENT for basis in section.bases)


def _digest(row: MessageRow, order: Order, second: Professional | None) -> str:
    """Of what was asked: a repeated request asks the same."""
    asked = f"{row.name}\n{second.ref if second else ''}\n{order.model_dump_json()}"
    return hashlib.sha256(asked.encode()).hexdigest()


def _answer(composed: Composed) -> Answer:
    return {
        "messages": [
            {"id": m.event.id, "to": list(m.event.data.to), "subject": m.event.subject, "status": "queued"}
            for m in composed.messages
        ]
    }
