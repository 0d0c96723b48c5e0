"""Fixtures for the tests of tools: a server with misbehaving tools for each module."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from varbridge import Connection, Session
from varbridge.process import ServerProcess

COMMAND = (
    sys.executable, "-m", "server", "--port", "0", "--grace", "0.5",
    "--tools", "tests.server.tools.misbehaving", "--tool-memory", "512", "--max-running-tools", "4",
)  # fmt: skip

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:  # the tests of a module share a server, and so run in one worker
        if item.path.is_relative_to(HERE) and "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    process = ServerProcess(COMMAND)
    process.wait_ready()
    yield process
    assert process.exit_code is None, "\n".join(process.stderr)
    assert process.stop(60.0) == 0
    assert list(process.stdout) == [f"GRPC_READY:{process.port}"]


@pytest.fixture(scope="module")
def connection(server: ServerProcess) -> Iterator[Connection]:
    with Connection(f"127.0.0.1:{server.port}") as opened:
        yield opened


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    opened = connection.session(f"test-{uuid.uuid4().hex}")
    opened.initialize()
    yield opened
    opened.clean_up()
