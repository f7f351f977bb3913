"""The view of a batch over the state of its slot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.relay.state import BadKey, BatchView, State


def state(**records: bytes) -> State:
    made = State()
    for key, value in records.items():
        made.set(key.replace("_", ":"), value)
    return made


def test_a_dropped_record_leaves_the_batch_as_it_was() -> None:
    """What an earlier record of the batch changed survives the exception of a later one."""
    view = BatchView(state(n_a_1=b"old"))
    view.put("n:a:1", b"first")
    view.keep()
    view.put("n:a:1", b"second")
    view.delete("n:a:1")
    view.put("n:a:2", b"x")
    view.drop()
    assert view.get("n:a:1") == b"first"
    assert view.get("n:a:2") is None
    assert view.changes() == {"n:a:1": b"first"}


def test_a_group_shows_live_records_only() -> None:
    """Of committed state, of the batch and of the running record, minus what was deleted."""
    view = BatchView(state(n_a_1=b"1", n_a_2=b"2", n_b_1=b"other"))
    view.delete("n:a:1")
    view.keep()
    view.put("m:a:3:with:colons", b"3")
    assert view.group("a") == {"n:a:2": b"2", "m:a:3:with:colons": b"3"}
    assert view.group("c") == {}


def test_a_record_is_rewritten_only_when_it_changes() -> None:
    """The same value again is no change; nor is deleting what is not there."""
    view = BatchView(state(n_a_1=b"1"))
    view.put("n:a:1", b"1")
    view.delete("n:a:9")
    view.keep()
    assert view.changes() == {}


def test_the_relays_own_records_are_out_of_reach() -> None:
    """A decider cannot move a position, and does not see one among the records without a group."""
    view = BatchView(state(position__topic=b"7"))
    with pytest.raises(BadKey):
        view.get("position::topic")
    with pytest.raises(BadKey):
        view.put("time::now", b"")
    with pytest.raises(BadKey):
        view.delete("suspect::")
    view.put("sequence::inbox", b"1")
    assert view.group("") == {"sequence::inbox": b"1"}


@pytest.mark.parametrize("key", ["", "kind", "kind:group", ":group:id"])
def test_a_key_must_have_three_parts(key: str) -> None:
    """Otherwise it would belong to no group."""
    with pytest.raises(BadKey):
        BatchView(State()).put(key, b"")


KEYS = st.sampled_from(["n:a:1", "n:a:2", "n:b:1"])
ACTS = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=2), st.sampled_from(["keep", "drop", ""])))


@given(st.dictionaries(KEYS, st.binary(max_size=2)), ACTS)
def test_committing_the_changes_gives_what_the_view_showed(before: dict[str, bytes], acts: object) -> None:
    """Checked against a plain dictionary, for any order of puts, deletes, keeps and drops."""
    committed, kept, running = State(), dict(before), dict(before)
    for key, value in before.items():
        committed.set(key, value)
    view = BatchView(committed)
    for key, value, then in acts:  # type: ignore[attr-defined]
        running = {k: v for k, v in {**running, key: value}.items() if v is not None}
        view.delete(key) if value is None else view.put(key, value)
        assert {**view.group("a"), **view.group("b")} == running
        if then == "keep":
            view.keep()
            kept = dict(running)
        elif then == "drop":
            view.drop()
            running = dict(kept)
    view.drop()
    for key, change in view.changes().items():
        committed.set(key, change)
    assert {**committed.group("a"), **committed.group("b")} == kept
    assert len(committed) == len(kept)
