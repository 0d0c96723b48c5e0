"""Failures of the SQLite store: a full disk, damaged data, and directories of others."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from server.core.changes import ChangeContext
from server.core.errors import RefusalError, ResourceExhaustedError, StartupError, UnavailableError
from server.storage.records import Compacted
from server.storage.sqlite.directory import FILE, UNFINISHED
from server.storage.sqlite.store import SqliteStore
from tests.server.core.builders import FakeClock, put, reader, register
from tests.server.storage.builders import Bridge, a_bridge

LONG = "x" * 100_000


def fill_the_disk(bridge: Bridge, pages: int = 0) -> None:
    """Limit the size of the database; ``pages`` pages are left free."""
    connection = _connection(bridge)
    (count,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {count + pages}")


def free_the_disk(bridge: Bridge) -> None:
    _connection(bridge).execute("PRAGMA max_page_count = 1000000")


def _connection(bridge: Bridge) -> sqlite3.Connection:
    assert isinstance(bridge.store, SqliteStore)
    return bridge.store.connection


def test_changes_that_the_disk_does_not_store_are_rolled_back(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "text", "short", kind="string"))
        watch, _ = session.watch([], lambda: None)
        before = bridge.snapshots()
        fill_the_disk(bridge)
        changes = [
            lambda: put(session, "text", LONG, kind="string", request_id="r"),
            lambda: register(session, "other", LONG, kind="string"),
            lambda: session.set_many({"text": reader("string", LONG)}, ChangeContext(), atomic=True),
        ]
        for change in changes:
            with pytest.raises(ResourceExhaustedError, match="disk is full"):
                bridge.do(change)
            assert bridge.snapshots() == before
        assert session.get("text").value.native() == "short"
        assert watch.take() == []
        free_the_disk(bridge)
        assert bridge.do(lambda: put(session, "text", LONG, kind="string", request_id="r")) == 2
        assert [change.variable.version for change in watch.take()] == [2]
        watch.close()
        before = bridge.snapshots()
    with a_bridge(tmp_path) as bridge:
        assert bridge.snapshots() == before


def test_no_page_of_a_database_can_be_in_the_unused_part_of_its_log(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.5))
        log = (tmp_path / f"{FILE}-wal").read_bytes()
        assert set(log[-4096:]) == {255}
        assert _connection(bridge).execute("PRAGMA secure_delete").fetchone() == (0,)


def test_changes_on_top_of_them_are_rolled_back_as_well(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "text", "short", kind="string"))
        before = bridge.snapshots()
        fill_the_disk(bridge)

        def several() -> None:
            put(session, "text", LONG, kind="string")
            put(session, "text", "on top", kind="string", expected=2)
            session.delete("text", ChangeContext())
            register(session, "text", 1.0)

        with pytest.raises(ResourceExhaustedError):
            bridge.do(several)
        assert bridge.snapshots() == before


def test_an_end_that_is_not_persisted_is_rolled_back(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "text", "short", kind="string"))
        watch, _ = session.watch([], lambda: None)
        before = bridge.snapshots()

        def in_vain() -> None:
            # The end and a record that does not fit are in the same group.
            bridge.sessions.close("tuning")
            with bridge.sessions.opening("tuning") as again:
                register(again, "text", LONG, kind="string")

        fill_the_disk(bridge)
        with pytest.raises(ResourceExhaustedError):
            bridge.do(in_vain)
        assert bridge.snapshots() == before
        assert watch.ended is None
        free_the_disk(bridge)
        session = bridge.open()
        bridge.do(lambda: put(session, "text", "longer", kind="string"))
        assert [change.variable.version for change in watch.take()] == [2]
        watch.close()


def test_a_session_that_is_not_persisted_is_not_open(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open("other")
        fill_the_disk(bridge)

        def opened() -> None:
            with bridge.sessions.opening("tuning") as session:
                register(session, "text", LONG, kind="string")

        with pytest.raises(ResourceExhaustedError):
            bridge.do(opened)
        assert bridge.ids() == ["other"]
        with pytest.raises(RefusalError, match="Session not found"):
            bridge.sessions.find("tuning")
        free_the_disk(bridge)
        bridge.do(opened)
    with a_bridge(tmp_path) as bridge:
        assert sorted(bridge.ids()) == ["other", "tuning"]


def test_a_record_of_a_session_that_has_ended_can_fail(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 1.0))
        bridge.do(lambda: bridge.sessions.close("tuning"))
        other = bridge.open("other")
        before = bridge.snapshots()
        fill_the_disk(bridge)

        def in_vain() -> None:
            bridge.store.write(Compacted("tuning", 1, {}), lambda: None)
            register(other, "text", LONG, kind="string")

        with pytest.raises(ResourceExhaustedError):
            bridge.do(in_vain)
        assert bridge.snapshots() == before
        free_the_disk(bridge)
        bridge.do(lambda: register(other, "text", LONG, kind="string"))


def test_a_record_that_cannot_be_written_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        session = bridge.open()
        before = bridge.snapshots()
        with pytest.raises(UnavailableError, match="nothing was changed"):
            bridge.do(lambda: register(session, "text", "x", kind="string", metadata={"key": {1}}))  # type: ignore[dict-item]
        assert bridge.snapshots() == before
        bridge.do(lambda: register(session, "text", "x", kind="string"))


def test_other_users_can_read_nothing_of_a_new_directory(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with a_bridge(tmp_path / "a" / "data") as bridge:
            bridge.open()
            modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")]
    finally:
        os.umask(before)
    assert len(modes) == 4  # the directory, the database, its write-ahead log and the reserve
    assert modes == [0o700, 0o600, 0o600, 0o600]


def test_the_files_of_an_older_server_are_taken_from_other_users(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open()
    (tmp_path / FILE).chmod(0o664)
    with a_bridge(tmp_path) as bridge:
        bridge.open()
        assert {path.stat().st_mode & 0o007 for path in tmp_path.iterdir()} == {0}


def a_history(path: Path) -> tuple[FakeClock, Path]:
    """Return a directory as a kill would leave it, with the newest changes in the write-ahead log only."""
    clock = FakeClock()
    copy = path / "killed"
    with a_bridge(path / "running", clock, history=1000) as bridge:
        session = bridge.open()
        bridge.do(lambda: register(session, "rate", 0.0))
        bridge.do(lambda: register(session, "pair", 0.0))
        for number in range(1, 40):
            readers = {"rate": reader("float", float(number)), "pair": reader("float", float(number))}
            bridge.do(lambda readers=readers: session.set_many(readers, ChangeContext(), atomic=True))
        shutil.copytree(path / "running", copy)
    return clock, copy


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_torn_log_is_truncated_and_batches_stay_atomic(tmp_path: Path) -> None:
    clock, killed = a_history(tmp_path)
    log = killed / f"{FILE}-wal"
    whole = log.read_bytes()
    assert len(whole) > 100_000
    newest_versions = []
    for length in range(len(whole), 0, -4999):
        torn = tmp_path / "torn"
        shutil.copytree(killed, torn)
        (torn / f"{FILE}-wal").write_bytes(whole[:length])
        with a_bridge(torn, clock, history=1000) as bridge:
            newest = -1
            for session_id in bridge.ids():
                session = bridge.sessions.find(session_id)
                versions = [variable.version for variable in session.matching()]
                assert len(versions) < 2 or min(versions) == max(versions)
                newest = max([newest, *versions])
                if versions:
                    bridge.do(lambda session=session: put(session, "rate", 1.5))
            newest_versions.append(newest)
        shutil.rmtree(torn)
    assert newest_versions[0] == 40
    assert newest_versions == sorted(newest_versions, reverse=True)
    assert newest_versions[-1] < 20


@pytest.mark.parametrize("seed", range(int(os.environ.get("DAMAGES", "10"))))
def test_other_damage_is_refused_or_does_not_matter(tmp_path: Path, seed: int) -> None:
    clock = FakeClock()
    with a_bridge(tmp_path / "data", clock) as bridge:
        session = bridge.open(metadata={"team": "ranking"})
        for number in range(20):
            bridge.do(lambda number=number: register(session, f"v{number}", "text" * 50, kind="string"))
            bridge.do(lambda number=number: put(session, f"v{number}", "tuned" * 50, kind="string"))
        bridge.do(lambda: session.depend("v1", "v2", "derived"))
        before = bridge.snapshots()
    file = tmp_path / "data" / FILE
    whole = file.read_bytes()
    chance = random.Random(seed)
    refused = 0
    for _ in range(40):
        damaged = bytearray(whole)
        place = chance.randrange(len(whole))
        damaged[place] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            with a_bridge(tmp_path / "data", clock) as bridge:
                assert bridge.snapshots() == before, f"byte {place}"
        except StartupError:
            refused += 1
        for left in (tmp_path / "data").iterdir():
            left.unlink()
    assert refused > 0


def test_a_directory_has_one_process(tmp_path: Path) -> None:
    with a_bridge(tmp_path), pytest.raises(StartupError, match="in use by another process"):
        SqliteStore(tmp_path)
    with a_bridge(tmp_path):
        pass


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", b"mine", "holds other files"),
        (FILE, b"this is not a database, but a text that is long enough" * 20, "restore it"),
        (FILE, b"SQLite format 3\0" + b"\0" * 84, "restore it"),
    ],
)
def test_a_foreign_directory_is_refused_and_left_unchanged(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StartupError, match=reason):
        SqliteStore(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: content}


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("application_id = 7", "is not a bridge's database"), ("user_version = 99", "format 99")],
)
def test_another_format_is_refused(tmp_path: Path, pragma: str, reason: str) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(f"PRAGMA {pragma}")
    connection.close()
    with pytest.raises(StartupError, match=reason):
        SqliteStore(tmp_path)


def test_the_files_of_a_start_that_was_killed_are_replaced(tmp_path: Path) -> None:
    for name in UNFINISHED:
        (tmp_path / name).write_bytes(b"unfinished")
    with a_bridge(tmp_path) as bridge:
        bridge.open()
    with a_bridge(tmp_path) as bridge:
        assert bridge.ids() == ["tuning"]
    assert not any((tmp_path / name).exists() for name in UNFINISHED)


def test_an_empty_file_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open()
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(StartupError, match="is empty: restore it"):
        SqliteStore(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b""


def test_an_empty_file_with_a_log_is_refused_and_the_log_is_left_unchanged(tmp_path: Path) -> None:
    with a_bridge(tmp_path) as bridge:
        bridge.open()
        log = (tmp_path / f"{FILE}-wal").read_bytes()
    (tmp_path / FILE).write_bytes(b"")
    (tmp_path / f"{FILE}-wal").write_bytes(log)
    with pytest.raises(StartupError, match="restore it"):
        SqliteStore(tmp_path)
    assert (tmp_path / f"{FILE}-wal").read_bytes() == log


@pytest.mark.parametrize("path", ["/proc/nothing", "/dev/null"])
def test_a_place_where_nothing_can_be_written_is_refused(path: str) -> None:
    with pytest.raises(StartupError, match="cannot use the data directory"), suppress(FileExistsError):
        SqliteStore(Path(path))
