"""The directory as files that are kept in git, and what applying them changes.

    standing/<slug>.yaml   who takes part and as what, by the operator
    entries/<slug>.json    the organisation's entry: exactly the text it signed
    entries/<slug>.jws     its detached signature, by its identity key
    pins.yaml              fingerprints of identity keys, each compared by telephone
    <slug>.json            what was published, with the operator's signature (written by `apply`)

Nothing here is secret. Whoever has the folder can check all of it; to publish it the operator's key is needed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from deploy.fingerprints import spoken
from deploy.keys import replace
from deploy.publishing import publish, read
from schemas.agreements import Agreements, in_force
from schemas.days import dutch_day
from schemas.directory import (
    DirectoryKey,
    DirectoryRecord,
    Fingerprint,
    KeyState,
    KeyUse,
    Organisation,
    PublicJwk,
    Standing,
)
from schemas.event import problems_of
from schemas.parties import OrganisationKind
from schemas.tables.agreed import flaws
from services.runtime.conflicts import MEANING
from services.runtime.directory import OPERATOR, Directory, Pins, broken_history, load_pins
from services.runtime.jose import BadSignature, PublicKey, SigningKey, sign_compact, verify_detached
from services.runtime.kafka import KafkaSettings

SOON: Final = timedelta(days=14)
"""So long before the last key of a use ends, `plan` warns. Our own choice."""


class NotSoundError(Exception):
    """What was to be applied has problems; `plan` names them."""


class Problem(NamedTuple):
    """What is wrong in the folder, and how to mend it."""

    slug: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.slug}: {self.what}\n    {self.mend}"


class Change(NamedTuple):
    """What publishing one entry changes for whoever reads the directory."""

    slug: str
    what: str
    details: tuple[str, ...] = ()


class Stated(NamedTuple):
    """Everything the folder says about one organisation."""

    slug: str
    organisation: Organisation | None
    text: str | None
    jws: str | None
    standing: Standing | None
    pin: Fingerprint | None


class Plan(NamedTuple):
    """What `apply` would publish. With `problems` it publishes nothing."""

    stated: tuple[Stated, ...]
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        for change in self.changes:
            yield f"{change.slug}: {change.what}"
            yield from (f"    {detail}" for detail in change.details)
        unchanged = len(self.stated) - len(self.changes)
        yield f"{len(self.changes)} to publish, {max(0, unchanged)} unchanged"
        yield from (f"warning: {warning}" for warning in self.warnings)
        for problem in self.problems:
            yield f"PROBLEM {problem}"


class Folder:
    """Reads and writes the files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def pins(self) -> Pins:
        """Raises ValueError when the file is malformed."""
        file = self.root / "pins.yaml"
        return load_pins(file) if file.exists() else {}

    def entry(self, slug: str) -> tuple[str, str] | None:
        """Text and signature as the organisation wrote them."""
        text, jws = self.root / "entries" / f"{slug}.json", self.root / "entries" / f"{slug}.jws"
        return (text.read_bytes().decode(), jws.read_text().strip()) if text.exists() and jws.exists() else None

    def write_entry(self, slug: str, text: str, jws: str) -> None:
        replace(self.root / "entries" / f"{slug}.json", text.encode())
        replace(self.root / "entries" / f"{slug}.jws", f"{jws}\n".encode())

    def write_standing(self, standing: Standing) -> None:
        told = standing.model_dump(mode="json", exclude_none=True)
        replace(self.root / "standing" / f"{standing.slug}.yaml", yaml.safe_dump(told, sort_keys=False).encode())

    def write_pins(self, pins: Pins) -> None:
        replace(self.root / "pins.yaml", yaml.safe_dump(dict(pins), sort_keys=True).encode())

    def slugs(self) -> list[str]:
        entries, standings = (self.root / "entries").glob("*.json"), (self.root / "standing").glob("*.yaml")
        return sorted({file.stem for file in (*entries, *standings)})

    def records(self) -> dict[str, bytes]:
        """What was published, by slug."""
        return {file.stem: file.read_bytes() for file in sorted(self.root.glob("*.json"))}


def plan(folder: Folder, held: Directory, at: datetime) -> Plan:
    """Compare the folder with the directory as it was read with the folder's pins. Changes nothing, needs no key."""
    try:
        pins = folder.pins
    except ValueError:
        broken = Problem("pins.yaml", "is no list of slugs with fingerprints", "take the last good one from git")
        return Plan((), (), (broken,), ())
    problems: list[Problem] = []
    stated = tuple(_stated(folder, slug, pins, problems) for slug in folder.slugs())
    for each in stated:
        problems.extend(_problems(each, held))
        problems.extend(_agreements(each, held, at))
    problems.extend(_between(stated))
    if OPERATOR not in pins:
        problems.append(Problem(OPERATOR, "is not pinned", "estafette directory operator"))
    changes = [change for each in stated if (change := _change(each, held)) is not None]
    return Plan(stated, tuple(changes), tuple(problems), (*_warnings(stated, held, at), *_outgrown(stated, held, at)))


def apply(kafka: KafkaSettings, folder: Folder, operator: SigningKey, at: datetime) -> tuple[Plan, Directory]:
    """Sign every standing as the operator and publish what changed; the plan, and the directory as a reader has it
    then. Raises NotSoundError, and NotPublishedError."""
    held = read(kafka, folder.pins)
    planned = plan(folder, held, at)
    if planned.problems:
        raise NotSoundError("\n".join(map(str, planned.problems)))
    if fingerprint(operator) != folder.pins[OPERATOR]:
        raise NotSoundError("the operator's key at hand is not the one in pins.yaml")
    values = write_records(folder, planned.stated, operator)
    publish(kafka, {change.slug: values[change.slug] for change in planned.changes})
    return planned, read(kafka, folder.pins) if planned.changes else held


def write_records(folder: Folder, stated: Iterable[Stated], operator: SigningKey) -> dict[str, bytes]:
    """Put entries and standings together, the standing signed by the operator."""
    values = {each.slug: _record(each, operator) for each in stated}
    for slug, value in values.items():
        file = folder.root / f"{slug}.json"
        if not file.exists() or file.read_bytes() != value:
            replace(file, value)
    return values


def fingerprint(key: SigningKey) -> Fingerprint:
    return public(key.public().to_jwk()).fingerprint


def public(jwk: Mapping[str, str]) -> PublicJwk:
    return PublicJwk.model_validate({name: jwk[name] for name in ("kty", "crv", "x")})


def signed_by(text: str, jws: str, pin: Fingerprint, organisation: Organisation) -> bool:
    """Whether the identity key of this fingerprint signed exactly this text, and stands in it."""
    keys = {
        key.kid: PublicKey.from_jwk(key.jwk.model_dump(), key.kid)
        for key in organisation.keys_for(KeyUse.IDENTITY)
        if key.jwk.fingerprint == pin and key.revoked_at is None
    }
    try:
        verify_detached(text.encode(), jws, keys.get)
    except BadSignature:
        return False
    return True


def _record(stated: Stated, operator: SigningKey) -> bytes:
    if stated.organisation is None or stated.text is None or stated.jws is None or stated.pin is None:
        raise NotSoundError(f"{stated.slug}: is not complete")
    membership = stated.organisation.membership(stated.pin)
    record = DirectoryRecord(
        entry=stated.text,
        identity_jws=stated.jws,
        membership=sign_compact(membership.model_dump_json(exclude_none=True).encode(), operator),
        operator_key=public(operator.public().to_jwk()),
    )
    return record.model_dump_json().encode()


def _stated(folder: Folder, slug: str, pins: Pins, problems: list[Problem]) -> Stated:
    """What can be read; what cannot is put among the problems."""
    entry = folder.entry(slug)
    organisation, standing = None, None
    file = folder.root / "standing" / f"{slug}.yaml"
    if entry is not None:
        try:
            organisation = Organisation.model_validate_json(entry[0])
        except ValidationError as error:
            told = "; ".join(problems_of(error)[:5])
            problems.append(Problem(slug, f"its entry cannot be read: {told}", f"{slug} signs again: {_JOIN}"))
    if file.exists():
        try:
            standing = Standing.model_validate(yaml.safe_load(file.read_bytes()))
        except (ValidationError, yaml.YAMLError) as error:
            told = "; ".join(problems_of(error)[:5]) if isinstance(error, ValidationError) else "no YAML"
            problems.append(Problem(slug, f"standing/{slug}.yaml cannot be read: {told}", "correct it"))
    return Stated(
        slug, organisation, entry[0] if entry else None, entry[1] if entry else None, standing, pins.get(slug)
    )


_JOIN: Final = "estafette directory join"
_CONFIRM: Final = "compare the fingerprint by telephone, then: estafette directory confirm"


def _problems(each: Stated, held: Directory) -> Iterator[Problem]:
    slug, organisation = each.slug, each.organisation
    if each.text is None or each.jws is None:
        yield Problem(slug, "has no signed entry", f"{slug} makes it: {_JOIN}")
    if each.pin is None:
        yield Problem(slug, "its identity is not pinned", f"{_CONFIRM} {slug}")
    if organisation is None or each.text is None or each.jws is None or each.pin is None:
        return
    if organisation.slug != slug:
        yield Problem(slug, f"its file holds the entry of {organisation.slug}", "put each under its own slug")
    if not signed_by(each.text, each.jws, each.pin, organisation):
        what = "its entry is not signed with the pinned identity key"
        yield Problem(slug, what, f"{slug} signs again ({_JOIN}); is its identity another one, {_CONFIRM} {slug}")
    if each.standing is None:
        yield Problem(slug, "has no standing", f"{_CONFIRM} {slug}")
    else:
        for told in _differences(each.standing, organisation, "operator: {}, entry: {}"):
            yield Problem(slug, f"entry and standing differ in {told}", "agree, and change one of the two")
    before = held.find(slug)
    if before is not None and _published(each, held) is False:
        broken = broken_history(before, organisation)
        if broken is not None:
            yield Problem(slug, MEANING[broken], f"{slug} signs again on top of version {before.version}: {_JOIN}")


def _agreements(each: Stated, held: Directory, at: datetime) -> Iterator[Problem]:
    """What a chain agrees anew is within its bounds, and begins on a day to come. In a directory that holds nothing of
    it yet, what has begun counts at once.
    """
    before, today = held.find(each.slug), dutch_day(at)
    for agreements in _not_held(each, held):
        for flaw in flaws(agreements):
            yield Problem(each.slug, f"{agreements}: {flaw.name}: {flaw.what}", flaw.mend)
        if before is not None and agreements.since <= today:
            what = f"{agreements}: that day has begun, and what was decided in it is not decided again"
            yield Problem(each.slug, what, "agree from a day to come")


def _not_held(each: Stated, held: Directory) -> tuple[Agreements, ...]:
    before, agreed = held.find(each.slug), each.organisation.agreements if each.organisation else ()
    return tuple(agreements for agreements in agreed if before is None or agreements not in before.agreements)


def _outgrown(stated: tuple[Stated, ...], held: Directory, at: datetime) -> Iterator[str]:
    """Agreements in force that this release has other bounds for: they stay where they are, and ours count."""
    for each in stated:
        now = in_force(each.organisation.agreements, dutch_day(at)) if each.organisation else None
        for flaw in flaws(now) if now and now not in _not_held(each, held) else ():
            yield f"{each.slug}: {now}: {flaw.name}: {flaw.what}; ours counts: agree it anew"


def _between(stated: tuple[Stated, ...]) -> Iterator[Problem]:
    """What organisations say of each other."""
    known = {each.slug: each.organisation for each in stated if each.organisation is not None}
    seen: dict[str, str] = {}
    for slug, organisation in known.items():
        desk = organisation.coordination
        if desk is not None and (desk not in known or known[desk].kind is not OrganisationKind.COORDINATION):
            yield Problem(slug, f"its coordination {desk} is none", "name an organisation of kind COORDINATION")
        if organisation.successor is not None and organisation.successor not in known:
            yield Problem(slug, f"its successor {organisation.successor} takes no part", "the successor joins first")
        for key in organisation.keys:
            other = seen.setdefault(key.jwk.x, key.kid)
            if other != key.kid:
                yield Problem(slug, f"key {key.kid} is also {other}", "a key belongs to one organisation and one use")


def _published(each: Stated, held: Directory) -> bool:
    """Whether the reader holds exactly this text."""
    return held.text(each.slug) == each.text


def _change(each: Stated, held: Directory) -> Change | None:
    organisation, before = each.organisation, held.find(each.slug)
    if organisation is None:
        return None
    if before is None:
        what = f"joins as {organisation.subkind or organisation.kind}, {organisation.name!r}"
        keys = (f"+ key {key.kid} ({key.use})" for key in organisation.keys)
        return Change(each.slug, what, (f"identity {spoken(each.pin)}" if each.pin else "identity not pinned", *keys))
    if _published(each, held):
        conflict = next((found for found in held.conflicts if found.slug == each.slug), None)
        told = conflict and f"is published again; in the topic {MEANING[conflict.reason]}"
        return Change(each.slug, told) if told else None
    details = (*_differences(before, organisation, "{} -> {}"), *_key_changes(before, organisation))
    return Change(each.slug, f"version {before.version} -> {organisation.version}", details)


_OWN: Final = ("name", "contact", "complaint_route")


def _differences(before: Standing, after: Organisation, form: str) -> Iterator[str]:
    names = (*Standing.model_fields, *(_OWN if isinstance(before, Organisation) else ()))
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{name}: {form.format(_plain(old), _plain(new))}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _key_changes(before: Organisation, after: Organisation) -> Iterator[str]:
    old = {key.kid: key for key in before.keys}
    for key in after.keys:
        held = old.get(key.kid)
        if held is None:
            yield f"+ key {key.kid} ({key.use}) from {_moment(key.not_before)}{_ends(key)}"
        elif held.revoked_at is None and key.revoked_at is not None:
            yield f"- key {key.kid} ({key.use}) revoked from {_moment(key.revoked_at)}"
        elif held != key:
            yield f"~ key {key.kid} ({key.use}){_ends(key)}"


def _ends(key: DirectoryKey) -> str:
    ends = [("in use until", key.sign_until), ("accepted until", key.accept_until)]
    return "".join(f", {what} {_moment(end)}" for what, end in ends if end is not None)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _warnings(stated: tuple[Stated, ...], held: Directory, at: datetime) -> Iterator[str]:
    for each in stated:
        for use in (KeyUse.SIGN, KeyUse.SEAL) if each.organisation else ():
            keys = [key for key in each.organisation.keys_for(use) if key.in_use(at)] if each.organisation else []
            ends = [key.sign_until for key in keys]
            if not keys:
                yield f"{each.slug} has no key to {use} in use: estafette directory rotate {each.slug} --{use}"
            elif (last := max((end for end in ends if end), default=at + SOON)) < at + SOON and None not in ends:
                yield f"{each.slug} has no key to {use} after {_moment(last)}: estafette directory rotate {each.slug}"
    for gone in sorted(held.organisations.keys() - {each.slug for each in stated}):
        yield f"{gone} stands in the directory and not in the folder; an organisation leaves by naming its successor"


def state_of(key: DirectoryKey, at: datetime) -> str:
    """In a word or two: what a key is worth now."""
    if key.in_use(at):
        return "in use"
    state = key.state(at)
    return "accepted" if state is KeyState.ACCEPTED else state.value.replace("_", " ").lower()
