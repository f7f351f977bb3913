"""From an order to messages: sections sealed to each recipient, one letter a recipient, everything signed.

Whether it may be said is the gate's to judge. Here only what cannot be sent at all is turned down: an unknown
recipient, an item this organisation does not hold, too many bytes.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from schemas.base import Slug, Subject, Uuid
from schemas.body import Body
from schemas.event import MAX_PLAINTEXT, Event, problems_of
from schemas.manifest import Basis, Manifest, Section
from schemas.parties import Professional
from schemas.tables.messages import MessageRow, Shape
from services.organisation.author import Author, Outgoing
from services.organisation.orders import Contents, ForwardedSection, NewSection, Order
from services.organisation.sections import Item, digest, new_salt, seal_item
from services.runtime.directory import Directory


class Unsendable(Exception):
    """The order cannot be sent. `problems` names all that is wrong, without quoting content."""

    def __init__(self, *problems: str, too_large: bool = False) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.too_large = too_large


@dataclass(frozen=True, slots=True)
class Held:
    """An item as this organisation has it; `blocked`: it came under a consent that was withdrawn."""

    item: Item = field(repr=False)
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """Messages to queue, and the new items they carry."""

    messages: tuple[Outgoing, ...]
    items: tuple[Item, ...] = ()


def compose(
    row: MessageRow,
    order: Order,
    by: Professional,
    second: Professional | None,
    held: Mapping[Uuid, Held],
    directory: Directory,
    author: Author,
) -> Composed:
    """Raises Unsendable with every problem at once. `held` has the items that the order names and this organisation
    holds."""
    letters = row.shape is Shape.LETTER
    problems = [*_misaddressed(order, letters, directory), *_succeeded(order, directory, author)]
    manifest, items, fresh = _contents(order.manifest, held, problems)
    if problems:
        raise Unsendable(*problems)
    _fits(items)
    subject = order.case or f"{'thread' if row.thread else 'case'}:{uuid.uuid4()}"

    def message(to: tuple[Slug, ...]) -> Outgoing:
        name = str(uuid.uuid4())
        sealed = {} if order.dry_run or not to else _sealed(items, name, subject, to[0], directory, author)
        return author.write(
            subject,
            order.body,
            to=to,
            by=by,
            second=second,
            acting_under=order.acting_under,
            manifest=manifest,
            sealed=sealed,
            message=name,
            dry_run=order.dry_run,
        )

    recipients = [(slug,) for slug in order.to] if letters and order.to else [order.to]
    return Composed(tuple(map(message, recipients)), () if order.dry_run else fresh)


def _misaddressed(order: Order, letters: bool, directory: Directory) -> Iterator[str]:
    yield from (f"to: {slug} does not stand in the directory" for slug in order.to if directory.find(slug) is None)
    if letters and len(set(order.to)) != len(order.to):
        yield "to: a recipient stands twice"


def _fits(items: Sequence[Item]) -> None:
    size = sum(len(item.text.encode()) for item in items)
    if size > MAX_PLAINTEXT:
        allowed = f"{MAX_PLAINTEXT} are allowed in one letter: spread them over several letters"
        raise Unsendable(f"manifest: the texts of the sections take {size} bytes; {allowed}", too_large=True)


def _succeeded(order: Order, directory: Directory, author: Author) -> list[str]:
    """Nobody speaks for an organisation that has ended, nor writes to it any more: its successor is there."""
    names = directory.successions(author.clock.now())
    told = [f"to: {slug} goes on as {names[slug]}; send it there" for slug in order.to if slug in names]
    if author.slug in names:
        told.append(f"this organisation goes on as {names[author.slug]}; say it there")
    return told


def _contents(
    contents: Contents | None, held: Mapping[Uuid, Held], problems: list[str]
) -> tuple[Manifest | None, tuple[Item, ...], tuple[Item, ...]]:
    """The manifest, all items it lists, and those of them that are new. What is wrong is added to `problems`."""
    if contents is None:
        return None, (), ()
    sections, items, fresh = [], [], []
    for number, asked in enumerate(contents.sections):
        at = f"manifest.sections.{number}"
        try:
            known, item = _item(asked, held, at, problems)
            if item is None:
                continue
            sections.append(_with_bases(item.section, asked.bases))
        except ValidationError as error:
            problems.extend(f"{at}.{problem}" for problem in problems_of(error))
            continue
        items.append(item)
        if not known:
            fresh.append(item)
    try:
        manifest = Manifest(purpose=contents.purpose, sections=tuple(sections), withheld=contents.withheld)
    except ValidationError as error:
        problems.extend(f"manifest.{problem}" for problem in problems_of(error))
        return None, (), ()
    return manifest, tuple(items), tuple(fresh)


def _item(
    asked: NewSection | ForwardedSection, held: Mapping[Uuid, Held], at: str, problems: list[str]
) -> tuple[bool, Item | None]:
    """The item a section asks for, and whether it was known before."""
    if isinstance(asked, NewSection):
        return _new_item(asked, held, at, problems)
    found = held.get(asked.forward)
    if found is None:
        problems.append(f"{at}.forward: no item of that id is held here")
        return True, None
    if found.blocked:
        problems.append(f"{at}.forward: blocked, the consent it came under was withdrawn")
        return True, None
    return True, found.item


def _new_item(asked: NewSection, held: Mapping[Uuid, Held], at: str, problems: list[str]) -> tuple[bool, Item | None]:
    before = held.get(asked.item) if asked.item else None
    salt = before.item.salt if before else new_salt()
    section = Section(
        item=asked.item or str(uuid.uuid4()),
        category=asked.category,
        about=asked.about,
        kind=asked.kind,
        as_of=asked.as_of,
        source=asked.source,
        digest=digest(salt, asked.text),
        rests_on=asked.rests_on,
    )
    if before is not None and before.item.section != section:
        problems.append(f"{at}.item: names another item already; leave it out, or forward that one")
        return True, None
    return before is not None, Item(section, salt, asked.text)


def _with_bases(section: Section, bases: tuple[Basis, ...]) -> Section:
    return Section.model_validate({**section.model_dump(), "bases": bases})


def _sealed(
    items: tuple[Item, ...],
    message: Uuid,
    subject: Subject,
    to: Slug,
    directory: Directory,
    author: Author,
) -> dict[Uuid, str]:
    if not items:
        return {}
    key = directory.sealing_key(to, author.clock.now())
    if key is None:
        raise Unsendable(f"to: {to} has no key to seal to in the directory")
    return {item.section.item: seal_item(item, message, author.slug, to, subject, key) for item in items}


def seal_again(
    author: Author, directory: Directory, body: Body, before: Event, items: Sequence[Item], to: Slug
) -> Outgoing:
    """The letter `before` once more to one recipient, sealed to its key of today. Raises Unsendable, TooLargeError."""
    message = str(uuid.uuid4())
    data = before.data
    return author.write(
        before.subject,
        body,
        to=(to,),
        by=data.by,
        second=data.second,
        acting_under=data.acting_under,
        manifest=data.manifest,
        sealed=_sealed(tuple(items), message, before.subject, to, directory, author),
        message=message,
        automatic=True,
        resend_of=before.id,
    )
