"""Every refusal reads as a sentence."""

from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.refusals import MENDS, WORDS, render


def test_every_code_and_every_cure_has_words() -> None:
    """A professional never meets a bare code."""
    assert set(WORDS) == set(Refusal)
    assert set(MENDS) == set(Mend)


def test_a_refusal_says_why_and_what_would_cure_it() -> None:
    """With the source it stands on."""
    reason = Reason(code=Refusal.DUAL_REGIE, missing=("NO_OPEN_HANDOVER",), law="D#14", mend=(Mend.WAIT_FOR_STATE,))
    assert WORDS[Refusal.DUAL_REGIE] in render(reason)
    assert "D#14" in render(reason)
    assert "To mend: wait until it is NO_OPEN_HANDOVER." in render(reason)
