"""What an attacker, a careless supplier or a curious operator tries with messages, on a real broker, gate and edge."""

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.directory import KeyUse
from services.gate import quarantine
from services.runtime.jose import sign_detached
from services.runtime.subjects import slot_of
from tests.attacks import forged
from tests.attacks.scene import (
    BERK,
    FAMILY,
    LINDE,
    OVERSIZED,
    SLOTS,
    VT,
    Client,
    Found,
    Scene,
    case_in,
    consent,
    new_case,
    scene,
    until,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
FLOOD = 10_000
MARK = "Robert'); DROP TABLE inbox;--<script>alert(1)</script>"


@pytest.fixture(scope="module")
def system() -> Iterator[Scene]:
    """With a gate; a test starts what else it needs."""
    with scene("gate") as made:
        yield made


@pytest.fixture(scope="module")
def vt(system: Scene) -> Client:
    return system.client(VT)


@pytest.fixture(scope="module")
def berk(system: Scene) -> Client:
    """A local team that has no part in any case here."""
    return system.client(BERK)


@pytest.fixture(scope="module")
def case(vt: Client) -> str:
    """A case of Veilig Thuis in which everything may be shared about the child."""
    made = new_case()
    for name, body in (("cases.opened", FAMILY), ("consents.recorded", consent())):
        assert vt.codes(vt.send(vt.event(name, made, body))) == []
    return made


def opening(client: Client, case: str) -> dict[str, Any]:
    return client.event("cases.opened", case, FAMILY)


def letter(client: Client, case: str, *rows: dict[str, Any], **sealed: str) -> dict[str, Any]:
    manifest = {"purpose": "JOINT_SUPPORT", "sections": list(rows)}
    return client.event("dossiers.shared", case, {}, to=[LINDE], manifest=manifest, sealed=sealed)


def to_linde(system: Scene, client: Client, case: str, text: str) -> dict[str, Any]:
    """A letter with one section, as it should be."""
    row = forged.row(text)
    made = letter(client, case, row)
    key = system.public_key(LINDE, KeyUse.SEAL)
    made["data"]["sealed"] = {row["item"]: forged.sealed(forged.plaintext(made, row, text), key)}
    return made


def stored(system: Scene) -> list[dict[str, Any]]:
    return list(system.ask(LINDE, "GET", "/api/inbox", "linde-1"))


def test_a_message_is_not_believed_unless_signed_as_it_must_be(system: Scene, vt: Client, berk: Client) -> None:
    """Unsigned, wrongly signed, alg none, alg confusion, b64 and crit, another's key and name."""
    tried = {}
    for what in forged.signatures(b"", vt.key, berk.key):
        made = opening(vt, new_case())
        value = json.dumps(made).encode()
        tried[what] = vt.put(value, made["subject"], forged.signatures(value, vt.key, berk.key)[what])
    assert {what: vt.codes(hashed) for what, hashed in tried.items()} == {what: ["UNSIGNED"] for what in tried}

    made = opening(vt, new_case())
    value = json.dumps(made).encode()
    of_berk = vt.put(value, made["subject"], sign_detached(value, berk.key))
    in_the_name_of_berk = vt.send({**opening(vt, new_case()), "source": BERK})
    assert vt.codes(of_berk) == vt.codes(in_the_name_of_berk) == ["WRONG_SOURCE"]


def test_a_message_counts_once_in_one_place_and_not_long_after(system: Scene, vt: Client, berk: Client) -> None:
    """Replay: as it was, with a new id, into another's outbox, under another key, in another partition, a month on."""
    made = opening(vt, new_case())
    value, subject = json.dumps(made).encode(), made["subject"]
    first = vt.put(value, subject)
    assert vt.codes(first) == []
    jws = sign_detached(value, vt.key)
    vt.put(value, subject, jws)
    again = vt.verdict(first, 1)
    assert (again["verdict"], again.get("original_verdict")) == ("DUPLICATE", "DELIVERED")

    renumbered = json.dumps({**made, "id": str(uuid.uuid4())}).encode()
    assert vt.codes(vt.put(renumbered, subject, jws)) == ["UNSIGNED"]
    assert berk.codes(berk.put(value, subject, jws)) == ["WRONG_SOURCE"]
    assert vt.codes(vt.send({**opening(vt, subject), "id": made["id"]})) == ["ID_REUSED"]
    old = (datetime.now(UTC) - timedelta(days=31)).isoformat()
    soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    for time in (old, soon):
        assert vt.codes(vt.send({**opening(vt, new_case()), "time": time})) == ["STALE"]

    subject = new_case()
    elsewhere = [p for p in range(SLOTS) if p != slot_of(subject, SLOTS)]
    tried = [vt.put(json.dumps(opening(vt, subject)).encode(), subject, partition=p) for p in elsewhere]
    assert [vt.codes(hashed) for hashed in tried] == [["WRONG_PARTITION"]] * len(tried)
    assert vt.codes(vt.send(opening(vt, subject))) == [], "the case was not touched"


def test_bytes_that_are_no_message_are_refused_and_the_next_message_goes_on(vt: Client) -> None:
    """Oversized, nested, doubled keys, NaN, huge numbers, wrong encodings: each refused by name, none costs a slot."""
    made = opening(vt, new_case())
    tried = forged.unreadable(made, OVERSIZED)
    hashes = {what: vt.put(value, made["subject"]) for what, (value, _) in tried.items()}
    for what, hashed in hashes.items():
        (reason,) = vt.verdict(hashed)["reasons"]
        assert reason["code"] == ("TOO_LARGE" if what == "oversized" else "MALFORMED"), what
        assert any(tried[what][1] in problem for problem in reason["missing"]), (what, reason["missing"])
    assert vt.codes(vt.send(made)) == []


def test_consent_comes_from_who_has_to_do_with_the_person(system: Scene, vt: Client, berk: Client) -> None:
    """Not from an organisation outside the case, not for who is not in it, not in the words of just anybody."""
    case = new_case()
    assert vt.codes(vt.send(vt.event("cases.opened", case, FAMILY))) == []
    outside = [berk.send(berk.event("consents.recorded", each, consent())) for each in (case, new_case())]
    assert [berk.codes(hashed) for hashed in outside] == [["NOT_A_PARTY"], ["NOT_A_PARTY"]]
    assert berk.verdict(outside[0])["reasons"] == berk.verdict(outside[1])["reasons"], "outsiders learn nothing"
    for speaker in ("neighbour", "mother"):
        stranger = vt.send(vt.event("consents.recorded", case, consent(about="neighbour", by=speaker)))
        assert set(vt.codes(stranger)) == {"PERSON_UNKNOWN"}
    child_for_mother = vt.send(vt.event("consents.recorded", case, consent(about="mother", by="child-1")))
    assert vt.codes(child_for_mother) == ["ROLE_NOT_ALLOWED"]
    assert vt.codes(vt.send(to_linde(system, vt, case, "without any yes"))) == ["CONSENT_INCOMPLETE"]


def test_a_section_is_what_its_letter_says_or_is_sent_back(system: Scene, vt: Client, case: str) -> None:
    """Copied from another letter, another header, another text, another's key, compressed, altered: told by machine."""
    system.start(LINDE)
    key, text = system.public_key(LINDE, KeyUse.SEAL), "what only Linde may read"
    other_key = system.public_key(BERK, KeyUse.SEAL)
    first = to_linde(system, vt, case, text)
    assert vt.codes(vt.send(first)) == []
    (copied,) = first["data"]["manifest"]["sections"]
    rows = {name: forged.row(text) for name in ("good", "header", "digest", "key", "zip", "bomb", "tag", "text")}
    made = letter(vt, case, copied, *rows.values())
    plain = {name: forged.plaintext(made, row, text) for name, row in rows.items()}
    plain["header"] = forged.plaintext(made, rows["header"], text, category="HEALTH")
    plain["digest"] = forged.plaintext(made, rows["digest"], text + " and more")
    plain["bomb"] = forged.plaintext(made, rows["bomb"], " " * 32 * 1024 * 1024)
    plain["text"] = b"no JSON at all"
    jwe = {name: forged.sealed(plain[name], other_key if name == "key" else key) for name in rows}
    jwe |= {name: forged.sealed(plain[name], key, zip="DEF") for name in ("zip", "bomb")}
    jwe["tag"] = forged.with_bad_tag(jwe["tag"])
    made["data"]["sealed"] = {rows[name]["item"]: jwe[name] for name in rows} | first["data"]["sealed"]
    assert vt.codes(vt.send(made)) == []

    wanted = {
        copied["item"]: "HEADER_MISMATCH", rows["header"]["item"]: "HEADER_MISMATCH", rows["digest"]["item"]: "DIGEST",
        **{rows[name]["item"]: "CANNOT_OPEN" for name in ("key", "zip", "bomb", "tag", "text")},
    }  # fmt: skip
    vt.inbox.first(lambda found: stored_notice(found, made), "the letter to be stored: all about it was said before")
    assert rejections(vt, made) == wanted
    content = system.ask(LINDE, "GET", f"/api/inbox/{made['id']}/content", "linde-1")
    shown = {section["item"]: section["text"] for section in content["sections"]}
    assert {item for item, seen in shown.items() if seen} == {rows["good"]["item"]}


def stored_notice(found: Found, made: dict[str, Any]) -> bool:
    return found.name == "notices.stored" and made["id"] in found.body["messages"]


def rejections(client: Client, made: dict[str, Any]) -> dict[str, str]:
    """What the receiver's machine said of each item of a letter."""
    told = [found.body for found in client.inbox.more() if found.name == "dossiers.rejected"]
    return {body["item"]: body["reason"] for body in told if body["message"] == made["id"]}


def test_a_delivery_that_is_withheld_or_moved_is_missed(system: Scene, vt: Client, case: str) -> None:
    """The operator takes one of three letters out of an inbox and swaps the others, while the edge is down. The edge
    asks for what is not there, and takes in what is, each once.
    """
    system.start(LINDE)
    system.stop(LINDE)
    texts = ("first", "second", "third")
    letters = [to_linde(system, vt, case, text) for text in texts]
    for made in letters:
        assert vt.codes(vt.send(made)) == []
    topic, partition = f"{LINDE}.inbox", slot_of(case, SLOTS)
    reading = system.reading("admin", topic)
    ids = [made["id"] for made in letters]
    until(lambda: {found.event["id"] for found in reading.more()} >= set(ids), "the letters in the inbox")
    records = {found.event["id"]: found for found in reading.records}
    reading.close()
    replace(system, topic, partition, [records[ids[2]], records[ids[0]], records[ids[0]]])
    system.start(LINDE)

    until(lambda: {ids[0], ids[2]} <= {row.get("id") for row in stored(system)}, "what is left to be stored")
    system.ask(LINDE, "GET", f"/api/inbox/{ids[0]}/content", "linde-1")
    vt.inbox.first(lambda found: opened_notice(found, ids[0]), "what the edge says after it has asked")
    asked = [found.body["message"] for found in vt.inbox.records if found.name == "notices.resend_due"]
    assert ids[1] in asked
    there = [row["id"] for row in stored(system) if row.get("id") in ids]
    assert sorted(there) == sorted([ids[0], ids[2]])


def opened_notice(found: Found, message: str) -> bool:
    return found.name == "dossiers.opened" and found.body["message"] == message


def replace(system: Scene, topic: str, partition: int, records: list[Found]) -> None:
    """What only who runs the brokers can do: delete a log, and write another."""
    config = system.settings.kafka("admin").confluent()
    admin = AdminClient(config)
    for future in admin.delete_records([TopicPartition(topic, partition, -1)]).values():
        future.result(30)
    producer = Producer(config)
    for record in records:
        producer.produce(topic, record.value, record.key, partition, headers=list(record.headers.items()))
    assert producer.flush(30) == 0


def test_markup_and_queries_in_a_text_reach_no_page_and_no_ledger(system: Scene, vt: Client, case: str) -> None:
    """SQL and HTML in every text field and in names of fields: refused, or never repeated, up to the audit."""
    system.start(LINDE, "ledger")
    began = datetime.now(UTC)
    whole = to_linde(system, vt, case, MARK)
    opened = opening(vt, new_case())
    places = [(whole, path) for path in forged.leaves(whole)] + [(opened, path) for path in forged.leaves(opened)]
    assert len(places) > 40
    tried = [json.dumps(forged.altered(made, path, MARK)).encode() for made, path in places]
    tried += [json.dumps({**opened, "data": {**opened["data"], name: {MARK: MARK}}}).encode() for name in ("body", "x")]
    tried.append(json.dumps({**opened, MARK: 1}).encode())
    hashes = [vt.put(value, case) for value in tried]
    assert all(vt.codes(hashed) for hashed in hashes), "every one is refused"
    accepted = {**to_linde(system, vt, case, MARK), "dataschema": MARK}
    assert vt.codes(vt.send(accepted)) == [], "the one field that may hold any text is kept out of everything"

    audit = until(lambda: audited(system, began, accepted["id"]), "the audit to be up to date")
    pages = [audit, json.dumps(stored(system)), system.log("gate"), system.log("ledger"), system.log(LINDE)]
    pages += [payload(found) for found in entries_of(system, *hashes)]
    pages += [json.dumps(vt.verdict(hashed)) for hashed in hashes]
    assert [page for page in pages if "<script" in page or "DROP TABLE" in page or "Robert" in page] == []


def audited(system: Scene, since: datetime, message: str) -> str | None:
    """The answer to a privacy officer about all since a moment, once it has this message."""
    path = f"/api/organisations/{VT}/audit?since={since:%Y-%m-%dT%H:%M:%SZ}"
    found = json.dumps(system.ask(VT, "GET", path, "vt-fg", at="ledger"))
    return found if message in found else None


def entries_of(system: Scene, *hashes: str) -> list[Found]:
    """The ledger, once it tells of all of these messages."""
    missing, ledger = set(hashes), system.reading("ledger", "ledger")

    def complete(found: Found) -> bool:
        missing.difference_update(hashes_in(found))
        return not missing

    ledger.first(complete, "the ledger to tell of it")
    ledger.close()
    return ledger.records


def payload(found: Found) -> str:
    part = found.value.split(b".")[1]
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()


def hashes_in(found: Found) -> list[str]:
    message = json.loads(payload(found)).get("message")
    return [message["hash"]] if message else []


def test_a_flood_of_bad_messages_leaves_the_others_their_turn(system: Scene, vt: Client, berk: Client) -> None:
    """10,000 in a row: another's message is decided among them, the own next one after them, and the quarantine keeps
    only the first, in number and in bytes.
    """
    slot = 2
    system.stop("gate")  # so that all of it is there before the first is decided
    big = [vt.put(b"[" + b" " * OVERSIZED + str(n).encode() + b"]", case_in(slot)) for n in range(2)]
    flood = [vt.put(b'{"bad": %d}' % n, case_in(slot), "none..none", wait=False) for n in range(FLOOD)]
    vt.flush()
    good = berk.send(opening(berk, case_in(slot)))
    own = vt.send(opening(vt, case_in(slot)))
    system.start("gate")
    assert berk.codes(good) == [] and vt.codes(own) == []
    assert [vt.codes(hashed) for hashed in big] == [["TOO_LARGE"]] * 2

    entries = entries_of(system, flood[-1], own, good)
    order = [told for found in entries if found.partition == slot for told in hashes_in(found)]
    assert order.index(good) < order.index(flood[FLOOD // 2]), "the flood left no turn to another"
    assert order.index(flood[-1]) < order.index(own)

    kept = system.reading("operator", "quarantine")
    until(lambda: any(found.value == b'{"bad": 0}' for found in kept.more()), "the first of the flood to be kept")
    sizes = [len(found.value) for found in kept.more() if found.partition == slot]
    kept.close()
    assert len(sizes) <= quarantine.COPIES and sum(sizes) <= quarantine.BYTES
