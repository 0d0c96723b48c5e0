"""Tests of the worker in an unkind process: callbacks that raise, and a starter that ignores SIGCHLD."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from tests.client.worker_builders import DEADLINE_S, READY_THEN_WAIT, Log, fake
from varbridge import Connection, Worker, WorkerError


def test_a_server_is_restarted_even_if_on_event_raises(
    make_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(event: str) -> None:
        raise ValueError(f"no {event}")

    log = Log(refuse)
    worker = make_worker(on_event=log)
    assert worker.connection(DEADLINE_S).ping("first") == "first"
    first = worker.process
    assert first is not None
    first.kill()
    log.wait_for("ready", 2)
    assert worker.connection(DEADLINE_S).ping("second") == "second"
    worker.stop()
    assert worker.connection(DEADLINE_S).ping("third") == "third"
    assert log.events() == ["ready", "crashed", "restarting", "ready", "stopped", "ready"]
    assert [record.name for record in caplog.records if record.exc_info][:2] == ["varbridge.worker"] * 2


def test_an_exception_of_connect_is_the_error_of_the_worker(make_worker: Callable[..., Worker]) -> None:
    def refuse(address: str) -> Connection:
        raise ValueError("not there")

    worker = make_worker(fake(READY_THEN_WAIT), connect=refuse)
    with pytest.raises(WorkerError, match="cannot connect to the server: not there"):
        worker.connection(DEADLINE_S)


def test_a_crash_does_not_count_as_exit_code_0_where_sigchld_is_ignored() -> None:
    script = """
        import signal, sys

        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        from varbridge import Worker, WorkerError
        from varbridge.process import ServerProcess

        process = ServerProcess([sys.executable, "-S", "-c", "raise SystemExit(3)"])
        process.wait_ended(60.0)
        print(process.exit_code)
        try:
            Worker([sys.executable, "-S", "-c", "raise SystemExit(3)"]).connection(30.0)
        except WorkerError as error:
            print(error)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60.0,
        check=True,
    )
    assert ended.stdout == (
        "255\nthe server ended with an unknown exit code before it was ready, since this process ignores"
        " SIGCHLD; it wrote nothing on stderr\n"
    )
