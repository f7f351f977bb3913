"""One letter worked out to the byte, for whoever writes a client: docs/schemas/example.json.

The keys are the test keys that RFC 8032, RFC 7748 and RFC 8037 print; nobody may use them for anything else. All of it
follows from them but the JWE, which holds a random key: the one written before is kept as long as it opens to the same
text.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from aiokafka.partitioner import murmur2

from schemas.care import DossierShared
from schemas.directory import PublicJwk
from schemas.entry import Entry, EntryBasis, EntryKind, EntryMessage, EntrySection, InboxSequence, Verdict, entry_hash
from schemas.event import Data, Event, message_hash, wire_type
from schemas.manifest import (
    Basis,
    Category,
    Manifest,
    Purpose,
    SealedHeader,
    SealedSection,
    Section,
    Source,
    SourceKind,
    StatementKind,
)
from schemas.parties import Professional
from services.runtime.jose import CannotOpen, SealingKey, SigningKey, open_sealed, seal, sign_compact, sign_detached

SENDER, RECIPIENT = "veilig-thuis-noord", "lokaal-team-linde"
SUBJECT: Final = "case:6b1f6a5e-4a57-4c36-9a53-0d2f4f0b7c11"
MESSAGE: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"
ITEM: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SLOTS: Final = 4
SALT: Final = bytes(range(16))
TEXT: Final = "She sleeps badly since the move; at school nobody knows. – Élise"
_OTHERS: Final = ("thread:00000000-0000-4000-8000-000000000001", "case:00000000-0000-4000-8000-000000000002")


def _jwk(curve: str, kid: str, private: str, public: str) -> dict[str, str]:
    d, x = (base64.urlsafe_b64encode(bytes.fromhex(part)).rstrip(b"=").decode() for part in (private, public))
    return {"kty": "OKP", "crv": curve, "x": x, "d": d, "kid": kid}


KEYS: Final = {
    "sender": _jwk(  # RFC 8032 §7.1 test 1, RFC 8037 A.1
        "Ed25519",
        f"{SENDER}.sign.example",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    "gate": _jwk(  # RFC 8032 §7.1 test 2
        "Ed25519",
        "gate.sign.example",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
    "recipient": _jwk(  # RFC 7748 §6.1, Bob
        "X25519",
        f"{RECIPIENT}.seal.example",
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ),
}


def example(held: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The example; `held`: the one written before, for its JWE."""
    digest = message_hash(SALT + TEXT.encode())
    plaintext = _plaintext()
    jwe = _sealed(plaintext, str(held["section"]["jwe"]) if held else "")
    value = _message(digest, jwe).encode()
    sender, gate = SigningKey.from_jwk(KEYS["sender"]), SigningKey.from_jwk(KEYS["gate"])
    entry = _entry(value, digest).encode()
    sealed_entry = sign_compact(entry, gate)
    return {
        "about": "Made by `estafette schemas`. Test keys of RFC 8032 and RFC 7748; every person is invented.",
        "keys": KEYS,
        "fingerprint_of_sender": PublicJwk(crv="Ed25519", x=KEYS["sender"]["x"]).fingerprint,
        "partitions": [_placed(subject) for subject in (SUBJECT, *_OTHERS)],
        "section": {
            "text": TEXT,
            "salt": base64.urlsafe_b64encode(SALT).rstrip(b"=").decode(),
            "digest": digest,
            "plaintext": plaintext,
            "jwe": jwe,
        },
        "message": {"value": value.decode(), "sha256": message_hash(value), "jws": sign_detached(value, sender)},
        "delivery": {"entry": entry.decode(), "seal": sealed_entry, "entry_hash": entry_hash(sealed_entry)},
    }


def _placed(subject: str) -> dict[str, Any]:
    hashed = murmur2(subject.encode()) & 0x7FFFFFFF
    return {"subject": subject, "murmur2": hashed, "slots": SLOTS, "partition": hashed % SLOTS}


def _plaintext() -> str:
    header = SealedHeader(
        source=SENDER,
        recipient=RECIPIENT,
        subject=SUBJECT,
        message=MESSAGE,
        item=ITEM,
        category=Category.YOUTH_VOICE,
        about=("child-1",),
        kind=StatementKind.HEARSAY,
    )
    salt = base64.urlsafe_b64encode(SALT).rstrip(b"=").decode()
    return SealedSection(header=header, salt=salt, body=TEXT).model_dump_json()


def _sealed(plaintext: str, held: str) -> str:
    key = SealingKey.from_jwk(KEYS["recipient"])
    try:
        if open_sealed(held, [key]) == plaintext.encode():
            return held
    except CannotOpen:
        pass
    return seal(plaintext.encode(), key.public_jwk())


def _message(digest: str, jwe: str) -> Event:
    section = Section(
        item=ITEM,
        category=Category.YOUTH_VOICE,
        about=("child-1",),
        kind=StatementKind.HEARSAY,
        as_of=date(2026, 3, 2),
        source=Source(kind=SourceKind.YOUTH),
        bases=(Basis(person="child-1", secrecy="CONSENT"),),
        digest=digest,
    )
    return Event(
        id=MESSAGE,
        source=SENDER,
        type=wire_type(DossierShared.name),
        subject=SUBJECT,
        time=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        data=Data(
            to=(RECIPIENT,),
            by=Professional(ref="vt-1", function="veilig-thuis-worker"),
            body={},
            manifest=Manifest(purpose=Purpose.JOINT_SUPPORT, sections=(section,)),
            sealed={ITEM: jwe},
        ),
    )


def _entry(value: bytes, digest: str) -> Entry:
    """As a gate that decided nothing before would write it."""
    basis = EntryBasis(person="child-1", secrecy="CONSENT", gdpr="6.1.e")
    about = EntrySection(item=ITEM, category=Category.YOUTH_VOICE, about=("child-1",), digest=digest, bases=(basis,))
    return Entry(
        epoch="00000000-0000-4000-8000-000000000000",
        slot=_placed(SUBJECT)["partition"],
        slot_seq=1,
        case=SUBJECT,
        case_seq=1,
        at=datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC),
        claimed_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        kind=EntryKind.MESSAGE,
        actor=SENDER,
        actor_ref="vt-1",
        recipients=(RECIPIENT,),
        purpose=Purpose.JOINT_SUPPORT,
        message=EntryMessage(source=SENDER, id=MESSAGE, type=DossierShared.name, hash=message_hash(value)),
        sections=(about,),
        verdict=Verdict.DELIVERED,
        inbox=(InboxSequence(inbox=RECIPIENT, sequence=1), InboxSequence(inbox=SENDER, sequence=1)),
        rules="2026.1",
        directory=1,
        keys=(KEYS["sender"]["kid"],),
    )
