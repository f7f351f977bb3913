"""Kafka's jars, pinned by `jars.lock`, kept in a cache, fetched by a pure-Python Maven client: no Maven, no Docker."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("jars.lock")


class WrongDigest(Exception):
    """A jar is not the one that jars.lock names, also after it was fetched again."""


class Jar(NamedTuple):
    group: str
    name: str
    version: str
    sha256: str

    def path(self, repository: Path) -> Path:
        return repository / self.group.replace(".", "/") / self.name / self.version / f"{self.name}-{self.version}.jar"


def cache() -> Path:
    """Where downloads are kept between runs: ESTAFETTE_CACHE, or .cache in the project."""
    return Path(os.environ.get("ESTAFETTE_CACHE") or Path(__file__).parents[1] / ".cache").resolve()


def pinned(lock: Path = LOCK) -> list[Jar]:
    lines = (line.split() for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [Jar._make([*coordinate.split(":"), sha256]) for coordinate, sha256 in lines]


def class_path(lock: Path = LOCK) -> str:
    """The jars as Java's class path, fetched where they are missing. Sorted: an AppCDS archive fits one order only."""
    repository = cache() / "jars"
    repository.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(repository / ".lock"), ThreadPoolExecutor(8) as pool:
        paths = pool.map(lambda jar: _present(jar, repository), pinned(lock))
        return os.pathsep.join(sorted(str(path) for path in paths))


def _present(jar: Jar, repository: Path) -> Path:
    path = jar.path(repository)
    for _ in range(3):
        if path.exists() and _digest(path) == jar.sha256:
            return path
        path.unlink(missing_ok=True)
        _fetch(jar, repository)
    raise WrongDigest(f"{jar.group}:{jar.name}:{jar.version} does not have the sha256 of {LOCK.name}")


def _fetch(jar: Jar, repository: Path) -> None:
    """One jar and nothing it depends on: the client's own resolver picks other versions than Kafka was built with."""
    context = MavenContext(repo_cache=repository, timeout=60)
    context.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
