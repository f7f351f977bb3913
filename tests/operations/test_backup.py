"""Backups that were put back: what is lost, how a gap is found, and how it is healed."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from deploy import backup
from deploy.backup import BackupFailed
from deploy.broker import ADMIN
from services.cli.__main__ import main
from services.runtime.settings import Settings
from tests.operations.conftest import LINDE, VT, Few, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]


def command(few: Few, *arguments: str) -> str:
    """`estafette ...` on this home."""
    before = os.environ.get("ESTAFETTE_HOME")
    done = CliRunner().invoke(main, ["--home", str(few.home), *arguments])
    if before is None:
        os.environ.pop("ESTAFETTE_HOME", None)
    else:
        os.environ["ESTAFETTE_HOME"] = before
    assert done.exit_code == 0, done.output
    return done.output


def opened(few: Few, message: str) -> str | None:
    """The text of a letter, as a professional of the local team reads it."""
    answer = few.ask("GET", f"{LINDE}/linde-1", f"/api/inbox/{message}/content")
    return str(answer.json()["sections"][0]["text"]) if answer.status_code == 200 else None


def test_an_edge_put_back_reads_again_what_it_was_sent_since(few: Few, tmp_path: Path) -> None:
    """Both edges, from a backup that was made while they ran. Delivered letters come back from the inbox topic; of what
    was sent oneself the words are lost, and the case still tells that it was said. Then all goes on without a gap."""
    case = few.case()
    kept = few.letter(case, "before the backup")
    for slug in (VT, LINDE):
        command(few, "backup", "edge", slug, str(tmp_path / slug))
    after = few.letter(case, "after the backup")
    few.stop(VT, LINDE)
    for slug in (VT, LINDE):
        assert slug in command(few, "restore", "edge", str(tmp_path / slug))
    few.start(VT, LINDE)
    assert until(lambda: opened(few, after["id"])) == "after the backup"
    assert opened(few, kept["id"]) == "before the backup"
    assert few.ask("GET", f"{VT}/vt-1", f"/api/messages/{after['id']}").status_code == 404
    told = until(lambda: _told(few, case, after["id"]))
    assert told["verdict"] == "DELIVERED"
    few.letter(case, "and on it goes")
    assert [row for row in few.ask("GET", f"{LINDE}/linde-1", "/api/inbox").json() if row.get("missing")] == []
    assert (tmp_path / VT).stat().st_mode & 0o077 == 0


def _told(few: Few, case: str, message: str) -> dict[str, Any] | None:
    timeline = few.ask("GET", f"{VT}/vt-1", f"/api/cases/{case}").json()["timeline"]
    return next((line for line in timeline if line["message"] == message), None)


def test_what_has_expired_meanwhile_is_a_hole_that_is_found_told_and_closed(few: Few, tmp_path: Path) -> None:
    """A backup older than the inbox topic: the letter in between cannot come back. The next delivery shows the hole,
    the gate says that it is final, and receipts go on; the sender shares it again."""
    case = few.case()
    few.letter(case, "before the backup")
    command(few, "backup", "edge", LINDE, str(tmp_path / "linde"))
    gone = few.letter(case, "nobody will read this here again")
    few.stop(LINDE)
    _expire(few, f"{LINDE}.inbox")
    command(few, "restore", "edge", str(tmp_path / "linde"))
    few.start(LINDE)
    assert opened(few, gone["id"]) is None
    few.letter(case, "the next")  # returns when it is stored and its sender was told: the hole stops nothing
    log = few.log(LINDE).read_text()
    assert "inbox gap" in log
    until(lambda: "INBOX_GAP" not in few.get(LINDE, "/ready").json()["alarms"])


def _expire(few: Few, topic: str) -> None:
    """As retention does after seven days."""
    admin = AdminClient(Settings(home=few.home).kafka(ADMIN).confluent())
    for done in admin.delete_records([TopicPartition(topic, slot, -1) for slot in range(2)]).values():
        done.result(20)


def test_a_cluster_put_back_as_it_was_goes_on_and_an_older_one_is_not_believed(few: Few, tmp_path: Path) -> None:
    """The whole home, at rest. Put back at once, nothing is lost. Put back after more was decided, under edges that
    know more: they refuse what contradicts what they hold, and say so."""
    case = few.case()
    few.letter(case, "before")
    with pytest.raises(BackupFailed, match="something runs"):
        backup.back_up_cluster(few.home, tmp_path / "cluster")
    _rest(few)
    command(few, "backup", "cluster", str(tmp_path / "cluster"))
    command(few, "restore", "cluster", str(tmp_path / "cluster"))
    _wake(few)
    few.letter(case, "as if nothing had happened")
    _rest(few)
    newer = {slug: (few.home / "db" / f"{slug}.db").read_bytes() for slug in (VT, LINDE)}
    command(few, "restore", "cluster", str(tmp_path / "cluster"))
    for slug, database in newer.items():
        (few.home / "db" / f"{slug}.db").write_bytes(database)
    _wake(few)
    few.ask("POST", f"{VT}/vt-1", "/api/messages/dossiers.shared", few.order(case, LINDE, "on another branch"))
    until(lambda: "LEDGER_FORKED" in few.get(LINDE, "/ready").json()["alarms"])


def _rest(few: Few) -> None:
    few.stop(*few.running)
    few.system.kafka.stop()


def _wake(few: Few) -> None:
    (few.home / "log").mkdir(exist_ok=True)
    few.system.kafka.start()
    few.start("gate", VT, LINDE)
