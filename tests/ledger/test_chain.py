"""An export proves itself, and every way of tampering with it shows."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.directory import HEARD, DirectoryKey, KeyUse, PublicJwk
from schemas.entry import Entry, EntryKind
from services.ledger.chain import FaultCode, Report, Scope, concerned, read_entry, verify
from services.runtime.jose import SigningKey, sign_compact


def checked(gate: Any, lines: list[str] | None = None, held: list[str] | None = None, **scope: str) -> Report:
    everything = [seal for seals in gate.held.values() for seal in seals]
    return verify(
        gate.export() if lines is None else lines, gate.public, everything if held is None else held, Scope(**scope)
    )


def codes(report: Report) -> set[FaultCode]:
    return {fault.code for fault in report.faults}


def test_an_untouched_export_has_no_fault_and_says_how_far_it_reaches(kit: Any) -> None:
    """Authentic, unbroken, complete up to the last checkpoint of each slot, confirmed by what others hold."""
    gate = kit.story()
    report = checked(gate)
    assert report.ok and report.exit_code == 0
    assert report.entries == len(gate.lines) and report.cases == 3
    assert [(slot.slot, slot.last.seq) for slot in report.slots] == [(0, 8), (1, 6)]
    assert [slot.checkpoint.seq for slot in report.slots if slot.checkpoint] == [7, 5]
    assert [slot.held for slot in report.slots] == [8, 6]


def test_an_empty_export_contradicts_whoever_holds_a_seal(kit: Any) -> None:
    """Nothing at all is no fault by itself; it is one beside a seal."""
    gate = kit.story()
    assert checked(gate, [], []).ok
    assert codes(checked(gate, [])) == {FaultCode.HELD_MISSING}


@pytest.mark.parametrize("organisation", ["team-a", "team-b", "team-c"])
def test_a_tail_cut_off_before_a_held_checkpoint_shows(kit: Any, organisation: str) -> None:
    """Each organisation's own last checkpoint is enough to see that the end is missing."""
    gate = kit.story()
    held = gate.held[organisation]
    marks = [s for s in held if read_entry(s, gate.resolve).kind is EntryKind.CHECKPOINT]
    last = gate.export().index(marks[0])
    report = checked(gate, gate.export()[:last], marks)
    assert report.says(FaultCode.HELD_MISSING)
    first = 5 + ["team-a", "team-b", "team-c"].index(organisation)
    assert (0, first) in {(fault.slot, fault.seq) for fault in report.faults}


def test_a_ledger_written_anew_with_the_true_key_contradicts_the_seals(kit: Any) -> None:
    """Even the gate itself cannot tell another story than the one it sealed."""
    honest, forged = kit.SmallGate(), kit.SmallGate()
    honest.delivered(0, kit.case(1), "team-a", "team-b")
    forged.delivered(0, kit.case(1), "team-a", "team-c")
    assert verify(forged.export(), forged.public).ok
    report = verify(forged.export(), forged.public, honest.held["team-b"])
    assert [(f.code, f.slot, f.seq) for f in report.faults] == [(FaultCode.HELD_DIFFERS, 0, 1)]


def test_one_entry_altered_with_the_true_key_breaks_both_chains(kit: Any) -> None:
    """What follows in the slot and in the case names the hash of what stood there before."""
    gate = kit.story()
    lines = gate.export()
    entry = read_entry(lines[1], gate.resolve)
    lines[1] = sign_compact(entry.model_copy(update={"actor_ref": "somebody-else"}).encode(), gate.key)
    report = verify(lines, gate.public)
    assert [(f.code, f.slot, f.seq) for f in report.faults] == [
        (FaultCode.SLOT_LINK, 0, 3),
        (FaultCode.CASE_LINK, 0, 3),
    ]


def test_lines_out_of_their_order_show(kit: Any) -> None:
    """Slot after slot, each in its own order, each line once."""
    gate = kit.story()
    lines = gate.export()
    assert codes(verify([*lines[8:], *lines[:8]], gate.public)) == {FaultCode.OUT_OF_ORDER}
    checkpoint = lines[3]  # of no case: only its slot's own number says that it stands twice
    assert codes(verify([*lines[:4], checkpoint, *lines[4:]], gate.public)) == {FaultCode.OUT_OF_ORDER}


def test_entries_of_another_ledger_do_not_mix_in(kit: Any) -> None:
    """The epoch of the cluster's birth is part of every entry."""
    first, other = kit.SmallGate(), kit.SmallGate(epoch="22222222-2222-4222-8222-222222222222")
    first.delivered(0, kit.case(1), "team-a", "team-b")
    other.delivered(1, kit.case(2), "team-a", "team-b")
    assert codes(verify([*first.export(), *other.export()], first.public)) == {FaultCode.OTHER_EPOCH}
    assert codes(verify(first.export(), first.public, other.export())) == {FaultCode.HELD_UNUSABLE}


def test_time_that_runs_back_within_a_slot_shows(kit: Any) -> None:
    """The decision time of a slot never goes down."""
    gate = kit.SmallGate()
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    gate.now = kit.START.replace(year=2025)
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    assert [(f.code, f.seq) for f in verify(gate.export(), gate.public).faults] == [(FaultCode.TIME_BACK, 2)]


def test_a_delivery_left_out_of_the_numbering_of_an_inbox_shows(kit: Any) -> None:
    """A gate that skips a number of an inbox is seen, although its chain is whole."""
    gate = kit.SmallGate()
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    gate.slots[0].sequences["team-b"] += 1
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    assert [(f.code, f.seq) for f in verify(gate.export(), gate.public).faults] == [(FaultCode.INBOX_GAP, 2)]


def test_a_case_that_starts_anew_in_its_chain_shows(kit: Any) -> None:
    """A case has one chain, wherever its entries stand."""
    gate = kit.SmallGate()
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    gate.cases.clear()
    gate.delivered(1, kit.case(1), "team-a", "team-b")
    assert codes(verify(gate.export(), gate.public)) == {FaultCode.OUT_OF_ORDER}


def test_a_case_that_follows_from_another_entry_shows(kit: Any) -> None:
    """The number alone is not enough: the hash of the previous entry of the case is compared."""
    gate = kit.SmallGate()
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    gate.cases[kit.case(1)] = (1, "0" * 64)
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    assert codes(verify(gate.export(), gate.public)) == {FaultCode.CASE_LINK}


def test_a_signed_line_that_is_no_entry_is_named(kit: Any) -> None:
    """What the gate's key signed for another use does not pass as an entry."""
    gate = kit.SmallGate()
    report = verify([sign_compact(b'{"hello":"world"}', gate.key)], gate.public)
    assert [(f.code, f.line) for f in report.faults] == [(FaultCode.UNREADABLE, 1)]


def test_a_later_version_of_an_entry_is_still_read(kit: Any) -> None:
    """Fields that did not exist when the verifier was made do not make it fail."""
    gate = kit.SmallGate()
    gate.delivered(0, kit.case(1), "team-a", "team-b")
    entry = read_entry(gate.export()[0], gate.resolve)
    newer = sign_compact(entry.encode()[:-1] + b',"invented_later":[1]}', gate.key)
    assert verify([newer], gate.public).ok


def test_the_case_of_one_family_is_verified_by_itself(kit: Any) -> None:
    """An export of one case has a whole case chain; what stands between its entries in the slot is not needed."""
    gate = kit.story()
    lines = of_case(gate, kit.case(1))
    report = checked(gate, lines, case=kit.case(1))
    assert report.ok and report.entries == 3 and report.held_elsewhere > 0
    assert FaultCode.CASE_GAP in codes(checked(gate, lines[:1] + lines[2:], [], case=kit.case(1)))
    assert FaultCode.OUT_OF_SCOPE in codes(checked(gate, gate.export(), [], case=kit.case(1)))
    assert FaultCode.HELD_MISSING in codes(checked(gate, lines[:2], case=kit.case(1)))


def test_the_export_of_one_organisation_is_whole_when_its_inbox_is(kit: Any) -> None:
    """An organisation cannot see what stands between, but its inbox is numbered without a hole."""
    gate = kit.story()
    lines = of_organisation(gate, "team-c")
    assert checked(gate, lines, gate.held["team-c"], organisation="team-c").ok
    for dropped in range(len(lines)):
        report = checked(gate, lines[:dropped] + lines[dropped + 1 :], gate.held["team-c"], organisation="team-c")
        assert not report.ok
    without = [line for line in lines if line != gate.held["team-c"][2]]
    assert FaultCode.INBOX_GAP in codes(checked(gate, without, [], organisation="team-c"))


def test_who_was_meant_to_receive_something_refused_is_not_concerned(kit: Any) -> None:
    """A refused letter never reached its recipient, so it tells the recipient nothing about the case."""
    gate = kit.SmallGate()
    seal = gate.refused(0, kit.case(1), "team-a", "team-c", kit.NO_CONSENT)
    entry: Entry = read_entry(seal, gate.resolve)
    assert concerned(entry) == {"team-a"}


def of_case(gate: Any, subject: str) -> list[str]:
    return [line for line in gate.export() if read_entry(line, gate.resolve).case == subject]


def of_organisation(gate: Any, slug: str) -> list[str]:
    return [line for line in gate.export() if slug in concerned(read_entry(line, gate.resolve))]


OTHER_KEY = SigningKey.generate("other.sign.test")
STOLEN_NAME = SigningKey.generate("gate.sign.test")  # another key under the gate's key id


def flip(lines: list[str], at: int, where: int) -> list[str]:
    raw = bytearray(lines[at].encode())
    raw[where % len(raw)] ^= 1 + where % 7
    return [*lines[:at], raw.decode("latin-1"), *lines[at + 1 :]]


def drop(lines: list[str], at: int, where: int) -> list[str]:
    return lines[:at] + lines[at + 1 :]


def swap(lines: list[str], at: int, where: int) -> list[str]:
    other = (at + 1 + where % (len(lines) - 1)) % len(lines)
    changed = list(lines)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def repeat(lines: list[str], at: int, where: int) -> list[str]:
    place = where % (len(lines) + 1)
    return [*lines[:place], lines[at], *lines[place:]]


def sign_again(lines: list[str], at: int, where: int) -> list[str]:
    payload = read_payload(lines[at])
    return [*lines[:at], sign_compact(payload, (OTHER_KEY, STOLEN_NAME)[where % 2]), *lines[at + 1 :]]


def cut(lines: list[str], at: int, where: int) -> list[str]:
    return lines[:at]


def read_payload(line: str) -> bytes:
    body = line.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    mutate=st.sampled_from([flip, drop, swap, repeat, sign_again, cut]),
    at=st.integers(0, 13),
    where=st.integers(0, 5000),
    organisation=st.sampled_from(["team-a", "team-b", "team-c"]),
)
def test_no_single_change_to_an_export_goes_unseen(
    kit: Any, mutate: Any, at: int, where: int, organisation: str
) -> None:
    """A flipped bit, a line dropped, swapped, repeated, signed by another key or an end cut off: each is found."""
    gate = STORY.setdefault("story", kit.story())
    lines = gate.export()
    assert len(lines) == 14
    changed = mutate(lines, at, where)
    assert changed != lines
    assert not verify(changed, gate.public, HELD(gate)).ok


STORY: dict[str, Any] = {}


def HELD(gate: Any) -> list[str]:  # noqa: N802
    """The last seal that anyone holds of each slot: enough to see any end that was cut off."""
    return [gate.export()[7], gate.export()[13]]


def test_an_entry_is_held_against_the_time_its_key_counted(kit: Any) -> None:
    """With the gate's directory entry: too early, after its end, or longer after a revocation than it takes to hear."""
    gate = kit.story()
    first = read_entry(gate.export()[0], gate.resolve).at
    last = max(read_entry(line, gate.resolve).at for line in gate.export())
    hour = timedelta(hours=1)
    whole: dict[str, Any] = {"not_before": first}
    cases: dict[str, tuple[dict[str, Any], bool]] = {
        "open": (whole, True),
        "ended after": ({**whole, "sign_until": last + hour, "accept_until": last + hour}, True),
        "revoked just now": ({**whole, "revoked_at": last}, True),
        "not yet": ({"not_before": first + timedelta(microseconds=1)}, False),
        "ended": ({"not_before": first - hour, "sign_until": first, "accept_until": first}, False),
        "long revoked": ({"not_before": first - hour, "revoked_at": first - HEARD}, False),
    }
    jwk = gate.key.public().to_jwk()
    public = PublicJwk.model_validate({name: jwk[name] for name in ("kty", "crv", "x")})
    for what, (window, fits) in cases.items():
        key = DirectoryKey(kid=gate.key.kid, use=KeyUse.SIGN, jwk=public, **window)
        report = verify(gate.export(), gate.public, windows=[key])
        assert report.ok is fits, what
        assert codes(report) <= {FaultCode.KEY_OUT_OF_TIME}, what
