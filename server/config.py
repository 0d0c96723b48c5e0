"""The settings of a server, each with its command-line flag and its default value."""

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
    as_text,
)

FAILPOINTS = ("half-written", "before-commit", "after-commit")
"""The moments at which a test can make a server with a store kill itself: in the middle of writing a batch;
after the changes are written and before they are committed; after they are committed and before they are
acknowledged. The server does so only if ``--failpoint`` names the moment and the metadata of a change has the
moment's name under ``failpoint``."""


class Settings(NamedTuple):
    """The settings of one server: each field with the flag that sets it. Times are in seconds."""

    host: Annotated[str, Flag("--host", "address to listen on", as_text, ADDRESS, metavar="ADDRESS")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Flag("--port", "port to listen on; 0 for a free port that the system chooses", as_port, ADDRESS)
    ] = 50051
    tls_cert: Annotated[
        str,
        Flag(
            "--tls-cert",
            "PEM file of the server's certificate chain; enables TLS",
            as_text,
            ADDRESS,
            metavar="FILE",
        ),
    ] = ""
    tls_key: Annotated[
        str, Flag("--tls-key", "PEM file of the private key of --tls-cert", as_text, ADDRESS, metavar="FILE")
    ] = ""
    tls_ca: Annotated[
        str,
        Flag(
            "--tls-ca",
            "PEM file of the authorities that sign client certificates;"
            " clients without such a certificate are refused",
            as_text,
            ADDRESS,
            metavar="FILE",
        ),
    ] = ""
    token_file: Annotated[
        str,
        Flag(
            "--token-file",
            "file of the tokens that admit clients, one per line; calls without one of them are refused",
            as_text,
            AUTHENTICATION,
            metavar="FILE",
        ),
    ] = ""
    data_dir: Annotated[
        str,
        Flag(
            "--data-dir",
            "directory of the SQLite database that persists all sessions;"
            " without it and --store, they are lost when the server ends",
            as_text,
            STORAGE,
            metavar="DIR",
        ),
    ] = ""
    store: Annotated[
        str,
        Flag(
            "--store",
            "etcd that persists all sessions and that several bridges share: etcd://HOST:PORT,…?prefix=…",
            as_text,
            STORAGE,
            metavar="URL",
        ),
    ] = ""
    advertise: Annotated[
        str,
        Flag(
            "--advertise",
            "with --store: address at which the other bridges of the cluster reach this one;"
            " by default --host and --port",
            as_text,
            STORAGE,
            metavar="HOST:PORT",
        ),
    ] = ""
    session_ttl: Annotated[
        float,
        Flag(
            "--session-ttl",
            "time without calls after which a session expires if it was opened without a time to live,"
            " in seconds",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 3600.0
    heartbeat_interval: Annotated[
        float,
        Flag(
            "--heartbeat-interval",
            "time without updates after which a watch sends a heartbeat, in seconds",
            as_seconds,
            TIMEOUTS,
        ),
    ] = HEARTBEAT_INTERVAL_S
    grace: Annotated[
        float,
        Flag(
            "--grace",
            "time that calls have to finish at shutdown before they are cancelled, in seconds",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 5.0
    outlive_parent: Annotated[
        bool,
        Flag(
            "--outlive-parent",
            "no end of the server when the process that started it has ended, as for nohup",
            str,
            TIMEOUTS,
        ),
    ] = False
    keepalive: Annotated[
        float,
        Flag(
            "--keepalive",
            "time without data after which a connection is pinged, in seconds;"
            " it is closed if it stays silent for as long again",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 20.0
    idle: Annotated[
        float,
        Flag(
            "--max-idle",
            "time without calls after which a connection is closed, in seconds",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 3600.0
    tool_timeout: Annotated[
        float,
        Flag(
            "--tool-timeout",
            "maximum duration of one run of a tool, in seconds; then it is cancelled",
            as_seconds,
            TIMEOUTS,
        ),
    ] = 3600.0
    max_message_bytes: Annotated[
        int,
        Flag(
            "--max-message-bytes",
            "maximum size of a message that the server receives, in bytes;"
            " a call with a larger one is refused",
            as_bytes,
            LIMITS,
        ),
    ] = 100 * 2**20
    limits: Limits = Limits()
    tools: Annotated[
        tuple[str, ...],
        Flag(
            "--tools",
            "Python module whose tools clients can run; may be repeated",
            as_text,
            TOOLS,
            metavar="MODULE",
        ),
    ] = ()
    tool_memory: Annotated[
        int,
        Flag(
            "--tool-memory",
            "memory that one run of a blocking tool may use in addition to that of its module, in MiB;"
            " a run that needs more fails",
            as_count,
            TOOLS,
            metavar="MIB",
        ),
    ] = 1024
    remote_tools: Annotated[
        bool,
        Flag(
            "--allow-remote-tools",
            "permission for clients to register tools of bridges on other machines",
            str,
            TOOLS,
        ),
    ] = False
    log_level: Annotated[
        str,
        Flag(
            "--log-level",
            "lowest level of log messages: debug, info, warning or error",
            as_text,
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
            as_text,
            MONITORING,
            choices=["text", "json"],
            metavar="FORMAT",
        ),
    ] = "text"
    log_calls: Annotated[
        str,
        Flag(
            "--log-calls",
            "calls to log when they end: none, failed or all",
            as_text,
            MONITORING,
            choices=["none", "failed", "all"],
            metavar="CALLS",
        ),
    ] = "none"
    metrics: Annotated[
        str,
        Flag(
            "--metrics",
            "address of an HTTP endpoint with metrics for Prometheus; none by default",
            as_text,
            MONITORING,
            metavar="HOST:PORT",
        ),
    ] = ""
    traces: Annotated[
        bool,
        Flag(
            "--traces",
            "one OpenTelemetry span for each call, exported as the OTEL_* environment variables specify",
            str,
            MONITORING,
        ),
    ] = False
    reflection: Annotated[
        bool,
        Flag(
            "--reflection",
            "gRPC's reflection service, which describes the methods to every client that may make calls",
            str,
            DIAGNOSTICS,
        ),
    ] = False
    check: Annotated[
        bool,
        Flag(
            "--check",
            "check of the flags, files, port and storage; the server then ends without serving."
            " If another server uses the port or the data directory, the check fails: while one runs,"
            " check with --port 0 and without --data-dir",
            str,
            DIAGNOSTICS,
        ),
    ] = False
    failpoint: Annotated[
        str,
        Flag(
            "--failpoint",
            f"for tests: kill the server at this moment ({', '.join(FAILPOINTS)}) of a change whose request"
            " has the metadata failpoint=MOMENT",
            as_text,
            DIAGNOSTICS,
            choices=["", *FAILPOINTS],
            metavar="MOMENT",
        ),
    ] = ""


def is_loopback(host: str) -> bool:
    """Return True if a host is ``localhost`` or a loopback address, which other machines cannot reach."""
    if host == "127.0.0.1":
        return True
    try:
        from ipaddress import ip_address

        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(host: str, port: int) -> str:
    """Return the text ``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host and host[0] != "[" else f"{host}:{port}"
