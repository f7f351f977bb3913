"""A service that signs: the directory it follows and the keys it holds, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from schemas.base import Slug
from services.runtime.directory import Directory, DirectoryReader, load_pins
from services.runtime.jose import SigningKey
from services.runtime.keys import KeyRing, NoKey
from services.runtime.settings import Settings


class Signing(NamedTuple):
    """`first`: one of the keys, whatever the directory says of it. `signer`: the newest in use at a moment."""

    reader: DirectoryReader
    first: SigningKey
    signer: Callable[[datetime], SigningKey]


@asynccontextmanager
async def signing(
    settings: Settings, slug: Slug, died: Callable[[BaseException], object], stop: type[Exception]
) -> AsyncIterator[Signing]:
    """The directory read to its end and followed, and the keys of `slug`.

    `died` is told what ends the following; `stop` is what the signer raises. Raises KeysUnusable.
    """
    reader = DirectoryReader(settings.kafka(slug), load_pins(settings.home / "pins.yaml"))
    await reader.start()

    def ended(following: asyncio.Task[None]) -> None:
        if not following.cancelled() and (error := following.exception()) is not None:
            died(error)

    following = asyncio.create_task(reader.followed())
    following.add_done_callback(ended)
    ring = KeyRing.of(settings.home, slug, lambda: reader.directory.revision)
    yield Signing(reader, next(iter(ring.signing.values())), signer_of(ring, reader.directory, stop))
    await reader.stop()


def signer_of(ring: KeyRing, directory: Directory, stop: type[Exception]) -> Callable[[datetime], SigningKey]:
    """Raises `stop` when there is no key to sign with at a moment: nobody would believe what is said."""

    def signer(at: datetime) -> SigningKey:
        try:
            return ring.signer(directory, at)
        except NoKey as error:
            raise stop(str(error)) from None

    return signer
