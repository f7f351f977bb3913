"""Whatever comes in, a parser answers as it says it does, and in time that grows no faster than what came in."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.directory import Deployment
from schemas.event import MAX_VALUES, Event, MalformedMessage, parse_event, strict_json
from schemas.manifest import Manifest
from services.cli.example import KEYS
from services.cli.play.reading import BadScenario, load
from services.cli.schemas import EXAMPLE, FOLDER
from services.gate.envelope import Received, read
from services.organisation.deliveries import Checker, Delivery, Unplaced
from services.organisation.sections import open_letter
from services.relay.types import Record
from services.runtime.directory import Accepted, Conflict, Directory
from services.runtime.faust_app import Incoming
from services.runtime.jose import (
    BadSignature,
    CannotOpen,
    PublicKey,
    SealingKey,
    open_sealed,
    verify_compact,
    verify_detached,
)
from tests.attacks.forged import altered, b64

fuzzed = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORKED: dict[str, Any] = json.loads((FOLDER / EXAMPLE).read_text())
MESSAGE: dict[str, Any] = json.loads(WORKED["message"]["value"])
KNOWN = {key["kid"]: PublicKey.from_jwk(key) for key in (KEYS["sender"], KEYS["gate"])}
RECIPIENT = SealingKey.from_jwk(KEYS["recipient"])
STORY = Path(__file__).parents[2] / "scenarios" / "stilstand.yaml"

odd: st.SearchStrategy[Any] = st.sampled_from(
    [1e999, -0.0, 2**64, 10**400, "\x00", "\ud800", "", [], {}, None, True, "9" * 70, "2026-02-30"]
)
values: st.SearchStrategy[Any] = st.recursive(
    odd | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=25,
)


def places(value: Any, *path: str | int) -> list[tuple[str | int, ...]]:
    """Every place in a message but the whole of it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, one in inner for found in ((*path, name), *places(one, *path, name))]


@st.composite
def almost(draw: st.DrawFn, whole: Any) -> bytes:
    """A good one in which up to three values are something else."""
    made = whole
    for _ in range(draw(st.integers(1, 3))):
        made = altered(made, draw(st.sampled_from(places(made))), draw(values))
    return json.dumps(made).encode()


def told(value: bytes) -> tuple[str, ...]:
    """What a message is refused with; nothing when it is one."""
    try:
        parse_event(value)
    except MalformedMessage as malformed:
        return malformed.problems
    return ()


@fuzzed
@given(st.binary(max_size=300) | values.map(lambda value: json.dumps(value).encode()) | almost(MESSAGE))
@example(b"[" * 300_000)
@example(b'{"a":' * 20_000 + b"1" + b"}" * 20_000)
def test_an_envelope_is_a_message_or_malformed(value: bytes) -> None:
    """With at most 20 problems, each short."""
    problems = told(value)
    assert len(problems) <= 20 and all(len(problem) <= 250 for problem in problems)


@fuzzed
@given(almost(MESSAGE["data"]["manifest"]) | values.map(lambda value: json.dumps(value).encode()))
def test_a_manifest_is_one_or_invalid(value: bytes) -> None:
    try:
        parsed = Manifest.model_validate(strict_json(value))
    except (MalformedMessage, ValidationError):
        return
    assert Manifest.model_validate_json(parsed.model_dump_json()) == parsed


@fuzzed
@given(almost(MESSAGE), st.binary(max_size=80), st.binary(max_size=40) | st.none(), st.integers(0, 3), st.booleans())
def test_the_gate_reads_any_record(value: bytes, jws: bytes, key: bytes | None, partition: int, empty: bool) -> None:
    record = Record("veilig-thuis-noord.outbox", partition, 0, key, None if empty else value, (("jws", jws),))
    read_ = read(record, Directory({}), 4, True)
    assert isinstance(read_, Received) and read_.refusal is not None


tokens = st.text(max_size=120) | st.lists(
    st.dictionaries(st.sampled_from(["alg", "kid", "b64", "crit", "enc", "epk", "zip", "x"]), values, max_size=5).map(
        lambda header: b64(json.dumps(header).encode())
    )
    | st.binary(max_size=90).map(b64),
    min_size=1,
    max_size=6,
).map(".".join)


@fuzzed
@given(st.binary(max_size=60), tokens | tokens.map(lambda token: token.replace(".", "..", 1)))
def test_a_signature_holds_or_is_bad(payload: bytes, token: str) -> None:
    for check in (lambda: verify_detached(payload, token, KNOWN.get), lambda: verify_compact(token, KNOWN.get)):
        with pytest.raises(BadSignature):
            check()


@fuzzed
@given(tokens | st.integers(0, 400).map(lambda place: turned(WORKED["section"]["jwe"], place)))
def test_a_seal_opens_or_does_not(token: str) -> None:
    with pytest.raises(CannotOpen):
        open_sealed(token, [RECIPIENT])


def turned(text: str, place: int) -> str:
    """Another sign in one place."""
    place %= len(text)
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


@fuzzed
@given(almost(MESSAGE))
def test_a_letter_opens_section_by_section_whatever_it_holds(value: bytes) -> None:
    try:
        event = Event.model_validate(strict_json(value), extra="ignore")
    except (MalformedMessage, ValidationError):
        return
    assert all(opened.fault or opened.item for opened in open_letter(event, "lokaal-team-linde", [RECIPIENT]))


@fuzzed
@given(almost(json.loads(WORKED["delivery"]["entry"])), almost(MESSAGE), tokens, st.binary(max_size=40))
def test_an_edge_takes_any_record_for_what_it_is(entry: bytes, value: bytes, token: str, jws: bytes) -> None:
    checker = Checker("lokaal-team-linde", "00000000-0000-4000-8000-000000000000", lambda: Directory({}))
    for seal in (token.encode(), entry, WORKED["delivery"]["seal"].encode()):
        record = Incoming("x.inbox", 3, 0, b"", value, (("seal", seal), ("jws", jws)))
        assert isinstance(checker.check(record), Unplaced | Delivery)


class Row(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


@fuzzed
@given(
    st.binary(max_size=60) | st.none(),
    st.binary(max_size=200) | st.none() | values.map(lambda v: json.dumps(v).encode()),
)
def test_a_directory_record_counts_or_conflicts(key: bytes | None, value: bytes | None) -> None:
    assert isinstance(Directory({"operator": "A" * 43}).apply(Row(0, key, value)), Accepted | Conflict)


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment.load()


def is_read(text: str, deployment: Deployment, folder: Path) -> bool:
    """Whether it is a scenario. Raises nothing but what a writer can read."""
    file = folder / "story.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load(file, deployment)
    except BadScenario:
        return False
    return True


yamlish = st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?~ \n\t0129.=<", max_size=60)
HEAD = {**yaml.safe_load(STORY.read_text()), "parts": None}
SHORT = {**HEAD, "steps": [yaml.safe_load(yaml.safe_dump(step)) for step in HEAD["steps"][:3]]}


@settings(fuzzed, max_examples=30)
@given(text=yamlish | values.map(lambda value: json.dumps(value)))
@example(text="start: 2026-99-99")
@example(text="a: &a [*a]")
@example(text="? [a]\n: b")
@example(text="&a : *a")
@example(text="a: !!int x")
@example(text="a: !!timestamp x")
@example(text="a: !!bool x")
@example(text="a: !!int ''")
@example(text="a: " + "9" * 5000)
@example(text="[" * 3000)
@example(text="a: &a {<<: *a}")
@example(text="1: 2\nnull: 3\n2026-01-01: 4")
def test_a_scenario_is_read_or_its_faults_are_told(text: str, deployment: Deployment, tmp_path: Path) -> None:
    assert not is_read(text, deployment, tmp_path)


@settings(fuzzed, max_examples=40)
@given(data=st.data())
def test_a_scenario_that_is_almost_right_is_read_or_its_faults_are_told(
    deployment: Deployment, tmp_path: Path, data: st.DataObject
) -> None:
    plain = json.loads(json.dumps(SHORT, default=str))
    made = altered(plain, data.draw(st.sampled_from(places(plain))), data.draw(values))
    is_read(json.dumps(made), deployment, tmp_path)


def steps(work: Callable[[], object]) -> int:
    """Calls of functions, those written in C included."""
    count = 0

    def one(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(one)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


GROWING: dict[str, Callable[[int], bytes]] = {
    "objects": lambda n: b"[%b{}]" % (b'{"a":1},' * n),
    "lists": lambda n: b"[%b1]" % (b"[[1]]," * n),
    "keys": lambda n: json.dumps({**MESSAGE, "data": {"body": {f"k{i}": i for i in range(n)}}}).encode(),
    "sealed": lambda n: json.dumps(
        {**MESSAGE, "data": {"body": {}, "sealed": dict.fromkeys(map(str, range(n)), "")}}
    ).encode(),
    "sections": lambda n: json.dumps(altered(MESSAGE, ("data", "manifest", "sections"), [1] * n)).encode(),
    "text": lambda n: b'"%b"' % (b"\\u0041" * n),
}


@pytest.mark.parametrize("shape", GROWING)
def test_reading_a_message_takes_no_more_than_in_proportion(shape: str) -> None:
    """Four times the input, four times the work."""
    small, large = (steps(lambda n=n: told(GROWING[shape](n))) for n in (1000, 4000))  # type: ignore[misc]
    assert large <= 4.5 * small + 200


def test_a_message_of_nothing_but_bad_values_is_refused_before_they_are_counted_out() -> None:
    """Each bad value costs a fault to name; so many as fit in 4 MiB would keep a slot busy for seconds."""
    bad = altered(MESSAGE, ("data", "to"), [1] * (MAX_VALUES + 1))
    value = json.dumps(bad).encode()
    assert told(value) == (f"more than {MAX_VALUES} values",)
    assert steps(lambda: told(value)) < 20


def test_a_small_scenario_that_unfolds_into_a_huge_one_is_refused(deployment: Deployment, tmp_path: Path) -> None:
    """Ten anchors of ten aliases each: ten thousand million values in one kilobyte."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11))]
    assert steps(lambda: is_read("\n".join(lines), deployment, tmp_path)) < 200_000
