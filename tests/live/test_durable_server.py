"""Tests of a bridge with a data directory: full disks, starts that fail, and leftover files and processes."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.clients.collected_watch import collect
from varbridge.process import ServerProcess

LONG = "x" * 200_000
STARTS = int(os.environ.get("STARTS", "5"))
"""The number of starts; a long run is `STARTS=100 pytest tests/live/test_durable_server.py`."""

Launch = Callable[..., ServerProcess]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """A function that starts a bridge with flags; the bridge ends with the test."""
    processes: list[ServerProcess] = []

    def start(*flags: str) -> ServerProcess:
        processes.append(ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags]))
        return processes[-1]

    yield start
    for process in processes:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(60.0)


def session_of(connection: Connection) -> Session:
    return connection.session("tuning")


def test_on_a_full_disk_changes_are_refused_and_reads_are_answered(launch: Launch, tmp_path: Path) -> None:
    process = launch("--data-dir", str(tmp_path))
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = session_of(connection)
        session.register("x", "string", "short")
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        with collect(session, "x") as watch:
            # From now on no file of that process can grow, as on a full disk.
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
            for _ in range(3):
                with pytest.raises(BridgeError) as refused:
                    session.set("x", LONG)
                assert refused.value.code in (
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    grpc.StatusCode.UNAVAILABLE,
                )
                assert "nothing was changed" in refused.value.message
                assert (session.get("x").value, session.get("x").version) == ("short", 1)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
            assert session.set("x", LONG) == 2
            (update,) = watch.wait_for(lambda updates: len(updates) == 1)
            assert update.variable is not None
            assert update.variable.version == 2
        process.kill()
        process.wait_ended(60.0)
    process = launch("--data-dir", str(tmp_path))
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        assert session_of(connection).get("x").value == LONG
    process.stop()
    assert "Traceback" not in process.last_words()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("a file"), "cannot use the data directory"),
        (lambda path: (path.mkdir(), (path / "mine.txt").touch()), "holds other files"),
        (
            lambda path: (path.mkdir(), (path / "bridge.sqlite3").write_bytes(b"noise" * 1000)),
            "cannot use .*bridge.sqlite3",
        ),
    ],
)
def test_the_error_of_a_start_that_fails_is_one_line(
    launch: Launch, tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "data"
    make(path)
    process = launch("--data-dir", str(path))
    assert process.wait_ended(60.0) == 1
    process.last_words()
    assert [*process.stdout] == []
    (line,) = process.stderr
    assert re.match(f"server: .*{reason}", line)


def test_the_error_about_damaged_data_is_one_line(launch: Launch, tmp_path: Path) -> None:
    process = launch("--data-dir", str(tmp_path))
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session_of(connection).register("x", "string", "y" * 100)
    process.stop()
    file = tmp_path / "bridge.sqlite3"
    file.write_bytes(file.read_bytes().replace(b"yyyyy", b"yyzyy", 1))
    process = launch("--data-dir", str(tmp_path))
    assert process.wait_ended(60.0) == 1
    process.last_words()
    (line,) = process.stderr
    assert re.match("server: the data in .* is damaged: .*; restore it", line)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_starts_and_stops_leave_no_files_or_processes(
    launch: Launch, tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, data = tmp_path / "scratch", tmp_path / "data"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    for _ in range(STARTS):
        process = launch("--data-dir", str(data))
        port = process.wait_ready()
        with Connection(f"127.0.0.1:{port}") as connection:
            session = session_of(connection)
            session.initialize()
            session.execute("block", {"seconds": 0.0})  # a blocking tool runs in a separate process
            watch = collect(session)
        process.signal(number)
        assert process.wait_ended(60.0) == 0
        assert watch.wait_until_over()
        assert processes_with(scratch) == []
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0
        assert [*scratch.iterdir()] == []
        assert [file.name for file in data.iterdir()] == ["bridge.sqlite3"]


def processes_with(scratch: Path) -> list[str]:
    """Return the commands of the processes with this TMPDIR: a bridge and the processes that it started."""
    commands = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # the process has ended
            if f"TMPDIR={scratch}".encode() in environment.split(b"\0"):
                commands.append(command)
    return commands


def test_a_start_with_much_data_says_so(launch: Launch, tmp_path: Path) -> None:
    process = launch("--data-dir", str(tmp_path))
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = session_of(connection)
        for number in range(40):
            session.register(f"text {number}", "string", "x" * 2**20)
    process.stop()
    process = launch("--data-dir", str(tmp_path))
    process.wait_ready()
    process.stop()
    process.read_all()
    assert any("loading 4" in line and "MiB" in line for line in process.stderr)
