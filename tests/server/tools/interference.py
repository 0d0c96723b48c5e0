"""``python -m tests.server.tools.interference``: measure another client's gets while tools misbehave."""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

from tests.server.tools.test_containment import running
from varbridge import Connection, Session
from varbridge.process import ServerProcess

GETS = 1_000

CASES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("sleep", {"seconds": 60.0}, 1),
    ("block", {"seconds": 60.0}, 1),
    ("block", {"seconds": 60.0}, 32),
    ("spin", {"seconds": 60.0}, 1),
    ("spin", {"seconds": 60.0}, 4),
    ("spin", {"seconds": 60.0}, 32),
    ("gorge", {}, 1),
    ("stubborn", {"name": "n"}, 1),
    ("die", {}, 1),
)


def main() -> None:
    """Print the number of calls, the tool, and the gets' mean and 99th percentile in ms, for each case."""
    command = [sys.executable, "-m", "server", "--port", "0", "--log-level", "error"]
    process = ServerProcess([*command, "--tools", "tests.server.tools.misbehaving", "--grace", "0.5"])
    address = f"127.0.0.1:{process.wait_ready()}"
    print(f"{os.cpu_count()} processors, {GETS} gets each")
    with Connection(address) as connection, Connection(address) as other:
        session = connection.session("misbehaving")
        session.register("n", "integer", 0)
        quiet = other.session("quiet")
        quiet.register("x", "float", 0.5)
        _measure("nothing", 0, quiet)
        for tool, parameters, count in CASES:
            calls = [running(session, tool, **parameters) for _ in range(count)]
            for call in calls:
                call.__enter__()
            _measure(tool, count, quiet)
            for call in calls:
                call.__exit__(None, None, None)
            time.sleep(1.5)
    process.stop()


def _measure(tool: str, count: int, session: Session) -> None:
    durations = []
    for _ in range(GETS):
        started = time.perf_counter()
        session.get("x")
        durations.append((time.perf_counter() - started) * 1000)
    percentile = statistics.quantiles(durations, n=100)[-1]
    print(f"{count:3} × {tool:9} {statistics.mean(durations):6.2f} {percentile:6.2f}")


if __name__ == "__main__":
    main()
