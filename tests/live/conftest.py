"""Fixtures: a reference bridge for all tests of this folder, connections to it, and one with a disk that can
fail."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from varbridge import Connection, Session
from varbridge.process import ServerProcess

from .faulty_bridge import Bridge


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", "--log-level", "warning"])
    process.wait_ready()
    yield process
    assert process.exit_code is None, "\n".join(process.stderr)
    assert process.stop(60.0) == 0
    assert "Traceback" not in "\n".join(process.stderr)


@pytest.fixture(scope="session")
def address(server: ServerProcess) -> str:
    return f"127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def connection(address: str) -> Iterator[Connection]:
    with Connection(address) as connection:
        yield connection


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    session = connection.session(f"test-{uuid.uuid4().hex}")
    session.initialize()
    yield session
    session.clean_up()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path)
    bridge.start()
    yield bridge
    bridge.end()
