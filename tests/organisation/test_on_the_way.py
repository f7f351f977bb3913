"""What an edge makes of letters that cannot be used, of holes, and of what others say about its own letters."""

import base64
import json
import uuid
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import service
from schemas.event import Data, Event, parse_event, wire_type
from schemas.manifest import Category, Manifest, Purpose, Section, Source, SourceKind, StatementKind
from services.gate import telling
from services.gate.rules.case import Case
from services.organisation import tables as t
from services.organisation.sections import Fault, Item, digest, open_letter, seal_item
from services.runtime.jose import SealingKey, SigningKey, open_sealed, seal, sign_detached
from services.runtime.subjects import slot_of
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import GI, LINDE, TEXT, VT, contents, opened_case, section

KEY = SealingKey.generate("linde.seal.test")
SALT = b"0123456789abcdef"
SUBJECT, MESSAGE, ITEM = f"case:{uuid.uuid4()}", str(uuid.uuid4()), str(uuid.uuid4())
HEADER = {
    "source": st.just(GI),
    "recipient": st.just(GI),
    "subject": st.just(f"case:{uuid.uuid4()}"),
    "message": st.just(str(uuid.uuid4())),
    "item": st.just(str(uuid.uuid4())),
    "category": st.sampled_from([c.value for c in Category if c is not Category.CONCERNS]),
    "about": st.sampled_from([[], ["child-2"], ["child-1", "child-2"]]),
    "kind": st.sampled_from([k.value for k in StatementKind if k is not StatementKind.FACT]),
}
"""Every field of the sealed header, with values that differ from the manifest or the envelope."""


def letter(sealed: str) -> Event:
    listed = Section(
        item=ITEM, category=Category.CONCERNS, about=("child-1",), kind=StatementKind.FACT, as_of=date(2026, 3, 1),
        source=Source(kind=SourceKind.OWN_OBSERVATION), digest=digest(SALT, TEXT),
    )  # fmt: skip
    data = Data(
        to=(LINDE,), body={}, manifest=Manifest(purpose=Purpose.HANDOVER, sections=(listed,)), sealed={ITEM: sealed}
    )
    return Event(
        id=MESSAGE,
        source=VT,
        type=wire_type("dossiers.shared"),
        subject=SUBJECT,
        time="2026-03-02T09:00:00Z",
        data=data,
    )


def plain() -> dict[str, Any]:
    """The section as it should be, opened."""
    (listed,) = letter("").data.manifest.sections  # type: ignore[union-attr]
    whole = seal_item(Item(listed, SALT, TEXT), MESSAGE, VT, LINDE, SUBJECT, KEY.public_jwk())
    found: dict[str, Any] = json.loads(open_sealed(whole, (KEY,)))
    return found


def fault_of(told: dict[str, Any], key: SealingKey = KEY) -> Fault | None:
    (opened,) = open_letter(letter(seal(json.dumps(told).encode(), KEY.public_jwk())), LINDE, (key,))
    assert (opened.item is None) is (opened.fault is not None)
    return opened.fault


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_sealed_header_that_differs_in_any_field_is_rejected(data: st.DataObject) -> None:
    """A section taken over into another letter, case, category or about somebody else does not pass for what it was."""
    told = plain()
    assert fault_of(told) is None
    names = data.draw(st.sets(st.sampled_from(sorted(HEADER)), min_size=1))
    told["header"] |= {name: data.draw(HEADER[name]) for name in names}
    assert fault_of(told) is Fault.HEADER_MISMATCH


@settings(deadline=None, max_examples=30)
@given(st.text().filter(lambda text: text != TEXT), st.binary(max_size=40).filter(lambda salt: salt != SALT))
def test_another_text_or_salt_than_was_judged_is_rejected(text: str, salt: bytes) -> None:
    """The gate judged the digest; what is opened must be what it was made of."""
    assert fault_of(plain() | {"body": text}) is Fault.DIGEST
    other = base64.urlsafe_b64encode(salt).rstrip(b"=").decode()
    assert fault_of(plain() | {"salt": other}) is Fault.DIGEST


def test_what_was_sealed_to_another_key_or_is_no_section_cannot_be_opened() -> None:
    assert fault_of(plain(), SealingKey.generate("linde.seal.other")) is Fault.CANNOT_OPEN
    assert fault_of({"anything": 1}) is Fault.CANNOT_OPEN
    (opened,) = open_letter(letter("a..b.c.d"), LINDE, (KEY,))
    assert opened.fault is Fault.CANNOT_OPEN


async def crossed_letter(street: Any, gate: SmallGate) -> tuple[Any, Any, str, Event]:
    """A letter whose seal is for another came in at the local team, which said so, and its sender heard it."""
    recipient, sender = await street.office(LINDE), await street.office(VT)
    case = await opened_case(sender)
    await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE, GI], body={}, manifest=contents())
    to_linde, to_gi = (parse_event(row.value) for row in await sender.sent("dossiers.shared"))
    crossed = to_linde.model_copy(update={"data": to_linde.data.model_copy(update={"sealed": to_gi.data.sealed})})
    await recipient.take(made(gate, crossed)[LINDE])
    (told,) = await recipient.sent("dossiers.rejected")
    rejection = made(gate, parse_event(told.value))
    await sender.take(rejection[VT])
    await recipient.take(rejection[LINDE])
    return sender, recipient, case, to_linde


def made(gate: SmallGate, event: Event) -> dict[str, Any]:
    """Delivered as the gate would: the entry lists the sections."""
    value = event.encode()
    key = SigningKey.from_file(gate.home / "keys" / event.source / "signing.jwk")
    return gate.accept(value, sign_detached(value, key), sections=telling.sections(event, Case(event.subject)))


async def kinds(office: Any, ref: str) -> set[str]:
    return {task["kind"] for task in await office.get("/api/worklist", ref)}


async def test_both_sides_see_a_letter_that_cannot_be_used_until_it_is_sent_anew(
    any_street: Any, gate: SmallGate
) -> None:
    """With the item and the reason in the status and on both worklists. Shared anew the recipient can read it and pass
    it on, and nobody has to do anything any more.
    """
    sender, recipient, case, letter = await crossed_letter(any_street, gate)
    (item,) = [section.item for section in letter.data.manifest.sections]  # type: ignore[union-attr]
    (wrong,) = (await sender.get(f"/api/messages/{letter.id}", "vt-1"))["rejected"]
    assert (wrong["item"], wrong["reason"], wrong["by"], wrong["mended_at"]) == (item, "CANNOT_OPEN", LINDE, None)
    assert "REJECTED" in await kinds(sender, "vt-1") and "UNUSABLE" in await kinds(recipient, "linde-1")
    again = {"purpose": "HANDOVER", "sections": [{"forward": item, "bases": section()["bases"]}]}
    (shared,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=again)
    row = next(row for row in await sender.sent("dossiers.shared") if row.id == shared["id"])
    delivered = made(gate, parse_event(row.value))
    await recipient.take(delivered[LINDE])
    await sender.take(delivered[VT])
    assert (await sender.get(f"/api/messages/{letter.id}", "vt-1"))["rejected"][0]["mended_at"] is not None
    assert "REJECTED" not in await kinds(sender, "vt-1") and "UNUSABLE" not in await kinds(recipient, "linde-1")
    content = await recipient.get(f"/api/inbox/{shared['id']}/content", "linde-1")
    assert [part["text"] for part in content["sections"]] == [TEXT]
    await recipient.send("dossiers.shared", "linde-1", case=case, to=[GI], body={}, manifest=again)


async def test_a_letter_without_the_item_or_to_another_mends_nothing(any_street: Any, gate: SmallGate) -> None:
    sender, _, case, letter = await crossed_letter(any_street, gate)
    (item,) = [section.item for section in letter.data.manifest.sections]  # type: ignore[union-attr]
    again = {"purpose": "HANDOVER", "sections": [{"forward": item, "bases": section()["bases"]}]}
    for to, manifest in ((LINDE, contents()), (GI, again)):
        (shared,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[to], body={}, manifest=manifest)
        row = next(row for row in await sender.sent("dossiers.shared") if row.id == shared["id"])
        await sender.take(made(gate, parse_event(row.value))[VT])
    assert "REJECTED" in await kinds(sender, "vt-1")


async def test_a_professional_says_that_an_item_is_not_what_it_is_called(any_street: Any, gate: SmallGate) -> None:
    """Signed as decided by that person; at the sender it stands with the letter until something is shared anew."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    sent = parse_event((await sender.sent("dossiers.shared"))[0].value)
    await recipient.take(made(gate, sent)[LINDE])
    body = {"message": letter["id"], "item": next(iter(sent.data.sealed)), "reason": "CATEGORY_UNTRUE"}
    (said,) = await recipient.send("dossiers.rejected", "linde-1", case=case, to=[VT], body=body)
    (row,) = await recipient.sent("dossiers.rejected")
    event = parse_event(row.value)
    assert (said["id"], row.automatic, event.data.by.ref) == (event.id, False, "linde-1")  # type: ignore[union-attr]
    await sender.take(made(gate, event)[VT])
    assert [wrong["reason"] for wrong in (await sender.get(f"/api/messages/{letter['id']}", "vt-1"))["rejected"]] == [
        "CATEGORY_UNTRUE"
    ]
    (other,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    row = next(row for row in await sender.sent("dossiers.shared") if row.id == other["id"])
    await sender.take(made(gate, parse_event(row.value))[VT])
    assert "REJECTED" not in await kinds(sender, "vt-1")


async def test_holes_of_the_gates_own_words_do_not_hold_back_receipts(any_street: Any, gate: SmallGate) -> None:
    """They show as closed, and what is stored behind them is confirmed."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    slot = slot_of(case, 4)
    gate.notice(LINDE, case, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED"))  # never comes
    await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    await recipient.take(made(gate, parse_event((await sender.sent("dossiers.shared"))[0].value))[LINDE])
    (position,) = await recipient.rows(t.positions)
    assert position.contiguous == 0
    await recipient.take(gate.notice(LINDE, case, service.Gone(recipient=LINDE, sequences=(1,))))
    (position,) = await recipient.rows(t.positions)
    assert position.contiguous == 3
    async with recipient.edge.engine.begin() as connection:
        progress = await recipient.edge.intake.progress(connection, slot)
        assert await recipient.edge.intake.receipt(connection, progress)
    (receipt,) = await recipient.sent("receipts.stored")
    assert receipt.body == {"partition": slot, "up_to": 3}
    (hole, *_) = await recipient.get("/api/inbox", "linde-1")
    assert (hole["missing"], hole["closed"]) == (True, True)


async def test_a_hole_is_asked_for_once(any_street: Any, gate: SmallGate) -> None:
    """No verdict comes: it would be published again every hour, each time with a new term for the sender."""
    office = await any_street.office(LINDE)
    case = f"case:{uuid.uuid4()}"
    notice = service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")
    gate.notice(LINDE, case, notice)
    await office.take(gate.notice(LINDE, case, notice))
    (asked,) = await office.sent("receipts.missing")
    await office.published(asked.position)
    (asked,) = await office.sent("receipts.missing")
    assert asked.status == "sent"


async def test_a_letter_that_was_lost_is_on_the_worklist_of_its_sender(any_street: Any, gate: SmallGate) -> None:
    sender = await any_street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    await sender.decided(letter["id"])
    await sender.take(gate.notice(VT, case, service.Lost(recipient=LINDE, message=letter["id"], sequence=1)))
    assert "LOST" in await kinds(sender, "vt-1")
    assert (await sender.get(f"/api/messages/{letter['id']}", "vt-1"))["lost_at"] is not None
