"""Tests of the worker when its server crashes: detection, restarts with back-off, and the limit."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.client.worker_builders import DEADLINE_S, READY_THEN_WAIT, Log, fake, is_running
from varbridge import BridgeError, Worker, WorkerError

# Crashes


def test_a_crash_is_detected_within_100_ms_and_the_server_restarted(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    delays = []
    for number in range(1, 6):
        connection = worker.connection(DEADLINE_S)
        assert connection.ping("hello") == "hello"
        assert worker.process is not None
        killed = time.monotonic()
        worker.process.kill()
        delays.append(log.wait_for("crashed", number) - killed)
        log.wait_for("ready", number + 1)
        with pytest.raises((BridgeError, ValueError)):  # grpc raises ValueError for a closed channel
            connection.ping("hello")
    assert min(delays) < 0.1, delays
    assert log.events()[:4] == ["ready", "crashed", "restarting", "ready"]
    assert log.messages("crashed")[0] == "the server ended with exit code -9"
    assert len({process.pid for process in worker.processes}) == 6


def test_a_crash_is_detected_even_if_a_child_has_the_pipes_open(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(
        fake("""
            child = os.fork()
            if child:
                print(child)
                print("GRPC_READY:1", flush=True)
            signal.pause()
        """),
        on_event=log,
        restarts=0,
    )
    worker.connection(DEADLINE_S)
    assert worker.process is not None
    child = int(worker.process.stdout[0])
    try:
        killed = time.monotonic()
        worker.process.kill()
        assert log.wait_for("crashed") - killed < 5.0
    finally:
        os.kill(child, signal.SIGKILL)
    log.wait_for("gave up")


def test_restarts_back_off_and_stop_at_the_limit(make_worker: Callable[..., Worker]) -> None:
    def kill(event: str) -> None:
        if event == "ready" and worker.process is not None:
            worker.process.kill()

    log = Log(kill)
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, restarts=4, backoff=0.01, max_backoff=0.04)
    with contextlib.suppress(WorkerError):
        worker.connection(DEADLINE_S)
    log.wait_for("gave up")
    assert log.events() == ["ready", "crashed", "restarting"] * 4 + ["ready", "crashed", "gave up"]
    pauses = ["0.01", "0.02", "0.04", "0.04"]
    assert log.messages("restarting") == [
        f"restart {number} of 4 in {pause} s" for number, pause in enumerate(pauses, start=1)
    ]
    for number, pause in enumerate(pauses, start=1):
        assert log.wait_for("ready", number + 1) - log.wait_for("restarting", number) >= float(pause)
    assert log.messages("gave up") == [
        "gave up after 4 restarts: the server ended with exit code -9; it wrote nothing on stderr"
    ]
    assert len(worker.processes) == 5


def test_a_server_that_starts_slowly_and_crashes_reaches_the_limit_too(
    make_worker: Callable[..., Worker],
) -> None:
    def kill(event: str) -> None:
        if event == "ready" and worker.process is not None:
            worker.process.kill()

    log = Log(kill)
    worker = make_worker(
        fake("""
            signal.sigtimedwait([signal.SIGUSR1], 0.5)  # this signal is never sent
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """),
        on_event=log,
        restarts=1,
        max_backoff=0.03,
    )
    with contextlib.suppress(WorkerError):
        worker.connection(DEADLINE_S)
    log.wait_for("gave up")
    assert log.events().count("ready") == 2


def test_callers_that_wait_for_a_restart_get_the_new_connection(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    old = worker.connection(DEADLINE_S)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("crashed")
    with ThreadPoolExecutor(5) as callers:
        new = {
            future.result() for future in [callers.submit(worker.connection, DEADLINE_S) for _ in range(5)]
        }
    assert len(new) == 1
    assert old not in new
    assert new.pop().ping("hello") == "hello"


def test_restarts_that_are_never_ready_leave_no_process(
    make_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    log = Log()
    started = tmp_path / "started"
    worker = make_worker(
        fake(f"""
            if not os.path.exists({str(started)!r}):
                open({str(started)!r}, "w").close()
                print("GRPC_READY:1", flush=True)
            signal.pause()
        """),
        on_event=log,
        restarts=2,
        start_timeout=1.0,
    )
    worker.connection(DEADLINE_S)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("gave up")
    assert "not ready within 1 s" in log.messages("gave up")[0]
    assert len(worker.processes) == 3
    assert [process.pid for process in worker.processes if is_running(process.pid)] == []


def test_a_call_after_the_limit_starts_a_server_again(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, restarts=0)
    worker.connection(DEADLINE_S)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("gave up")
    assert worker.connection(DEADLINE_S).address == "127.0.0.1:1"
