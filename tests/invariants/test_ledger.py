"""I8: the export of all that was written verifies with the gate's public key; whatever is changed or cut off shows."""

from base64 import urlsafe_b64decode
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.entry import EntryKind
from services.ledger.chain import FaultCode, Report, verify
from services.runtime.jose import SigningKey, sign_compact
from tests.invariants.stories import STORIES
from tests.invariants.talk import Talk
from tests.invariants.world import Step, World, signing_key

FORGER = SigningKey.generate("gate.sign.test")
TOLD = ("handed_over", "told_on_consent", "much_nonsense")
CHANGES = st.sampled_from(("bit", "swap", "twice"))


@cache
def written(name: str) -> tuple[list[str], list[str]]:
    """The ledger after a story and a checkpoint, and every seal that came with a delivery."""
    talk = Talk(World())
    STORIES[name](talk)
    talk.world.checkpoint(talk.slot)
    steps: list[Step] = talk.world.steps
    return [s.seal for step in steps for s in step.entries], [d.sealed.seal for step in steps for d in step.inbox]


def checked(lines: list[str], held: list[str]) -> Report:
    return verify(lines, [signing_key("gate").public()], held)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_what_was_written_verifies_and_every_held_seal_is_in_it(name: str) -> None:
    """With no help of the ledger: only the lines, the public key and what organisations hold."""
    lines, held = written(name)
    report = checked(lines, held)
    assert report.ok, report.faults
    assert report.entries == len(lines)
    assert report.held == len(held) > 0


@pytest.mark.parametrize("name", TOLD)
def test_any_tail_that_is_cut_off_shows(name: str) -> None:
    """The checkpoint that everyone got stands at the end."""
    lines, held = written(name)
    for end in range(len(lines)):
        assert checked(lines[:end], held[-1:]).says(FaultCode.HELD_MISSING), end


@pytest.mark.parametrize("name", TOLD)
def test_any_line_that_is_left_out_shows_without_anything_held(name: str) -> None:
    """But the last, which only who holds its seal can miss."""
    lines, _ = written(name)
    for gone in range(len(lines) - 1):
        assert not checked(lines[:gone] + lines[gone + 1 :], []).ok, gone


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    st.sampled_from(TOLD), st.integers(0, 10_000), st.integers(0, 100_000), st.sampled_from(("bit", "swap", "twice"))
)
def test_any_single_change_shows(name: str, at: int, where: int, how: str) -> None:
    """A flipped bit, two lines swapped, a line that stands twice."""
    lines, held = written(name)
    changed, at = list(lines), at % len(lines)
    if how == "bit":
        raw = bytearray(lines[at].encode())
        raw[where % len(raw)] ^= 1 << where % 7
        changed[at] = raw.decode("latin-1")
    elif how == "swap":
        other = (at + 1 + where % (len(lines) - 1)) % len(lines)
        changed[at], changed[other] = changed[other], changed[at]
    else:
        changed.insert(where % (len(lines) + 1), lines[at])
    assert not checked(changed, held[-1:]).ok


@settings(max_examples=30, deadline=None, database=None, derandomize=True)
@given(st.sampled_from(TOLD), st.integers(0, 10_000))
def test_a_line_signed_by_another_shows(name: str, at: int) -> None:
    """Also when the forger's key bears the gate's name."""
    lines, _ = written(name)
    at %= len(lines)
    body = lines[at].split(".")[1]
    changed = [*lines]
    changed[at] = sign_compact(urlsafe_b64decode(body + "=" * (-len(body) % 4)), FORGER)
    assert checked(changed, []).says(FaultCode.NOT_AUTHENTIC)


@pytest.mark.parametrize("name", TOLD)
def test_a_line_rewritten_with_the_true_key_breaks_the_chains_or_contradicts_a_seal(name: str) -> None:
    """Not even the keeper of the gate's key can tell another story afterwards."""
    lines, held = written(name)
    for at, line in enumerate(lines):
        body = line.split(".")[1]
        payload = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        changed = [*lines]
        changed[at] = sign_compact(payload.replace(b'"rules":"', b'"rules":"x'), signing_key("gate"))
        assert changed[at] != line
        report = checked(changed, held)
        assert not report.ok, at
        alone = checked(changed, [])
        assert at == len(lines) - 1 or alone.says(FaultCode.SLOT_LINK), at


def test_a_case_has_a_chain_of_its_own() -> None:
    """An export of one case shows by itself that nothing of it was changed or left out."""
    talk = Talk(World())
    STORIES["handed_over"](talk)
    mine = [s for step in talk.steps for s in step.entries if s.entry.case_seq is not None]
    assert [s.entry.case_seq for s in mine] == list(range(1, len(mine) + 1))
    assert [s.entry.case_previous for s in mine] == [None, *(s.hash for s in mine[:-1])]
    assert {s.entry.kind for s in mine} >= {EntryKind.MESSAGE, EntryKind.NOTICE}
