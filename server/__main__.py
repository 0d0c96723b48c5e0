"""``python -m server``: the flags, and nothing else."""

from __future__ import annotations

import gc

gc.disable()  # nothing that start-up makes is garbage; see app

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .app import run
from .config import FAILPOINTS, Settings
from .core.limits import Limits


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, for whoever reads the stderr of a server that did not start."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"server: {message} (--help lists the flags)\n")


def parse(arguments: Sequence[str]) -> Settings:
    """Read the flags; a bad one ends the process with a word on stderr and exit code 2."""
    defaults, limits = Settings(), Limits()
    parser = _Parser(
        prog=f"python -m {__package__}",
        description="The reference bridge. Prints GRPC_READY:<port> on stdout when it serves.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on")
    add("--port", type=_port, default=defaults.port, help="port to listen on; 0 takes a free one")
    add("--tls-cert", default="", metavar="FILE", help="the server's certificate chain, PEM")
    add("--tls-key", default="", metavar="FILE", help="its private key, PEM")
    add(
        "--tls-ca",
        default="",
        metavar="FILE",
        help="who signs clients' certificates, PEM; they then need one",
    )
    add("--token-file", default="", metavar="FILE", help="tokens, one a line, one of which a call must bear")
    add("--data-dir", default="", help="directory that the state is kept in; none: in memory only")
    add("--store", default="", metavar="URL", help="etcd://HOST:PORT,…?prefix=…: the state is kept there")
    add("--advertise", default="", metavar="HOST:PORT", help="where the other bridges of it reach this one")
    add("--session-ttl", type=_seconds, default=defaults.session_ttl, help="seconds without a call")
    add("--heartbeat-interval", type=_seconds, default=defaults.heartbeat_interval, help="of idle watches, s")
    add("--grace", type=_seconds, default=defaults.grace, help="seconds that calls may take at shutdown")
    add("--keepalive", type=_seconds, default=defaults.keepalive, help="seconds of silence before a ping")
    add("--max-idle", type=_seconds, default=defaults.idle, help="seconds of a connection without calls")
    add("--tool-timeout", type=_seconds, default=defaults.tool_timeout, help="seconds that a tool may run")
    add("--max-calls", type=_count, default=limits.calls, help="of one client, at a time; watches are some")
    add("--max-message-bytes", type=_bytes, default=defaults.max_message_bytes, help="of one message")
    add("--max-metadata", type=_count, default=limits.metadata, help="entries of one map")
    add("--max-dependencies", type=_count, default=limits.dependencies, help="of a session")
    add("--request-ids", type=_count, default=limits.request_ids, help="answers kept of a session")
    add("--max-sessions", type=_count, default=limits.sessions, help="open at a time")
    add("--max-variables", type=_count, default=limits.variables, help="of a session")
    add("--max-watches", type=_count, default=limits.watches, help="of a session")
    add("--max-tools", type=_count, default=limits.tools, help="that clients registered in a session")
    add("--max-running-tools", type=_count, default=limits.running_tools, help="that block, at a time")
    add("--history-limit", type=_count, default=limits.history, help="changes kept of a variable")
    add("--watch-log-limit", type=_count, default=limits.log_changes, help="changes kept of a session")
    add("--watch-log-bytes", type=_count, default=limits.log_bytes, help="bytes of them")
    add("--tools", action="append", default=[], metavar="MODULE", help="whose tools are offered as well")
    add("--tool-memory", type=_count, default=defaults.tool_memory, help="MiB for a tool that blocks")
    add("--allow-remote-tools", action="store_true", help="let clients name tool hosts beyond loopback")
    add("--log-level", choices=["debug", "info", "warning", "error"], default=defaults.log_level)
    add("--log-format", choices=["text", "json"], default=defaults.log_format, help="of the log on stderr")
    add("--log-calls", choices=["none", "failed", "all"], default=defaults.log_calls, help="that ended")
    add("--metrics", default="", metavar="HOST:PORT", help="where Prometheus finds them; none: nowhere")
    add("--traces", action="store_true", help="a span for each call; OTEL_* variables say where they go")
    add("--reflection", action="store_true", help="let whoever may call ask for the interface")
    add("--check", action="store_true", help="look whether the server could serve, say so, and end")
    add("--failpoint", default="", choices=["", *FAILPOINTS], help="for tests: where a marked change kills")
    given = parser.parse_args(arguments)
    if given.store and given.data_dir:
        parser.error("--store and --data-dir exclude each other: the state is kept in one place")
    return Settings(
        host=given.host,
        port=given.port,
        session_ttl=given.session_ttl,
        heartbeat_interval=given.heartbeat_interval,
        grace=given.grace,
        keepalive=given.keepalive,
        idle=given.max_idle,
        tool_timeout=given.tool_timeout,
        max_message_bytes=given.max_message_bytes,
        log_level=given.log_level,
        log_format=given.log_format,
        log_calls=given.log_calls,
        metrics=given.metrics,
        traces=given.traces,
        reflection=given.reflection,
        check=given.check,
        data_dir=given.data_dir,
        store=given.store,
        advertise=given.advertise,
        tools=tuple(dict.fromkeys(given.tools)),
        tool_memory=given.tool_memory,
        remote_tools=given.allow_remote_tools,
        failpoint=given.failpoint,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        tls_ca=given.tls_ca,
        token_file=given.token_file,
        limits=Limits(
            calls=given.max_calls,
            metadata=given.max_metadata,
            dependencies=given.max_dependencies,
            request_ids=given.request_ids,
            sessions=given.max_sessions,
            variables=given.max_variables,
            watches=given.max_watches,
            tools=given.max_tools,
            running_tools=given.max_running_tools,
            history=given.history_limit,
            log_changes=given.watch_log_limit,
            log_bytes=given.watch_log_bytes,
        ),
    )


def _number(kind: type[int] | type[float], low: float, high: float, what: str) -> Callable[[str], Any]:
    def convert(text: str) -> int | float:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be {what}, not {text!r}")
        return number

    return convert


_port = _number(int, 0, 65535, "a port, 0 to 65535")
_seconds = _number(float, 0.001, 1e9, "a number of seconds above 0")
_count = _number(int, 1, 1e12, "a whole number above 0")
_bytes = _number(int, 1024, 2**31 - 1, "a number of bytes, 1024 to 2147483647")


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
