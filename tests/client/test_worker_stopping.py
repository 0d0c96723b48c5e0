"""Tests of the worker when it is stopped, and of connections without an answer."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.client.worker_builders import (
    DEADLINE_S,
    READY_THEN_WAIT,
    SERVER,
    Log,
    fake,
    is_running,
    wait_until,
)
from varbridge import BridgeError, Connection, Worker, WorkerError
from varbridge.process import ServerProcess

# Stopping


def test_a_stopped_worker_has_no_server_and_can_start_again(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    first = worker.connection(DEADLINE_S)
    assert first.ping("hello") == "hello"
    worker.stop()
    assert worker.process is not None
    assert worker.process.exit_code == 0
    with pytest.raises((BridgeError, ValueError)):
        first.ping("hello")
    second = worker.connection(DEADLINE_S)
    assert second is not first
    assert second.ping("hello") == "hello"
    worker.stop()
    worker.stop()
    assert log.events() == ["ready", "stopped", "ready", "stopped"]
    assert [process.exit_code for process in worker.processes] == [0, 0]


def test_stopping_a_worker_that_was_never_used_does_nothing(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    worker.stop()
    assert (worker.process, log.records) == (None, [])


def test_stopping_kills_a_server_that_ignores_sigterm(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(
        fake("""
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("GRPC_READY:1", flush=True)
            while True:
                signal.pause()
        """)
    )
    worker.connection(DEADLINE_S)
    worker.stop(grace=0.1)
    assert worker.process is not None
    assert worker.process.exit_code == -signal.SIGKILL


def test_stopping_during_a_start_ends_the_start_and_the_waits_of_callers(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(fake("signal.pause()"), on_event=log)
    with ThreadPoolExecutor(1) as callers:
        waiting = callers.submit(worker.connection, DEADLINE_S)
        wait_until(lambda: worker.process)
        worker.stop()
        with pytest.raises(WorkerError, match="the worker is stopped"):
            waiting.result(DEADLINE_S)
    assert worker.process is not None
    assert worker.process.exit_code is not None
    assert log.events() == ["stopped"]


def test_stopping_before_a_restart_cancels_the_restart(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, backoff=1000.0, max_backoff=1000.0)
    worker.connection(DEADLINE_S)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("restarting")
    worker.stop()
    assert log.events() == ["ready", "crashed", "restarting", "stopped"]
    assert len(worker.processes) == 1


def test_leaving_a_with_block_stops_its_worker() -> None:
    with Worker(SERVER) as worker:
        assert worker.connection(DEADLINE_S).ping("hello") == "hello"
    assert worker.process is not None
    assert worker.process.exit_code == 0
    assert not is_running(worker.process.pid)


def test_the_server_ends_with_the_process_of_its_worker() -> None:
    program = f"""
        from varbridge import Worker
        worker = Worker({SERVER!r})
        worker.connection()
        print(worker.process.pid, flush=True)
        input()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert is_running(server)
        parent.kill()
    wait_until(lambda: not is_running(server))


# Connections


def test_a_connection_without_a_bridge_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with Connection(address) as connection:
            with pytest.raises(TimeoutError, match=f"no answer from {address} within 0.1 s"):
                connection.wait_until_ready(0.1)
            with pytest.raises(BridgeError) as refused:
                connection.ping("hello")
            assert refused.value.code is grpc.StatusCode.UNAVAILABLE


def test_a_connection_waits_for_a_busy_bridge(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process([*SERVER])
    port = process.wait_ready()
    process.signal(signal.SIGSTOP)
    threading.Timer(0.5, process.signal, [signal.SIGCONT]).start()
    with Connection(f"127.0.0.1:{port}") as connection:
        assert connection.ping("hello") == "hello"
