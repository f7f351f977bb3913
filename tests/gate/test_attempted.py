"""What a refused letter would have carried stands in the ledger in codes, for who answers for its sender."""

from typing import Any
from uuid import uuid4

import pytest

from schemas.entry import EntrySection, Verdict
from schemas.manifest import Basis, Manifest
from schemas.parties import Professional
from schemas.refusal import Refusal
from services.runtime.jose import sign_detached
from tests.gate.rules.families import JWE
from tests.gate.rules.play import proposal
from tests.gate.test_gate import CHILD, LT, MOTHER, VT, manifest, new_case, opened


@pytest.fixture
def case(bench: Any, worker: Professional) -> str:
    subject = new_case()
    bench.say(VT, subject, opened(worker))
    return subject


def without_basis() -> Manifest:
    whole = manifest()
    bare = tuple(section.model_copy(update={"bases": ()}) for section in whole.sections)
    return whole.model_copy(update={"sections": bare})


def test_the_entry_of_a_refused_letter_lists_its_items_and_claimed_bases(bench: Any, case: str) -> None:
    """Item, category, about whom and on which claim; no statement was relied on, and nothing sealed is repeated."""
    wrong = manifest()
    claimed = Basis(person="mother", secrecy="CONSENT")
    wrong = wrong.model_copy(
        update={"sections": tuple(s.model_copy(update={"bases": (claimed,)}) for s in wrong.sections)}
    )
    outcome = bench.letter(VT, LT, case, proposal(str(uuid4()), (CHILD, MOTHER)), wrong)
    assert outcome.entry.verdict is Verdict.REFUSED
    told = [
        (s.item, s.category, s.about, [(b.person, b.secrecy, b.statements) for b in s.bases])
        for s in outcome.entry.sections
    ]
    assert told == [(s.item, s.category, s.about, [("mother", "CONSENT", ())]) for s in wrong.sections]
    assert outcome.entry.purpose == wrong.purpose
    assert set(EntrySection.model_fields) == {"item", "category", "about", "digest", "bases"}
    assert JWE not in outcome.entry.model_dump_json()


def test_a_delivered_letter_is_told_once_and_the_same_bytes_again_not_at_all(bench: Any, case: str) -> None:
    """An answer to a repeated message is no second attempt."""
    letter = bench.message(
        VT, case, proposal(str(uuid4()), (CHILD, MOTHER)), to=(LT,), manifest=without_basis(),
        sealed={section.item: JWE for section in without_basis().sections},
    ).encode()  # fmt: skip
    assert bench.send(VT, letter, case).entry.sections
    again = bench.send(VT, letter, case).entry
    assert again.verdict is Verdict.DUPLICATE and again.sections == ()


def test_what_nobodys_signature_stands_for_is_not_told(bench: Any, case: str) -> None:
    """A forger must not write what an organisation attempted into the ledger."""
    value = bench.message(VT, case, proposal(str(uuid4()), (CHILD, MOTHER)), to=(LT,), manifest=manifest()).encode()
    forged = bench.send(VT, value, case, jws=sign_detached(value + b" ", bench.signing_key(VT)))
    assert forged.codes == [Refusal.UNSIGNED] and forged.entry.sections == ()
    others = bench.send(VT, value, case, jws=sign_detached(value, bench.signing_key(LT)))
    assert others.codes == [Refusal.WRONG_SOURCE] and others.entry.sections == ()


def test_an_outsiders_attempt_is_told_and_shows_nothing_of_the_case(bench: Any, case: str) -> None:
    """The sections are its own words; the entry is the same for a case that exists and one that does not."""
    carried = manifest()
    entries = [
        bench.letter(LT, VT, subject, "dossiers.shared", carried, raw={"on_request": False}).entry
        for subject in (case, new_case())
    ]
    for entry in entries:
        assert [reason.code for reason in entry.reasons] == [Refusal.NOT_A_PARTY]
        assert entry.case_seq is None
    assert entries[0].sections == entries[1].sections != ()
