"""The settings of a server, with their flags and defaults, which suit a laptop."""

from typing import Annotated, NamedTuple

from varbridge.messages.traits import HEARTBEAT_INTERVAL_S

from .core.limits import Limits
from .flags import (
    ADDRESS,
    AUTHENTICATION,
    DIAGNOSTICS,
    LIMITS,
    MONITORING,
    STORAGE,
    TIMEOUTS,
    TOOLS,
    Flag,
    as_bytes,
    as_count,
    as_port,
    as_seconds,
)

FAILPOINTS = ("half-written", "before-commit", "after-commit")
"""The moments at which a test can make a server with a store kill itself: in the middle of a batch; when all
is written and nothing committed; when it is committed but not acknowledged. The server does so only if a flag
names the moment and the metadata of a change has the moment's name under ``failpoint``."""


class Settings(NamedTuple):
    """The settings of one server: each field with the flag that sets it. Times are in seconds."""

    host: Annotated[str, Flag("--host", "address to listen on", str, ADDRESS, metavar="ADDRESS")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Flag("--port", "port to listen on; 0 for a free port that the system chooses", as_port, ADDRESS)
    ] = 50051
    tls_cert: Annotated[
        str,
        Flag("--tls-cert", "the server's certificate chain (PEM); enables TLS", str, ADDRESS, metavar="FILE"),
    ] = ""
    tls_key: Annotated[
        str, Flag("--tls-key", "private key of the server's certificate (PEM)", str, ADDRESS, metavar="FILE")
    ] = ""
    tls_ca: Annotated[
        str,
        Flag(
            "--tls-ca",
            "certificates of the authorities that sign client certificates (PEM);"
            " clients without a certificate are refused",
            str,
            ADDRESS,
            metavar="FILE",
        ),
    ] = ""
    token_file: Annotated[
        str,
        Flag(
            "--token-file",
            "file of tokens, one per line; calls without one of them are refused",
            str,
            AUTHENTICATION,
            metavar="FILE",
        ),
    ] = ""
    data_dir: Annotated[
        str,
        Flag(
            "--data-dir",
            "directory of the SQLite database that persists the state; in memory only by default",
            str,
            STORAGE,
            metavar="DIR",
        ),
    ] = ""
    store: Annotated[
        str,
        Flag(
            "--store",
            "etcd cluster that persists the state, etcd://HOST:PORT,…?prefix=…",
            str,
            STORAGE,
            metavar="URL",
        ),
    ] = ""
    advertise: Annotated[
        str,
        Flag(
            "--advertise",
            "address at which the other bridges of the cluster reach this one",
            str,
            STORAGE,
            metavar="HOST:PORT",
        ),
    ] = ""
    session_ttl: Annotated[
        float,
        Flag(
            "--session-ttl",
            "time to live of sessions that are opened without one, in seconds",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 3600.0
    heartbeat_interval: Annotated[
        float,
        Flag(
            "--heartbeat-interval", "interval of heartbeats of idle watches, in seconds", as_seconds, TIMEOUTS
        ),
    ] = HEARTBEAT_INTERVAL_S
    grace: Annotated[
        float,
        Flag("--grace", "time that calls have to finish at shutdown, in seconds", as_seconds, TIMEOUTS),
    ] = 5.0
    keepalive: Annotated[
        float,
        Flag(
            "--keepalive", "time without data before a connection is pinged, in seconds", as_seconds, TIMEOUTS
        ),
    ] = 20.0
    idle: Annotated[
        float,
        Flag(
            "--max-idle", "time without calls before a connection is closed, in seconds", as_seconds, TIMEOUTS
        ),
    ] = 3600.0
    tool_timeout: Annotated[
        float, Flag("--tool-timeout", "maximum duration of a tool, in seconds", as_seconds, TIMEOUTS)
    ] = 3600.0
    max_message_bytes: Annotated[
        int, Flag("--max-message-bytes", "maximum size of a message, in bytes", as_bytes, LIMITS)
    ] = 100 * 2**20
    limits: Limits = Limits()
    tools: Annotated[
        tuple[str, ...],
        Flag("--tools", "Python module with tools to offer; may be repeated", str, TOOLS, metavar="MODULE"),
    ] = ()
    tool_memory: Annotated[
        int,
        Flag(
            "--tool-memory",
            "maximum memory of a blocking tool's process, in MiB",
            as_count,
            TOOLS,
            metavar="MIB",
        ),
    ] = 1024
    remote_tools: Annotated[
        bool,
        Flag("--allow-remote-tools", "permission for clients to name tool hosts beyond loopback", str, TOOLS),
    ] = False
    log_level: Annotated[
        str,
        Flag(
            "--log-level",
            "lowest level of log messages: debug, info, warning or error",
            str,
            MONITORING,
            choices=["debug", "info", "warning", "error"],
            metavar="LEVEL",
        ),
    ] = "info"
    log_format: Annotated[
        str,
        Flag(
            "--log-format",
            "format of the log on stderr: text or json",
            str,
            MONITORING,
            choices=["text", "json"],
            metavar="FORMAT",
        ),
    ] = "text"
    log_calls: Annotated[
        str,
        Flag(
            "--log-calls",
            "ended calls to log: none, failed or all",
            str,
            MONITORING,
            choices=["none", "failed", "all"],
            metavar="CALLS",
        ),
    ] = "none"
    metrics: Annotated[
        str,
        Flag(
            "--metrics",
            "address of the Prometheus endpoint; none by default",
            str,
            MONITORING,
            metavar="HOST:PORT",
        ),
    ] = ""
    traces: Annotated[
        bool,
        Flag(
            "--traces",
            "OpenTelemetry spans for calls, exported as the OTEL_* environment variables say",
            str,
            MONITORING,
        ),
    ] = False
    reflection: Annotated[
        bool, Flag("--reflection", "gRPC server reflection, for admitted clients", str, DIAGNOSTICS)
    ] = False
    check: Annotated[
        bool,
        Flag(
            "--check",
            "check of the flags, files, port and storage, without serving",
            str,
            DIAGNOSTICS,
        ),
    ] = False
    failpoint: Annotated[
        str,
        Flag(
            "--failpoint",
            f"for tests: moment at which a marked change kills the server: {', '.join(FAILPOINTS)}",
            str,
            DIAGNOSTICS,
            choices=["", *FAILPOINTS],
            metavar="MOMENT",
        ),
    ] = ""


def is_loopback(host: str) -> bool:
    """Return True if no other machine can reach an address."""
    if host == "127.0.0.1":
        return True
    try:
        from ipaddress import ip_address

        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(host: str, port: int) -> str:
    """Return host:port; an IPv6 address gets brackets."""
    return f"[{host}]:{port}" if ":" in host and host[0] != "[" else f"{host}:{port}"
