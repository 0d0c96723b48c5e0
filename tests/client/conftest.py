"""Fixtures of the tests in this folder."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.client.cli_builders import Live
from tests.client.worker_builders import DEADLINE, SERVER, is_there
from varbridge import Connection, Session, Worker
from varbridge.process import ServerProcess


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    yield f"127.0.0.1:{process.wait_ready(15.0)}"
    assert process.exit_code is None
    process.stop()


@pytest.fixture
def session(address: str) -> Iterator[Session]:
    with Connection(address) as connection:
        made = connection.session(f"session-{uuid.uuid4().hex[:8]}")
        made.initialize({"owner": "tests"})
        yield made


@pytest.fixture
def live(address: str) -> Iterator[Callable[..., Live]]:
    """Start commands that go on; they end with the test."""
    started: list[Live] = []

    def start(*arguments: str, at: str = address) -> Live:
        started.append(Live(at, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(30.0)


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
