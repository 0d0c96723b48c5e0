"""The worker, when its server crashes: noticed, restarted, and given up at the limit."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.client.worker_builders import DEADLINE, READY_THEN_WAIT, Log, fake, is_there
from varbridge import BridgeError, Worker, WorkerError

# Crashes


def test_a_crash_is_noticed_within_100_ms_and_answered_with_a_restart(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    delays = []
    for number in range(1, 6):
        connection = worker.connection(DEADLINE)
        assert connection.ping("hello") == "hello"
        assert worker.process is not None
        killed = time.monotonic()
        worker.process.kill()
        delays.append(log.wait_for("crashed", number) - killed)
        log.wait_for("ready", number + 1)
        with pytest.raises((BridgeError, ValueError)):  # grpc's word for a channel that is closed
            connection.ping("hello")
    assert min(delays) < 0.1, delays
    assert log.words()[:4] == ["ready", "crashed", "restarting", "ready"]
    assert log.sentences("crashed")[0] == "the server ended with exit code -9"
    assert len({process.pid for process in worker.processes}) == 6


def test_a_crash_is_noticed_at_once_even_where_a_child_holds_the_servers_pipes(
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
    worker.connection(DEADLINE)
    assert worker.process is not None
    child = int(worker.process.stdout[0])
    try:
        killed = time.monotonic()
        worker.process.kill()
        assert log.wait_for("crashed") - killed < 5.0
    finally:
        os.kill(child, signal.SIGKILL)
    log.wait_for("gave up")


def test_restarts_back_off_and_end_at_the_limit(make_worker: Callable[..., Worker]) -> None:
    def kill(word: str) -> None:
        if word == "ready" and worker.process is not None:
            worker.process.kill()

    log = Log(kill)
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, restarts=4, backoff=0.01, max_backoff=0.04)
    with contextlib.suppress(WorkerError):
        worker.connection(DEADLINE)
    log.wait_for("gave up")
    assert log.words() == ["ready", "crashed", "restarting"] * 4 + ["ready", "crashed", "gave up"]
    pauses = ["0.01", "0.02", "0.04", "0.04"]
    assert log.sentences("restarting") == [
        f"restart {number} of 4 in {pause} s" for number, pause in enumerate(pauses, start=1)
    ]
    for number, pause in enumerate(pauses, start=1):
        assert log.wait_for("ready", number + 1) - log.wait_for("restarting", number) >= float(pause)
    assert log.sentences("gave up") == [
        "gave up after 4 restarts: the server ended with exit code -9; it wrote nothing on stderr"
    ]
    assert len(worker.processes) == 5


def test_a_server_that_is_slow_to_start_and_dies_at_once_is_given_up_too(
    make_worker: Callable[..., Worker],
) -> None:
    def kill(word: str) -> None:
        if word == "ready" and worker.process is not None:
            worker.process.kill()

    log = Log(kill)
    worker = make_worker(
        fake("""
            signal.sigtimedwait([signal.SIGUSR1], 0.5)  # which nobody sends
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """),
        on_event=log,
        restarts=1,
        max_backoff=0.03,
    )
    with contextlib.suppress(WorkerError):
        worker.connection(DEADLINE)
    log.wait_for("gave up")
    assert log.words().count("ready") == 2


def test_callers_that_wait_for_a_restart_get_the_new_connection(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    old = worker.connection(DEADLINE)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("crashed")
    with ThreadPoolExecutor(5) as callers:
        new = {future.result() for future in [callers.submit(worker.connection, DEADLINE) for _ in range(5)]}
    assert len(new) == 1
    assert old not in new
    assert new.pop().ping("hello") == "hello"


def test_a_restart_that_never_gets_ready_leaves_no_process_behind(
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
    worker.connection(DEADLINE)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("gave up")
    assert "not ready within 1 s" in log.sentences("gave up")[0]
    assert len(worker.processes) == 3
    assert [process.pid for process in worker.processes if is_there(process.pid)] == []


def test_after_it_gave_up_the_next_caller_begins_anew(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, restarts=0)
    worker.connection(DEADLINE)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("gave up")
    assert worker.connection(DEADLINE).address == "127.0.0.1:1"
