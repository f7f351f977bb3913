"""Counting deaths from what each start of a slot wrote down."""

from services.relay.suspects import Suspects


def start(stored: bytes | None, **positions: int) -> Suspects:
    return Suspects(stored, positions, span=10)


def test_three_deaths_at_one_position_make_a_topic_suspect() -> None:
    """Its next records are to be decided alone; those of a topic that moved on are not."""
    stored, moving = None, 0
    for _ in range(3):
        stored, moving = start(stored, a=5, b=moving).stored(), moving + 1
    suspects = start(stored, a=5, b=moving)
    assert suspects.careful("a", 5) and suspects.careful("a", 14)
    assert not suspects.careful("a", 15)
    assert not suspects.careful("b", moving)


def test_an_orderly_end_counts_nothing() -> None:
    """After it nothing is stored."""
    assert start(None, a=5).topics() == frozenset()


def test_progress_resets_the_count() -> None:
    """Deaths at three different positions have no common cause."""
    stored = start(start(start(None, a=5).stored(), a=5).stored(), a=6).stored()
    assert start(stored, a=6).topics() == frozenset()


def careful_start() -> Suspects:
    stored = None
    for _ in range(3):
        stored = start(stored, a=5).stored()
    return start(stored, a=5)


def test_a_record_under_which_the_process_died_twice_is_the_killer() -> None:
    """Once may be chance: a broker that failed, a machine that was switched off."""
    suspects = careful_start()
    suspects = start(suspects.announce("a", 7), a=7)
    assert suspects.careful("a", 7) and not suspects.killer("a", 7)
    suspects = start(suspects.announce("a", 7), a=7)
    assert suspects.killer("a", 7) and not suspects.killer("a", 8)


def test_a_record_that_was_passed_is_no_suspect() -> None:
    """It was announced and committed; the death came later."""
    suspects = start(careful_start().announce("a", 7), a=8)
    assert suspects.topics() == frozenset()


def test_care_ends_when_the_batch_that_died_is_passed() -> None:
    """The killer was in it, or it was no killer."""
    suspects = careful_start()
    suspects.passed("a", 14)
    assert suspects.topics() == frozenset()
