"""What the flags set: one place for every bound and its default, which suits a laptop."""

from typing import Annotated, NamedTuple

from varbridge.messages.traits import HEARTBEAT_INTERVAL_S

from .core.limits import Limits
from .flags import Flag, as_bytes, as_count, as_port, as_seconds

FAILPOINTS = ("half-written", "before-commit", "after-commit")
"""Moments at which a server with a data directory can be made to kill itself: in the middle of a batch, when
everything is written and nothing committed, and when it is committed and nobody was told. Only at a change
whose metadata has ``failpoint`` and the moment's name, and only where a flag names the moment."""


class Settings(NamedTuple):
    """How one server runs: each field with the flag that sets it. Times are in seconds."""

    host: Annotated[str, Flag("--host", "address to listen on")] = "127.0.0.1"
    port: Annotated[int, Flag("--port", "port to listen on; 0 takes a free one", as_port)] = 50051
    tls_cert: Annotated[str, Flag("--tls-cert", "the server's certificate chain, PEM", metavar="FILE")] = ""
    tls_key: Annotated[str, Flag("--tls-key", "its private key, PEM", metavar="FILE")] = ""
    tls_ca: Annotated[
        str, Flag("--tls-ca", "who signs clients' certificates, PEM; they then need one", metavar="FILE")
    ] = ""
    token_file: Annotated[
        str, Flag("--token-file", "tokens, one a line, one of which a call must bear", metavar="FILE")
    ] = ""
    data_dir: Annotated[
        str, Flag("--data-dir", "directory that the state is kept in; none: in memory only")
    ] = ""
    store: Annotated[
        str, Flag("--store", "etcd://HOST:PORT,…?prefix=…: the state is kept there", metavar="URL")
    ] = ""
    advertise: Annotated[
        str, Flag("--advertise", "where the other bridges of it reach this one", metavar="HOST:PORT")
    ] = ""
    session_ttl: Annotated[float, Flag("--session-ttl", "seconds without a call", as_seconds)] = 3600.0
    heartbeat_interval: Annotated[float, Flag("--heartbeat-interval", "of idle watches, s", as_seconds)] = (
        HEARTBEAT_INTERVAL_S
    )
    grace: Annotated[float, Flag("--grace", "seconds that calls may take at shutdown", as_seconds)] = 5.0
    keepalive: Annotated[float, Flag("--keepalive", "seconds of silence before a ping", as_seconds)] = 20.0
    idle: Annotated[float, Flag("--max-idle", "seconds of a connection without calls", as_seconds)] = 3600.0
    tool_timeout: Annotated[float, Flag("--tool-timeout", "seconds that a tool may run", as_seconds)] = 3600.0
    max_message_bytes: Annotated[int, Flag("--max-message-bytes", "of one message", as_bytes)] = 100 * 2**20
    limits: Limits = Limits()
    tools: Annotated[
        tuple[str, ...], Flag("--tools", "whose tools are offered as well", metavar="MODULE")
    ] = ()
    tool_memory: Annotated[int, Flag("--tool-memory", "MiB for a tool that blocks", as_count)] = 1024
    remote_tools: Annotated[
        bool, Flag("--allow-remote-tools", "let clients name tool hosts beyond loopback")
    ] = False
    log_level: Annotated[str, Flag("--log-level", choices=["debug", "info", "warning", "error"])] = "info"
    log_format: Annotated[str, Flag("--log-format", "of the log on stderr", choices=["text", "json"])] = (
        "text"
    )
    log_calls: Annotated[str, Flag("--log-calls", "that ended", choices=["none", "failed", "all"])] = "none"
    metrics: Annotated[
        str, Flag("--metrics", "where Prometheus finds them; none: nowhere", metavar="HOST:PORT")
    ] = ""
    traces: Annotated[bool, Flag("--traces", "a span for each call; OTEL_* variables say where they go")] = (
        False
    )
    reflection: Annotated[bool, Flag("--reflection", "let whoever may call ask for the interface")] = False
    check: Annotated[bool, Flag("--check", "look whether the server could serve, say so, and end")] = False
    failpoint: Annotated[
        str, Flag("--failpoint", "for tests: where a marked change kills", choices=["", *FAILPOINTS])
    ] = ""


def is_loopback(host: str) -> bool:
    """Whether nobody on another machine can reach an address."""
    if host == "127.0.0.1":
        return True
    try:
        from ipaddress import ip_address

        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(host: str, port: int) -> str:
    """A host and a port in one; an IPv6 address gets the brackets that it needs."""
    return f"[{host}]:{port}" if ":" in host and host[0] != "[" else f"{host}:{port}"
