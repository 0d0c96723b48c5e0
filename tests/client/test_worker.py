"""Tests of the worker, with the bridge and with scripts that misbehave: start, READY line, connections."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.client.worker_builders import DEADLINE_S, SERVER, Log, fake, wait_until
from varbridge import Connection, Worker, WorkerError
from varbridge.process import ServerProcess

# One process


def test_the_ready_line_can_arrive_in_pieces(
    make_process: Callable[[list[str]], ServerProcess], tmp_path: Path
) -> None:
    pipes = [tmp_path / "first", tmp_path / "second"]
    for pipe in pipes:
        os.mkfifo(pipe)
    process = make_process(
        fake(f"""
            for piece, pipe in zip(("GRPC_", "READY:12"), {[*map(str, pipes)]!r}):
                sys.stdout.write(piece)
                sys.stdout.flush()
                open(pipe).read()
            print("345", flush=True)
            signal.pause()
        """)
    )
    for pipe in pipes:
        with pipe.open("w"):  # this blocks until the piece before the pipe is written
            assert process.port is None
    assert process.wait_ready() == 12345
    assert [*process.stdout] == ["GRPC_READY:12345"]


def test_similar_lines_are_not_the_ready_line(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            print("GRPC_READY:", "GRPC_READY:x", " GRPC_READY:1", "GRPC_READY:1 ", sep="\\n")
            print("GRPC_READY:123456", "x" * 1_000_000, sep="\\n")
            print("GRPC_READY:2", file=sys.stderr)
            sys.stdout.buffer.write(b"\\xff\\n")
            print("GRPC_READY:3")
            print("GRPC_READY:4", flush=True)
            signal.pause()
        """)
    )
    assert process.wait_ready() == 3
    wait_until(lambda: len(process.stdout) == 9)
    assert process.port == 3


def test_a_server_with_much_output_is_not_blocked(make_process: Callable[[list[str]], ServerProcess]) -> None:
    process = make_process(
        fake("""
            for number in range(20_000):
                print("a line of a log, number", number, file=sys.stderr)
                print("another", number)
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """)
    )
    assert process.wait_ready() == 1
    wait_until(lambda: process.stderr and process.stderr[-1] == "a line of a log, number 19999")


def test_the_error_about_a_server_that_is_not_ready_has_its_stderr(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            print("loading the model", file=sys.stderr, flush=True)
            signal.pause()
        """)
    )
    wait_until(lambda: process.stderr)
    with pytest.raises(
        WorkerError, match=r"not ready within 0\.05 s: .*<port> is missing on its stdout.*loading the model"
    ):
        process.wait_ready(0.05)
    assert process.exit_code is None


def test_the_error_about_an_early_end_has_the_exit_code_and_stderr(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(fake("sys.exit('no such model')"))
    with pytest.raises(
        WorkerError, match="ended with exit code 1 before it was ready; its stderr:\nno such model"
    ):
        process.wait_ready()
    assert process.exit_code == process.wait_ended() == 1
    silent = make_process(fake("os.kill(os.getpid(), signal.SIGSEGV)"))
    with pytest.raises(WorkerError, match="exit code -11 before it was ready; it wrote nothing on stderr"):
        silent.wait_ready()


def test_a_program_that_cannot_be_run_is_an_error() -> None:
    with pytest.raises(WorkerError, match="cannot run /no/such/program --port 0: .*No such file"):
        ServerProcess(["/no/such/program", "--port", "0"])


def test_stop_sends_sigterm_and_returns_the_exit_code(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """)
    )
    process.wait_ready()
    assert process.stop(DEADLINE_S) == 7
    assert process.stop(DEADLINE_S) == 7


def test_stop_sends_sigkill_after_the_grace_period(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("GRPC_READY:1", flush=True)
            while True:
                signal.pause()
        """)
    )
    process.wait_ready()
    started = time.monotonic()
    assert process.stop(0.1) == -signal.SIGKILL
    assert time.monotonic() - started >= 0.1


# One connection


def test_concurrent_callers_get_the_same_connection(
    make_worker: Callable[..., Worker],
) -> None:
    worker = make_worker()
    barrier = threading.Barrier(5)

    def call() -> Connection:
        barrier.wait(DEADLINE_S)
        return worker.connection(DEADLINE_S)

    with ThreadPoolExecutor(5) as callers:
        connections = [future.result() for future in [callers.submit(call) for _ in range(5)]]
    assert len({*connections}) == len(worker.processes) == 1
    assert connections[0].ping("hello") == "hello"
    assert worker.connection() is connections[0]


def test_a_start_that_fails_has_a_reason_and_the_next_call_tries_again(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        worker = make_worker([*SERVER[:-1], str(port)], on_event=log)
        with pytest.raises(WorkerError, match=f"exit code 1 (.|\n)*cannot listen on 127.0.0.1:{port}"):
            worker.connection(DEADLINE_S)
    log.wait_for("gave up")
    assert log.events() == ["gave up"]
    assert len(worker.processes) == 1
    assert worker.connection(DEADLINE_S).ping("hello") == "hello"


def test_a_server_that_is_never_ready_is_stopped(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(fake("signal.pause()"), start_timeout=0.1)
    with pytest.raises(WorkerError, match=r"not ready within 0\.1 s"):
        worker.connection(DEADLINE_S)
    assert worker.process is not None
    assert worker.process.wait_ended(60.0) == -signal.SIGTERM


def test_a_caller_waits_no_longer_than_its_timeout(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(fake("signal.pause()"))
    with pytest.raises(WorkerError, match=r"not ready within 0\.05 s"):
        worker.connection(0.05)
