"""The worker, with the real server and tiny ones that misbehave: started, watched, restarted, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from varbridge import BridgeError, Connection, Worker, WorkerError
from varbridge.conformance.faults.polling import eventually
from varbridge.process import ServerProcess

SERVER = (sys.executable, "-m", "server", "--port", "0")

DEADLINE = 10.0
"""Seconds after which what was waited for is not to come."""

READY_THEN_WAIT = """
    print("GRPC_READY:1", flush=True)
    signal.pause()
"""


def fake(script: str) -> list[str]:
    """The command of a server that does what a few lines of Python say."""
    return [sys.executable, "-S", "-c", "import os, signal, sys\n" + textwrap.dedent(script)]


def wait_until(condition: Callable[[], object]) -> None:
    assert eventually(condition, DEADLINE), "it never came true"


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Log:
    """What a worker told, and when."""

    def __init__(self, on_event: Callable[[str], object] = lambda word: None) -> None:
        self.told: list[tuple[str, str, float]] = []
        self._on_event = on_event
        self._changed = threading.Condition()

    def __call__(self, word: str, sentence: str) -> None:
        with self._changed:
            self.told.append((word, sentence, time.monotonic()))
            self._changed.notify_all()
        self._on_event(word)

    def words(self) -> list[str]:
        return [word for word, _, _ in self.told]

    def sentences(self, word: str) -> list[str]:
        return [sentence for told, sentence, _ in self.told if told == word]

    def wait_for(self, word: str, number: int = 1) -> float:
        """When a word was told for the n-th time."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.words().count(word) >= number, DEADLINE), self.told
            return [at for told, _, at in self.told if told == word][number - 1]


@pytest.fixture
def make_process() -> Iterator[Callable[[list[str]], ServerProcess]]:
    """Starts processes, and sees that none is left."""
    made: list[ServerProcess] = []

    def make(command: list[str]) -> ServerProcess:
        made.append(ServerProcess(command))
        return made[-1]

    yield make
    for process in made:
        process.kill()
        assert process.wait_ended(DEADLINE) is not None
        assert not is_there(process.pid)


@pytest.fixture
def make_worker() -> Iterator[Callable[..., Worker]]:
    """Makes workers, and sees that none of their servers is left once they are stopped."""
    made: list[Worker] = []

    def make(command: tuple[str, ...] | list[str] = SERVER, **options: object) -> Worker:
        made.append(Worker(command, **{"backoff": 0.01} | options))  # type: ignore[arg-type]  # as callers wish
        return made[-1]

    yield make
    for worker in made:
        worker.stop()
        for process in worker.processes:
            assert not is_there(process.pid)


# One process


def test_the_port_is_that_of_the_ready_line_even_where_it_comes_in_pieces(
    make_process: Callable[[list[str]], ServerProcess], tmp_path: Path
) -> None:
    gates = [tmp_path / "first", tmp_path / "second"]
    for gate in gates:
        os.mkfifo(gate)
    process = make_process(
        fake(f"""
            for piece, gate in zip(("GRPC_", "READY:12"), {[*map(str, gates)]!r}):
                sys.stdout.write(piece)
                sys.stdout.flush()
                open(gate).read()
            print("345", flush=True)
            signal.pause()
        """)
    )
    for gate in gates:
        with gate.open("w"):  # returns when the piece before the gate is written
            assert process.port is None
    assert process.wait_ready(DEADLINE) == 12345
    assert [*process.stdout] == ["GRPC_READY:12345"]


def test_lines_that_only_look_like_it_are_not_the_ready_line(
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
    assert process.wait_ready(DEADLINE) == 3
    wait_until(lambda: len(process.stdout) == 9)
    assert process.port == 3


def test_a_server_that_writes_much_is_not_held_up(make_process: Callable[[list[str]], ServerProcess]) -> None:
    process = make_process(
        fake("""
            for number in range(20_000):
                print("a line of a log, number", number, file=sys.stderr)
                print("another", number)
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """)
    )
    assert process.wait_ready(DEADLINE) == 1
    wait_until(lambda: process.stderr and process.stderr[-1] == "a line of a log, number 19999")


def test_a_server_that_is_never_ready_is_told_with_its_stderr(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            print("loading the model", file=sys.stderr, flush=True)
            signal.pause()
        """)
    )
    wait_until(lambda: process.stderr)
    with pytest.raises(WorkerError, match=r"not ready within 0\.05 s; .*loading the model"):
        process.wait_ready(0.05)
    assert process.exit_code is None


def test_a_server_that_dies_before_it_is_ready_is_told_with_its_exit_code_and_stderr(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(fake("sys.exit('no such model')"))
    with pytest.raises(
        WorkerError, match="ended with exit code 1 before it was ready; its stderr:\nno such model"
    ):
        process.wait_ready(DEADLINE)
    assert process.exit_code == process.wait_ended() == 1
    silent = make_process(fake("os.kill(os.getpid(), signal.SIGSEGV)"))
    with pytest.raises(WorkerError, match="exit code -11 before it was ready; it wrote nothing on stderr"):
        silent.wait_ready(DEADLINE)


def test_a_program_that_cannot_be_run_is_told() -> None:
    with pytest.raises(WorkerError, match="cannot run /no/such/program --port 0: .*No such file"):
        ServerProcess(["/no/such/program", "--port", "0"])


def test_stopping_is_sigterm_and_answers_the_exit_code(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process(
        fake("""
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            print("GRPC_READY:1", flush=True)
            signal.pause()
        """)
    )
    process.wait_ready(DEADLINE)
    assert process.stop(DEADLINE) == 7
    assert process.stop(DEADLINE) == 7


def test_stopping_a_server_that_ignores_sigterm_is_sigkill_after_the_grace(
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
    process.wait_ready(DEADLINE)
    started = time.monotonic()
    assert process.stop(0.1) == -signal.SIGKILL
    assert time.monotonic() - started >= 0.1


# One connection


def test_callers_that_come_at_once_get_one_connection_to_one_server(
    make_worker: Callable[..., Worker],
) -> None:
    worker = make_worker()
    barrier = threading.Barrier(5)

    def call() -> Connection:
        barrier.wait(DEADLINE)
        return worker.connection(DEADLINE)

    with ThreadPoolExecutor(5) as callers:
        connections = [future.result() for future in [callers.submit(call) for _ in range(5)]]
    assert len({*connections}) == len(worker.processes) == 1
    assert connections[0].ping("hello") == "hello"
    assert worker.connection() is connections[0]


def test_a_start_that_fails_tells_why_and_the_next_call_tries_again(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        worker = make_worker([*SERVER[:-1], str(port)], on_event=log)
        with pytest.raises(WorkerError, match=f"exit code 1 (.|\n)*cannot listen on 127.0.0.1:{port}"):
            worker.connection(DEADLINE)
    log.wait_for("gave up")
    assert log.words() == ["gave up"]
    assert len(worker.processes) == 1
    assert worker.connection(DEADLINE).ping("hello") == "hello"


def test_a_server_that_is_never_ready_is_ended(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(fake("signal.pause()"), start_timeout=0.1)
    with pytest.raises(WorkerError, match=r"not ready within 0\.1 s"):
        worker.connection(DEADLINE)
    assert worker.process is not None
    assert worker.process.wait_ended(DEADLINE) == -signal.SIGTERM


def test_a_caller_waits_no_longer_than_it_says(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(fake("signal.pause()"))
    with pytest.raises(WorkerError, match=r"not ready within 0\.05 s"):
        worker.connection(0.05)


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


# Stopping


def test_a_stopped_worker_has_ended_its_server_and_closed_its_connection_and_starts_again(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    first = worker.connection(DEADLINE)
    assert first.ping("hello") == "hello"
    worker.stop()
    assert worker.process is not None
    assert worker.process.exit_code == 0
    with pytest.raises((BridgeError, ValueError)):
        first.ping("hello")
    second = worker.connection(DEADLINE)
    assert second is not first
    assert second.ping("hello") == "hello"
    worker.stop()
    worker.stop()
    assert log.words() == ["ready", "stopped", "ready", "stopped"]
    assert [process.exit_code for process in worker.processes] == [0, 0]


def test_a_worker_that_was_never_used_has_nothing_to_stop(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(on_event=log)
    worker.stop()
    assert (worker.process, log.told) == (None, [])


def test_stopping_kills_a_server_that_ignores_sigterm(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(
        fake("""
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("GRPC_READY:1", flush=True)
            while True:
                signal.pause()
        """)
    )
    worker.connection(DEADLINE)
    worker.stop(grace=0.1)
    assert worker.process is not None
    assert worker.process.exit_code == -signal.SIGKILL


def test_stopping_while_it_starts_ends_the_start_and_tells_callers(
    make_worker: Callable[..., Worker],
) -> None:
    log = Log()
    worker = make_worker(fake("signal.pause()"), on_event=log)
    with ThreadPoolExecutor(1) as callers:
        waiting = callers.submit(worker.connection, DEADLINE)
        wait_until(lambda: worker.process)
        worker.stop()
        with pytest.raises(WorkerError, match="the worker is stopped"):
            waiting.result(DEADLINE)
    assert worker.process is not None
    assert worker.process.exit_code is not None
    assert log.words() == ["stopped"]


def test_stopping_while_it_waits_for_a_restart_ends_the_wait(make_worker: Callable[..., Worker]) -> None:
    log = Log()
    worker = make_worker(fake(READY_THEN_WAIT), on_event=log, backoff=1000.0, max_backoff=1000.0)
    worker.connection(DEADLINE)
    assert worker.process is not None
    worker.process.kill()
    log.wait_for("restarting")
    worker.stop()
    assert log.words() == ["ready", "crashed", "restarting", "stopped"]
    assert len(worker.processes) == 1


def test_a_block_that_is_left_stops_its_worker() -> None:
    with Worker(SERVER) as worker:
        assert worker.connection(DEADLINE).ping("hello") == "hello"
    assert worker.process is not None
    assert worker.process.exit_code == 0
    assert not is_there(worker.process.pid)


def test_the_server_ends_when_the_process_of_its_worker_is_gone() -> None:
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
        assert is_there(server)
        parent.kill()
    wait_until(lambda: not is_there(server))


# Connections


def test_a_connection_to_nothing_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with Connection(address) as connection:
            with pytest.raises(TimeoutError, match=f"no connection to {address} within 0.1 s"):
                connection.wait_until_ready(0.1)
            with pytest.raises(BridgeError) as refused:
                connection.ping("hello")
            assert refused.value.code is grpc.StatusCode.UNAVAILABLE


def test_a_bridge_that_is_busy_while_the_connection_is_made_is_waited_for(
    make_process: Callable[[list[str]], ServerProcess],
) -> None:
    process = make_process([*SERVER])
    port = process.wait_ready(DEADLINE)
    process.signal(signal.SIGSTOP)
    threading.Timer(0.5, process.signal, [signal.SIGCONT]).start()
    with Connection(f"127.0.0.1:{port}") as connection:
        assert connection.ping("hello") == "hello"
