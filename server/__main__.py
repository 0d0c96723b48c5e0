"""``python -m server``: the flags, and nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from server.config import Limits, Settings
from server.lifecycle import run


def parse(arguments: Sequence[str]) -> Settings:
    """Read the flags; a bad one ends the process with a word on stderr and exit code 2."""
    defaults, limits = Settings(), Limits()
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="The reference bridge. Prints GRPC_READY:<port> on stdout when it serves.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on")
    add("--port", type=_port, default=defaults.port, help="port to listen on; 0 takes a free one")
    add("--session-ttl", type=_seconds, default=defaults.session_ttl, help="seconds without a call")
    add("--heartbeat-interval", type=_seconds, default=defaults.heartbeat_interval, help="of idle watches, s")
    add("--grace", type=_seconds, default=defaults.grace, help="seconds that calls may take at shutdown")
    add("--max-sessions", type=_count, default=limits.sessions, help="open at a time")
    add("--max-variables", type=_count, default=limits.variables, help="of a session")
    add("--max-watches", type=_count, default=limits.watches, help="of a session")
    add("--history-limit", type=_count, default=limits.history, help="changes kept of a variable")
    add("--watch-log-limit", type=_count, default=limits.log_changes, help="changes kept of a session")
    add("--log-level", choices=["debug", "info", "warning", "error"], default=defaults.log_level)
    given = parser.parse_args(arguments)
    return Settings(
        host=given.host,
        port=given.port,
        session_ttl=given.session_ttl,
        heartbeat_interval=given.heartbeat_interval,
        grace=given.grace,
        log_level=given.log_level,
        limits=Limits(
            sessions=given.max_sessions,
            variables=given.max_variables,
            watches=given.max_watches,
            history=given.history_limit,
            log_changes=given.watch_log_limit,
        ),
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: 0 to 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 10**9:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return count


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
