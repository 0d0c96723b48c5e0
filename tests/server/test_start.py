"""A server that cannot start writes the reason in one line to stderr, and nothing to stdout."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest


def start(*flags: str) -> subprocess.CompletedProcess[str]:
    # GRPC_VERBOSITY would make gRPC write further lines.
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    command = [sys.executable, "-m", "server", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=5.0, check=False, env=environment)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = start("--port", str(port))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"server: cannot listen on 127.0.0.1:{port}: the port is taken or the address is not this machine's\n"
    )


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--no-such-flag"], "unrecognized arguments: --no-such-flag"),
        (["--port", "65536"], "argument --port: must be a port, 0 to 65535, not '65536'"),
        (
            ["--session-ttl", "soon"],
            "argument --session-ttl: must be a number of seconds above 0, not 'soon'",
        ),
        (["--session-ttl", "nan"], "argument --session-ttl: must be a number of seconds above 0, not 'nan'"),
        (["--max-variables", "0"], "argument --max-variables: must be a whole number above 0, not '0'"),
        (["--log-level", "loud"], "argument --log-level: invalid choice: 'loud'"),
    ],
)
def test_a_bad_flag(flags: list[str], reason: str) -> None:
    run = start(*flags)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"server: {reason}")
    assert run.stderr.count("\n") == 1
