"""Signals during a start and at the end, and the end of the process that started a bridge."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.processes import is_running, worked
from varbridge.process import ServerProcess

WAIT_S = 30.0

SERVER = [sys.executable, "-m", "server", "--port", "0"]


def starting() -> ServerProcess:
    """Start a bridge, and return it when it has begun to import its modules."""
    process = ServerProcess(SERVER)
    assert eventually(lambda: worked(process.pid) >= 0.1, WAIT_S, pause=0.001)
    return process


def test_a_hangup_during_the_start_does_not_end_the_bridge() -> None:
    process = starting()
    process.signal(signal.SIGHUP)
    process.wait_ready()
    process.signal(signal.SIGHUP)
    assert process.stop(60.0) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_ends_the_bridge_without_a_traceback(number: signal.Signals) -> None:
    process = starting()
    process.signal(number)
    assert process.wait_ended(60.0) in (0, -number)  # 0 if it was ready already
    process.last_words()
    assert "Traceback" not in process.last_words()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_ready_ends_the_bridge_with_exit_code_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    tokens = tmp_path / "tokens"
    os.mkfifo(tokens)
    process = ServerProcess([*SERVER, "--token-file", str(tokens)])
    # Returns when the bridge has opened the file too; then it waits for tokens.
    writer = os.open(tokens, os.O_WRONLY)
    try:
        process.signal(number)
        assert process.wait_ended(60.0) == 0
    finally:
        os.close(writer)
    assert process.port is None


@pytest.mark.parametrize("outlives", [True, False])
def test_a_bridge_outlives_its_parent_process_if_a_flag_says_so(tmp_path: Path, outlives: bool) -> None:
    log = tmp_path / "ready"
    flags = "--outlive-parent" if outlives else ""
    command = f"{' '.join(SERVER)} {flags} >{log} 2>/dev/null & echo $!; until [ -s {log} ]; do :; done"
    started = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=WAIT_S
    )
    pid = int(started.stdout)
    if outlives:
        deadline = time.monotonic() + 1.0  # five times the interval of the checks
        while time.monotonic() < deadline:
            assert is_running(pid)
        os.kill(pid, signal.SIGTERM)
    assert eventually(lambda: not is_running(pid), WAIT_S)


STALLED = """
import asyncio, os, sys
from grpc import aio
from server.__main__ import parse
from server.app import run

async def stop(self, grace):
    await asyncio.sleep(3600)

server = aio.server
aio.server = lambda **options: type("Stalled", (), {
    "__init__": lambda self: setattr(self, "_real", server(**options)),
    "__getattr__": lambda self, name: getattr(self._real, name),
    "stop": stop,
})()
sys.exit(run(parse(["--port", "0"]), os.getppid()))
"""
"""A bridge whose gRPC server waits for a client that has stalled, when it stops."""


def test_a_bridge_ends_although_grpc_waits_for_a_client() -> None:
    process = ServerProcess([sys.executable, "-c", STALLED])
    process.wait_ready()
    assert process.stop(60.0) == 0
    assert "a client does not take the end of its calls" in process.last_words()
