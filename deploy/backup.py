"""Backups on this machine, and putting them back.

Of an edge: its database as it is at one moment, while it runs, with its keys, password and certificate. Of a cluster
that is one broker: everything under its home, while nothing runs, because what is in the topics and how far each reader
came must fit together. A cluster of several brokers keeps itself by its replicas (docs/operations.md).

A backup holds private keys (encrypted when keys at rest are) and what people wrote: it belongs on encrypted storage,
for not longer than ninety days, so that what somebody had erased is gone from backups within the three months of
Wmo 2015 art. 5.3.5.
"""

import asyncio
import contextlib
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from deploy.kafka import LocalKafka
from deploy.supervisor import hold_lock
from services.runtime.settings import Settings
from services.runtime.sql import engine_of

MANIFEST, DATABASE = "manifest.json", "database"
NOT_KEPT = ("log", "run", "erasures")
"""Of a home: what a backup of the cluster leaves out. The journal of erasures must survive a backup, not be undone by
it."""


class BackupFailed(Exception):
    """Nothing was changed. The text says why."""


class Manifest(BaseModel):
    """What a backup is of. `epoch`: of the cluster the edge belonged to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str
    epoch: uuid.UUID
    taken_at: datetime
    database: Literal["sqlite", "postgresql"]


def back_up_edge(settings: Settings, slug: str, file: Path) -> Manifest:
    """Write one file, readable by its owner only. The edge may run. Raises BackupFailed."""
    url, home = settings.database_url, settings.home
    manifest = Manifest(
        slug=slug,
        epoch=settings.cluster().epoch,
        taken_at=datetime.now(UTC),
        database="postgresql" if _is_postgres(url) else "sqlite",
    )
    with tempfile.TemporaryDirectory(dir=file.resolve().parent) as folder:
        copy = Path(folder) / DATABASE
        if _is_postgres(url):
            _run("pg_dump", "--format=custom", f"--file={copy}", f"--dbname={_libpq(url)}")
        else:
            _copy_sqlite(_sqlite_file(settings, slug), copy)
        with _archive(file) as archive:
            _add(archive, MANIFEST, manifest.model_dump_json().encode())
            archive.add(copy, DATABASE)
            for part in _parts(home, slug):
                archive.add(part, str(part.relative_to(home)))
    return manifest


def restore_edge(settings: Settings, file: Path) -> tuple[Manifest, Path | None]:
    """Put an edge back; the edge must not run. Where the database that was there went to, if there was one.

    Keys that are there stay: newer ones than the backup's may be in use. Raises BackupFailed.
    """
    with tarfile.open(file) as archive, tempfile.TemporaryDirectory(dir=settings.home) as folder:
        archive.extractall(folder, filter="data")
        manifest = Manifest.model_validate_json((Path(folder) / MANIFEST).read_bytes())
        if settings.cluster_file.exists() and settings.cluster().epoch != manifest.epoch:
            raise BackupFailed("the backup is of an edge of another cluster")
        if (manifest.database == "postgresql") != _is_postgres(settings.database_url):
            raise BackupFailed(f"the backup is of a {manifest.database} database: set ESTAFETTE_DATABASE_URL")
        copy, aside = Path(folder) / DATABASE, None
        if _is_postgres(settings.database_url):
            target = f"--dbname={_libpq(settings.database_url)}"
            _run("pg_restore", "--clean", "--if-exists", "--single-transaction", target, str(copy))
        else:
            aside = _place_sqlite(copy, _sqlite_file(settings, manifest.slug))
        _place_missing(Path(folder), settings.home)
    url = settings.database_url or f"sqlite+aiosqlite:///{_sqlite_file(settings, manifest.slug)}"
    asyncio.run(_mark(url, manifest))
    return manifest, aside


def back_up_cluster(home: Path, file: Path) -> None:
    """Everything under a home, but its logs. Raises BackupFailed while anything runs."""
    with _at_rest(home), _archive(file) as archive:
        for part in sorted(home.iterdir()):
            if part.name not in NOT_KEPT:
                archive.add(part, part.name, filter=_files)


def restore_cluster(home: Path, file: Path) -> Path:
    """Put a home back as it was; where what was there went to. Raises BackupFailed while anything runs."""
    aside = home.with_name(f"{home.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    home.mkdir(mode=0o700, exist_ok=True)
    with _at_rest(home), tarfile.open(file) as archive:
        home.rename(aside)
        home.mkdir(mode=0o700)
        archive.extractall(home, filter="tar")
        if (aside / "erasures").exists():
            shutil.copytree(aside / "erasures", home / "erasures")
    return aside


@contextlib.contextmanager
def _at_rest(home: Path) -> Iterator[None]:
    lock = hold_lock(home)
    if lock is None or LocalKafka(home).running():
        raise BackupFailed("something runs here: `estafette down` first")
    try:
        yield
    finally:
        lock.close()


def _files(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return member if member.isfile() or member.isdir() else None


@contextlib.contextmanager
def _archive(file: Path) -> Iterator[tarfile.TarFile]:
    """Under another name until it is whole."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    with tarfile.open(unfinished, "w:gz", compresslevel=1) as archive:
        yield archive
    unfinished.rename(file)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


def _parts(home: Path, slug: str) -> list[Path]:
    wanted = [home / "keys" / slug, home / "secrets" / slug, home / "pins.yaml", home / "cluster.json"]
    wanted += [home / "certificates" / f"{slug}.{end}" for end in ("crt", "key")]
    return [part for part in wanted if part.exists()]


def _place_missing(source: Path, home: Path) -> None:
    for file in source.rglob("*"):
        target = home / file.relative_to(source)
        if file.is_file() and file.name not in (MANIFEST, DATABASE) and not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(file, target)


def _sqlite_file(settings: Settings, slug: str) -> Path:
    if settings.database_url is None:
        return settings.home / "db" / f"{slug}.db"
    return Path(settings.database_url.partition(":///")[2])


def _copy_sqlite(file: Path, copy: Path) -> None:
    """As of one moment, whatever is written meanwhile."""
    if not file.exists():
        raise BackupFailed(f"no database at {file}")
    with contextlib.closing(sqlite3.connect(file)) as live, contextlib.closing(sqlite3.connect(copy)) as made:
        live.backup(made)


def _place_sqlite(copy: Path, file: Path) -> Path | None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = None
    if file.exists():
        _alone(file)
        aside = file.with_name(f"{file.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        file.rename(aside)
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    shutil.copy2(copy, file)
    file.chmod(0o600)
    return aside


def _alone(file: Path) -> None:
    """Everything written is in the one file, and nobody has it open."""
    with contextlib.closing(sqlite3.connect(file, timeout=1)) as database:
        try:
            database.execute("pragma locking_mode=exclusive")
            database.execute("begin exclusive")
            database.rollback()
            database.execute("pragma journal_mode=delete")
        except sqlite3.OperationalError:
            raise BackupFailed("the edge runs: end it first") from None


async def _mark(url: str, manifest: Manifest) -> None:
    """The edge reads its whole inbox again because of this row: the deliveries since the backup."""
    engine = engine_of(url)
    row = {"id": str(uuid.uuid4()), "taken": manifest.taken_at, "at": datetime.now(UTC)}
    moments = [sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("taken", "at")]
    insert = sa.text("insert into restores (id, taken_at, at) values (:id, :taken, :at)").bindparams(*moments)
    try:
        async with engine.begin() as connection:
            await connection.execute(insert, row)
    finally:
        await engine.dispose()


def _is_postgres(url: str | None) -> bool:
    return url is not None and url.startswith("postgresql")


def _libpq(url: str | None) -> str:
    return (url or "").replace("postgresql+asyncpg://", "postgresql://", 1)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    except FileNotFoundError:
        raise BackupFailed(f"{command[0]} is not installed here") from None
    if done.returncode != 0:
        raise BackupFailed(f"{command[0]}: {json.dumps(done.stderr.strip()[-300:])}")
