"""What an edge does with orders and deliveries, on SQLite and on PostgreSQL alike."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from schemas import service
from schemas.entry import EntryHandover, EntryRegie, Resend, entry_hash
from schemas.event import parse_event
from schemas.handovers import HandoverKind, HandoverState
from schemas.refusal import Mend, Reason, Refusal
from services.organisation import store
from services.organisation import tables as t
from services.organisation.deliveries import Reason as Rejection
from services.runtime.jose import SigningKey, sign_compact, sign_detached
from services.runtime.subjects import slot_of
from tests.organisation.small_gate import SmallGate, with_header

VT, LINDE, GI = "veilig-thuis-noord", "lokaal-team-linde", "gi-noord"
OPENED = {
    "persons": [{"ref": "child-1", "role": "YOUTH", "birth_date": "2015-01-01"}],
    "lead": {"ref": "vt-1", "function": "veilig-thuis-worker", "registration": "SKJ", "competences": ["SAFETY"]},
}
TEXT = "what only the recipient may read"


def section(**more: Any) -> dict[str, Any]:
    told = {
        "category": "CONCERNS",
        "about": ["child-1"],
        "kind": "OBSERVATION",
        "as_of": "2026-03-01",
        "source": {"kind": "OWN_OBSERVATION"},
        "bases": [{"person": "child-1", "secrecy": "CONSENT"}],
        "text": TEXT,
    }
    return {**told, **more}


def contents(*sections: dict[str, Any]) -> dict[str, Any]:
    return {"purpose": "HANDOVER", "sections": list(sections or (section(),))}


async def opened_case(office: Any) -> str:
    """A case that the gate accepted, opened here."""
    (message,) = await office.send("cases.opened", "vt-1", body=OPENED)
    regie = EntryRegie(holder_before=None, holder_after=office.slug)
    await office.decided(message["id"], regie=regie)
    return str(message["subject"])


async def delivered_letter(street: Any) -> tuple[Any, Any, str, str]:
    """Veilig Thuis sent the local team a letter, which the gate delivered: sender, recipient, case and message."""
    recipient, sender = await street.office(LINDE), await street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    made = await sender.decided(letter["id"])
    await recipient.take(made[LINDE])
    return sender, recipient, case, letter["id"]


async def test_an_order_is_queued_and_follows_the_verdict(any_street: Any, gate: SmallGate) -> None:
    """Queued at once; delivered with the hash of the entry; the case then shows persons, regie and what was said."""
    office = await any_street.office(VT)
    (message,) = await office.send("cases.opened", "vt-1", body=OPENED)
    assert (await office.get(f"/api/messages/{message['id']}", "vt-1"))["status"] == "queued"
    made = await office.decided(message["id"], regie=EntryRegie(holder_before=None, holder_after=VT))
    shown = await office.get(f"/api/messages/{message['id']}", "vt-1")
    assert shown["status"] == "delivered"
    assert shown["entry_hash"] == entry_hash(dict(made[VT].headers)["seal"])
    case = await office.get(f"/api/cases/{message['subject']}", "vt-1")
    assert (case["regie"], case["phase"], case["open"]) == (VT, "STABLE_SAFETY", True)
    assert [person["ref"] for person in case["persons"]] == ["child-1"]
    assert [step["name"] for step in case["timeline"]] == ["cases.opened"]


async def test_a_refusal_is_told_in_words(any_street: Any, gate: SmallGate) -> None:
    """Every reason comes with a sentence and with what would mend it, and stands on the worklist."""
    office = await any_street.office(VT)
    await office.send("cases.opened", "vt-1", body=OPENED)
    (row,) = await office.sent()
    reason = Reason(code=Refusal.CONSENT_INCOMPLETE, person="child-1", missing=("mother",), mend=(Mend.ASK_CONSENT,))
    await office.take(gate.refuse(row.value, reason))
    shown = await office.get(f"/api/messages/{row.id}", "vt-1")
    assert shown["status"] == "refused"
    assert shown["reasons"][0]["code"] == "CONSENT_INCOMPLETE"
    assert "consent" in shown["reasons"][0]["text"]
    assert shown["reasons"][0]["how_to_mend"] == ["ask consent of mother"]
    assert [task["kind"] for task in await office.get("/api/worklist", "vt-1")] == ["REFUSED"]


async def test_a_dry_run_is_judged_and_changes_nothing(any_street: Any, gate: SmallGate) -> None:
    """Its verdict stands in its status; no case, no item and no ciphertext come of it."""
    office = await any_street.office(VT)
    case = await opened_case(office)
    order = {"case": case, "to": [LINDE], "body": {}, "manifest": contents(), "dry_run": True}
    (asked,) = await office.send("dossiers.shared", "vt-1", **order)
    (row,) = await office.sent("dossiers.shared")
    event = parse_event(row.value)
    assert event.dry_run
    assert event.data.sealed == {}
    await office.take(gate.dry_run(row.value, Reason(code=Refusal.NO_BASIS, person="child-1")))
    assert (await office.get(f"/api/messages/{asked['id']}", "vt-1"))["status"] == "refused"
    assert await office.rows(t.items) == []
    assert len((await office.get(f"/api/cases/{case}", "vt-1"))["timeline"]) == 1


async def test_the_same_key_has_one_effect_and_one_answer(any_street: Any) -> None:
    """A repeated request is answered as the first; another message under the same key is turned down."""
    office = await any_street.office(VT)
    first = await office.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": OPENED}, Idempotency_Key="k1")
    again = await office.ask("POST", "/api/messages/cases.opened", "vt-1", {"body": OPENED}, Idempotency_Key="k1")
    other = {"body": {**OPENED, "phase": "RECOVERY"}}
    changed = await office.ask("POST", "/api/messages/cases.opened", "vt-1", other, Idempotency_Key="k1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert changed.status_code == 422
    assert len(await office.sent()) == 1


async def test_a_letter_is_sealed_to_each_recipient_with_one_digest(any_street: Any) -> None:
    """Several recipients get a letter each; the item and its digest are the same, the seal is not."""
    office = await any_street.office(VT)
    case = await opened_case(office)
    await office.send("dossiers.shared", "vt-1", case=case, to=[LINDE, GI], body={}, manifest=contents())
    one, two = (parse_event(row.value) for row in await office.sent("dossiers.shared"))
    assert (one.data.to, two.data.to) == ((LINDE,), (GI,))
    assert one.data.manifest == two.data.manifest
    assert one.data.manifest is not None
    item = one.data.manifest.sections[0].item
    assert one.data.sealed[item] != two.data.sealed[item]
    assert TEXT.encode() not in b"".join(row.value for row in await office.sent("dossiers.shared"))


async def test_opening_a_letter_shows_its_text_and_is_told_once(any_street: Any, gate: SmallGate) -> None:
    """The sections with their text; `dossiers.opened` is queued at the first opening only, and the sender sees when."""
    sender, recipient, _, letter = await delivered_letter(any_street)
    for _ in range(2):
        content = await recipient.get(f"/api/inbox/{letter}/content", "linde-1")
        assert [(s["text"], s["blocked"], s["fault"]) for s in content["sections"]] == [(TEXT, False, None)]
    (told,) = await recipient.sent("dossiers.opened")
    assert (told.recipients, told.by_ref, told.body["message"]) == ([VT], "linde-1", letter)
    gate.now += timedelta(hours=1)
    await sender.take(gate.accept(told.value, told.jws)[VT])
    assert (await sender.get(f"/api/messages/{letter}", "vt-1"))["opened_at"] is not None


async def test_what_is_stored_is_receipted_and_the_sender_sees_it(any_street: Any, gate: SmallGate) -> None:
    """One receipt for what another party sent; none for verdicts, notices or checkpoints."""
    sender, recipient, case, letter = await delivered_letter(any_street)
    for office in (sender, recipient):
        async with office.edge.engine.begin() as connection:
            progress = await office.edge.intake.progress(connection, slot_of(case, 4))
            made = await office.edge.intake.receipt(connection, progress)
        assert made is (office is recipient)
    (receipt,) = await recipient.sent("receipts.stored")
    assert (receipt.subject, receipt.body) == (case, {"partition": slot_of(case, 4), "up_to": 1})
    await sender.take(gate.notice(VT, case, service.StoredNotice(recipient=LINDE, messages=(letter,))))
    assert (await sender.get(f"/api/messages/{letter}", "vt-1"))["stored_at"] is not None


async def test_the_same_record_read_again_changes_nothing(any_street: Any) -> None:
    """After a crash records come again: one row, one receipt, one timeline."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    record = (await sender.decided(letter["id"]))[LINDE]
    await recipient.take(record)
    before = [len(await recipient.rows(table)) for table in t.metadata.sorted_tables]
    await recipient.take(record, record)
    assert [len(await recipient.rows(table)) for table in t.metadata.sorted_tables] == before


async def test_a_hole_in_the_inbox_shows_and_is_reported(any_street: Any, gate: SmallGate) -> None:
    """A missing sequence is a row of the inbox, is asked for, and holds back the receipt until it is closed."""
    office = await any_street.office(LINDE)
    case = f"case:{uuid.uuid4()}"
    slot = slot_of(case, 4)
    notice = service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")
    gate.notice(LINDE, case, notice)  # sequence 1 never comes
    await office.take(gate.notice(LINDE, case, notice))
    rows = await office.get("/api/inbox", "linde-1")
    assert [(r["sequence"], r.get("missing", False)) for r in rows] == [(1, True), (2, False)]
    (asked,) = await office.sent("receipts.missing")
    assert asked.body == {"partition": slot, "sequences": [1]}
    (position,) = await office.rows(t.positions)
    assert (position.highest, position.contiguous) == (2, 0)
    await office.take(gate.notice(LINDE, case, service.Lost(recipient=LINDE, message=str(uuid.uuid4()), sequence=1)))
    (position,) = await office.rows(t.positions)
    assert position.contiguous == 3


async def test_a_record_without_a_true_seal_is_kept_and_not_believed(any_street: Any, gate: SmallGate) -> None:
    """Forged, foreign or misplaced seals: rejected with the reason; nothing is applied and no place is taken."""
    office = await any_street.office(LINDE)
    subject = f"case:{uuid.uuid4()}"
    good = gate.notice(LINDE, subject, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED"))
    forger = SigningKey("gate.sign.forged", SigningKey.generate("x")._key)
    theirs = SigningKey.from_file(gate.home / "keys" / VT / "signing.jwk")
    elsewhere = SmallGate(gate.home)
    elsewhere.epoch = str(uuid.uuid4())
    for_others = gate.notice(GI, subject, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED"))
    cases = [
        (with_header(good, seal=b""), Rejection.NO_SEAL),
        (with_header(good, seal=sign_compact(b"{}", forger).encode()), Rejection.SEAL_FORGED),
        (with_header(good, seal=sign_compact(b"{}", theirs).encode()), Rejection.SEAL_FORGED),
        (with_header(good, seal=sign_compact(b"{}", gate.key).encode()), Rejection.SEAL_UNREADABLE),
        (elsewhere.notice(LINDE, subject, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED")),
         Rejection.OTHER_EPOCH),
        (good._replace(partition=(good.partition + 1) % 4), Rejection.OTHER_SLOT),
        (for_others, Rejection.OTHER_INBOX),
    ]  # fmt: skip
    for offset, (record, _) in enumerate(cases):
        office.edge.intake.checker.check(record)
        await take_unrefreshed(office, record._replace(offset=1000 + offset))
    rejected = {row.offset - 1000: row.reason for row in await office.rows(t.rejected)}
    assert rejected == {offset: reason for offset, (_, reason) in enumerate(cases)}
    assert await office.rows(t.inbox) == []
    assert (await office.ask("GET", f"/api/cases/{subject}", "linde-1")).status_code == 404


async def test_a_message_that_is_not_its_senders_is_kept_and_not_applied(any_street: Any, gate: SmallGate) -> None:
    """Under a true seal, a forged signature or other bytes: the place is taken, the message rejected and asked anew."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    key = SigningKey.from_file(gate.home / "keys" / GI / "signing.jwk")
    for number, spoil in enumerate(("signature", "source", "bytes")):
        (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
        record = (await sender.decided(letter["id"]))[LINDE]
        value = record.value or b""
        if spoil == "signature":
            record = with_header(record, jws=sign_detached(b"other", key).encode())
        elif spoil == "source":
            record = with_header(record, jws=sign_detached(value, key).encode())
        else:
            own = SigningKey.from_file(gate.home / "keys" / VT / "signing.jwk")
            changed = value.replace(b'"on_request":false', b'"on_request":true')
            record = with_header(record, jws=sign_detached(changed, own).encode())._replace(value=changed)
        await take_unrefreshed(recipient, record)
        row = (await recipient.rows(t.inbox))[number]
        expected = {"signature": "SIGNATURE_FORGED", "source": "WRONG_SOURCE", "bytes": "HASH"}[spoil]
        assert (row.state, row.reason) == ("rejected", expected)
    assert await recipient.rows(t.items) == []
    assert [row.body["sequences"] for row in await recipient.sent("receipts.missing")] == [[1], [2], [3]]
    assert (await recipient.ask("GET", f"/api/inbox/{letter['id']}/content", "linde-1")).status_code == 404


async def take_unrefreshed(office: Any, record: Any) -> None:
    """Without Kafka the directory cannot be read anew; what it holds is all there is."""

    async def nothing() -> None:
        return None

    await replace(office.edge.intake, refresh=nothing).take([record])


async def test_another_record_in_a_taken_place_is_rejected(any_street: Any, gate: SmallGate) -> None:
    """Two seals for one sequence: the first stands."""
    office = await any_street.office(LINDE)
    subject = f"case:{uuid.uuid4()}"
    first = gate.notice(LINDE, subject, service.RegieMoved(regie_from=None, regie_to=VT, how="OPENED"))
    gate.sequences.clear()
    second = gate.notice(LINDE, subject, service.RegieMoved(regie_from=None, regie_to=GI, how="OPENED"))
    await office.take(first, second)
    assert [row.reason for row in await office.rows(t.rejected)] == ["SEQUENCE_REUSED"]
    assert (await office.get(f"/api/cases/{subject}", "linde-1"))["regie"] == VT


async def test_a_fault_in_one_record_stops_neither_it_nor_the_others(any_street: Any, gate: SmallGate) -> None:
    """A record this program fails on is kept and marked; the batch around it is applied."""
    office = await any_street.office(VT)
    await office.send("cases.opened", "vt-1", body=OPENED)
    (row,) = await office.sent()
    async with office.edge.engine.begin() as connection:
        await connection.execute(t.sent.update().values(body={"persons": "not what it was"}))
    broken = gate.accept(row.value, row.jws)[VT]
    subjects = [f"case:{uuid.uuid4()}" for _ in range(2)]
    told = service.RegieMoved(regie_from=None, regie_to=GI, how="OPENED")
    await office.take(gate.notice(VT, subjects[0], told), broken, gate.notice(VT, subjects[1], told))
    states = {r.name: (r.state, r.reason) for r in await office.rows(t.inbox)}
    assert states == {"regie.moved": ("accepted", None), "verdicts.given": ("rejected", "INTERNAL_ERROR")}
    assert {case["subject"] for case in await office.get("/api/cases", "vt-1")} == set(subjects)


async def test_a_section_that_does_not_open_is_reported_to_its_sender(any_street: Any, gate: SmallGate) -> None:
    """The machine opens every section on arrival: one sealed to another, or with another text, is rejected by code."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE, GI], body={}, manifest=contents())
    to_linde, to_gi = (parse_event(row.value) for row in await sender.sent("dossiers.shared"))
    key = SigningKey.from_file(gate.home / "keys" / VT / "signing.jwk")
    crossed = to_linde.model_copy(update={"data": to_linde.data.model_copy(update={"sealed": to_gi.data.sealed})})
    value = crossed.encode()
    await recipient.take(gate.accept(value, sign_detached(value, key))[LINDE])
    (told,) = await recipient.sent("dossiers.rejected")
    assert (told.recipients, told.body["reason"], told.automatic) == ([VT], "CANNOT_OPEN", True)
    content = await recipient.get(f"/api/inbox/{to_linde.id}/content", "linde-1")
    assert [(s["text"], s["fault"]) for s in content["sections"]] == [(None, "CANNOT_OPEN")]


async def test_a_received_item_travels_on_unchanged(any_street: Any, gate: SmallGate) -> None:
    """Forwarding keeps item, digest, about, kind, source and day; only the basis is stated anew."""
    sender, recipient, case, _ = await delivered_letter(any_street)
    (held,) = await recipient.rows(t.items)
    assert held.text is None  # nothing of a received letter is kept in the clear
    forward = {"forward": held.item, "bases": [{"person": "child-1", "secrecy": "G10"}]}
    order = {"case": case, "to": [GI], "body": {}, "manifest": contents(forward)}
    await recipient.send("dossiers.shared", "linde-1", **order)
    (row,) = await recipient.sent("dossiers.shared")
    before = parse_event((await sender.sent("dossiers.shared"))[0].value).data.manifest
    after = parse_event(row.value).data.manifest
    assert before is not None
    assert after is not None
    assert after.sections[0].model_copy(update={"bases": before.sections[0].bases}) == before.sections[0]
    assert after.sections[0].bases[0].secrecy == "G10"


async def test_a_withdrawal_stops_what_waits_in_the_queue(any_street: Any) -> None:
    """A letter that relies on the consent and is not with Kafka yet is blocked at once; another is not, nor is one of
    another case, where the same ref is another person."""
    office = await any_street.office(VT)
    case, other = await opened_case(office), await opened_case(office)
    statement = str(uuid.uuid4())
    scope = {"categories": ["CONCERNS"], "recipients": ["LOCAL_TEAM"], "purposes": ["HANDOVER"]}
    consent = {"statement": statement, "about": "child-1", "given_by": "mother", "decision": "GRANTED", "scope": scope}
    await office.send("consents.recorded", "vt-1", case=case, body={**consent, "how_asked": "IN_PERSON"})
    letters = await office.send("dossiers.shared", "vt-1", case=case, to=[LINDE, GI], body={}, manifest=contents())
    grounded = contents(section(bases=[{"person": "child-1", "secrecy": "G10"}]))
    letters += await office.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=grounded)
    letters += await office.send("dossiers.shared", "vt-1", case=other, to=[LINDE], body={}, manifest=contents())
    await office.send("consents.withdrawn", "vt-1", case=case, body={"statement": statement})
    shown = [(await office.get(f"/api/messages/{letter['id']}", "vt-1"))["status"] for letter in letters]
    assert shown == ["blocked", "queued", "queued", "queued"]
    assert [row.name for row in await office.sent() if row.status == "queued"].count("consents.withdrawn") == 1


async def test_items_under_a_withdrawn_consent_stay_closed(any_street: Any, gate: SmallGate) -> None:
    """What was not opened before the notice shows no text, and cannot be forwarded."""
    _, recipient, case, letter = await delivered_letter(any_street)
    (held,) = await recipient.rows(t.items)
    body = service.ConsentWithdrawnNotice(statement=str(uuid.uuid4()), about="child-1", items=(held.item,))
    await recipient.take(gate.notice(LINDE, case, body))
    content = await recipient.get(f"/api/inbox/{letter}/content", "linde-1")
    assert [(s["text"], s["blocked"]) for s in content["sections"]] == [(None, True)]
    order = {"case": case, "to": [GI], "body": {}, "manifest": contents({"forward": held.item})}
    refused = await recipient.ask("POST", "/api/messages/dossiers.shared", "linde-1", order)
    assert refused.status_code == 422
    assert "withdrawn" in refused.json()["problems"][0]
    assert "WITHDRAWN" in [task["kind"] for task in await recipient.get("/api/worklist", "linde-1")]


async def test_a_letter_the_recipient_misses_is_sealed_and_sent_again(any_street: Any, gate: SmallGate) -> None:
    """Same items and digests under a new id that names the old; the recipient's hole closes when it arrives."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    await sender.decided(letter["id"])  # the delivery is lost
    due = service.ResendDue(recipient=LINDE, message=letter["id"], sequence=1)
    await sender.take(gate.notice(VT, case, due), gate.notice(VT, case, due))
    first, second = await sender.sent("dossiers.shared")
    again = parse_event(second.value)
    assert again.data.resend_of == letter["id"]
    assert again.data.manifest == parse_event(first.value).data.manifest
    resends = Resend(message=letter["id"], sequence=1)
    await recipient.take(gate.accept(second.value, second.jws, resends=resends)[LINDE])
    (position,) = await recipient.rows(t.positions)
    assert (position.highest, position.contiguous) == (2, 2)
    content = await recipient.get(f"/api/inbox/{again.id}/content", "linde-1")
    assert content["sections"][0]["text"] == TEXT


async def test_handovers_and_regie_follow_the_entries(any_street: Any, gate: SmallGate) -> None:
    """State, sight and work come from what the gate wrote, not from what the message says."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    handover = str(uuid.uuid4())
    plan = {"child": "child-1", "by": [{"kind": "PROFESSIONAL", "function": "worker"}], "every_days": 7}
    body = {"handover": handover, "reason": "NEGLECT", "phase": "DIRECT_SAFETY", "sight": [plan]}
    (proposed,) = await sender.send("handovers.proposed", "vt-1", case=case, to=[LINDE], body=body)
    made = await sender.decided(proposed["id"], handover=_stands(handover, HandoverState.PROPOSED))
    await recipient.take(made[LINDE])
    shown = await recipient.get(f"/api/cases/{case}", "linde-1")
    assert [(h["id"], h["state"], h["receiver"]) for h in shown["handovers"]] == [(handover, "PROPOSED", LINDE)]
    assert [(s["child"], s["owner"]) for s in shown["sight"]] == [("child-1", VT)]
    work = await recipient.get("/api/worklist", "linde-1")
    assert [(w["kind"], w["handover"]) for w in work] == [("HANDOVER", handover)]
    (row,) = await recipient.get("/api/received?kind=VEILIG_THUIS&since=2026-03-02&until=2026-03-02", "linde-1")
    assert (row["kind"], row["state"], row["outcome"]) == ("REGIE", "PROPOSED", "handovers.proposed")
    assert row["outcome_at"] and row["case_open"] is True
    accepted = {"handover": handover, "first_contact_on": "2026-03-04"}
    (yes,) = await recipient.send("handovers.accepted", "linde-1", case=case, to=[VT], body=accepted)
    done = {
        "handover": _stands(handover, HandoverState.COMPLETED),
        "regie": EntryRegie(holder_before=VT, holder_after=LINDE),
    }
    made = await recipient.decided(yes["id"], **done)
    await sender.take(made[VT])
    (row,) = await recipient.get("/api/received?kind=VEILIG_THUIS", "linde-1")
    assert (row["state"], row["outcome"], row["leads"]) == ("COMPLETED", "handovers.accepted", LINDE)
    for office, ref in ((sender, "vt-1"), (recipient, "linde-1")):
        shown = await office.get(f"/api/cases/{case}", ref)
        assert (shown["regie"], shown["handovers"][0]["state"], shown["sight"]) == (LINDE, "COMPLETED", [])
    assert (await sender.get(f"/api/messages/{proposed['id']}", "vt-1"))["answered_by"] == yes["id"]


async def test_a_sender_lets_go_when_an_emergency_completes(any_street: Any, gate: SmallGate) -> None:
    """Regie moved that night; the plans to see the children end only when the warm part followed."""
    recipient, sender = await any_street.office(LINDE), await any_street.office(VT)
    case = await opened_case(sender)
    handover = str(uuid.uuid4())
    plan = {"child": "child-1", "by": [{"kind": "PROFESSIONAL", "function": "worker"}], "every_days": 7}
    body = {"handover": handover, "reason": "NEGLECT", "phase": "DIRECT_SAFETY", "sight": [plan]}
    (proposed,) = await sender.send("handovers.proposed", "vt-1", case=case, to=[LINDE], body=body)
    made = await sender.decided(proposed["id"], handover=_stands(handover, HandoverState.PROPOSED))
    await recipient.take(made[LINDE])
    night = {
        "handover": _stands(handover, HandoverState.EMERGENCY),
        "regie": EntryRegie(holder_before=VT, holder_after=LINDE),
    }
    owners = []
    for stands in (night, {"handover": _stands(handover, HandoverState.COMPLETED)}):
        accepted = {"handover": handover, "first_contact_on": "2026-03-04"}
        (said,) = await recipient.send("handovers.accepted", "linde-1", case=case, to=[VT], body=accepted)
        await sender.take((await recipient.decided(said["id"], **stands))[VT])
        owners.append([plan["owner"] for plan in (await sender.get(f"/api/cases/{case}", "vt-1"))["sight"]])
    assert owners == [[VT], []]


def _stands(handover: str, state: HandoverState) -> EntryHandover:
    return EntryHandover(id=handover, kind=HandoverKind.REGIE, state=state, sender=VT, receiver=LINDE)


async def test_alerts_show_their_latest_state(any_street: Any, gate: SmallGate) -> None:
    """Raised, escalated and resolved: open while it is, gone from the open ones after."""
    office = await any_street.office(LINDE)
    case, alert = f"case:{uuid.uuid4()}", str(uuid.uuid4())
    told = {"alert": alert, "code": "FIRST_REACTION", "responsible": (LINDE,), "due": gate.now}
    await office.take(gate.notice(LINDE, case, service.AlertRaised(**told, tier=1)))
    await office.take(gate.notice(LINDE, case, service.AlertEscalated(**told, tier=2)))
    (row,) = await office.get(f"/api/alerts?case={case}&state=open", "linde-1")
    assert (row["code"], row["tier"], row["case"]) == ("FIRST_REACTION", 2, case)
    assert (await office.get("/api/worklist", "linde-1"))[0]["text"].startswith("You owe this: first reaction")
    await office.take(gate.notice(LINDE, case, service.AlertResolved(alert=alert, code="FIRST_REACTION", how="MET")))
    assert await office.get(f"/api/alerts?case={case}&state=open", "linde-1") == []
    (row,) = await office.get(f"/api/alerts?case={case}&state=all", "linde-1")
    assert (row["state"], row["tier"]) == ("resolved", 2)


async def test_a_barrier_counts_when_the_edge_has_said_all_it_had_to(any_street: Any, gate: SmallGate) -> None:
    """The lowest over the partitions; not before the receipt that an earlier delivery caused is with Kafka."""
    _, recipient, _, _ = await delivered_letter(any_street)
    gate.now += timedelta(days=1)
    for slot in range(4):
        await recipient.take(gate.checkpoint(LINDE, slot, "000000000001"))
    (receipt,) = await recipient.sent("receipts.stored")
    assert await barrier(recipient) is None
    await recipient.published(receipt.position)
    assert await barrier(recipient) == "000000000001"
    assert recipient.edge.clock.now() == gate.now
    await recipient.take(gate.checkpoint(LINDE, 0, "000000000002"))
    assert await barrier(recipient) == "000000000001"


async def barrier(office: Any) -> str | None:
    edge = office.edge
    await edge.publisher._confirm()
    async with edge.engine.connect() as connection:
        return await store.barrier(connection, edge.epoch, 4)
