"""Fixtures of the tests in this folder."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.client.cli_builders import RunningCommand
from tests.client.worker_builders import SERVER, is_running
from varbridge import Connection, Session, Worker
from varbridge.process import ServerProcess


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    yield f"127.0.0.1:{process.wait_ready()}"
    assert process.exit_code is None
    process.stop()


@pytest.fixture
def session(address: str) -> Iterator[Session]:
    with Connection(address) as connection:
        session = connection.session(f"session-{uuid.uuid4().hex[:8]}")
        session.initialize({"owner": "tests"})
        yield session


@pytest.fixture
def start(address: str) -> Iterator[Callable[..., RunningCommand]]:
    """A function that starts a command, which ends with the test."""
    commands: list[RunningCommand] = []

    def start(*arguments: str, at: str = address) -> RunningCommand:
        commands.append(RunningCommand(at, *arguments))
        return commands[-1]

    yield start
    for command in commands:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait(30.0)


@pytest.fixture
def make_process() -> Iterator[Callable[[list[str]], ServerProcess]]:
    """A function that starts a process, which ends with the test."""
    processes: list[ServerProcess] = []

    def make(command: list[str]) -> ServerProcess:
        processes.append(ServerProcess(command))
        return processes[-1]

    yield make
    for process in processes:
        process.kill()
        assert process.wait_ended(60.0) is not None
        assert not is_running(process.pid)


@pytest.fixture
def make_worker() -> Iterator[Callable[..., Worker]]:
    """A function that makes a worker, whose servers must end when it is stopped."""
    workers: list[Worker] = []

    def make(command: tuple[str, ...] | list[str] = SERVER, **options: object) -> Worker:
        workers.append(Worker(command, **{"backoff": 0.01} | options))  # type: ignore[arg-type]  # any options
        return workers[-1]

    yield make
    for worker in workers:
        worker.stop()
        for process in worker.processes:
            assert not is_running(process.pid)
