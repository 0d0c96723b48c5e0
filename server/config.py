"""What the flags set: one place for every bound and its default, which suits a laptop."""

from __future__ import annotations

from typing import NamedTuple

FAILPOINTS = ("half-written", "before-commit", "after-commit")
"""Moments at which a server with a data directory can be made to kill itself: in the middle of a batch, when
everything is written and nothing committed, and when it is committed and nobody was told. Only at a change
whose metadata has ``failpoint`` and the moment's name, and only where a flag names the moment."""


class Limits(NamedTuple):
    """Caps on everything that clients can make grow. One over a cap is RESOURCE_EXHAUSTED."""

    sessions: int = 10_000
    variables: int = 100_000  # of a session
    watches: int = 10_000  # of a session
    tools: int = 1_000  # that clients registered in a session
    running_tools: int = 32  # that block, at a time
    calls: int = 20_000  # of one client, at a time; watches are some
    metadata: int = 1_000  # entries of one map
    history: int = 100  # changes kept of a variable
    log_changes: int = 10_000  # changes kept of a session
    log_bytes: int = 64 * 2**20  # bytes of them
    dependencies: int = 100_000  # of a session
    request_ids: int = 10_000  # answers kept of a session


class Settings(NamedTuple):
    """How one server runs. Times are in seconds."""

    host: str = "127.0.0.1"
    port: int = 50051
    session_ttl: float = 3600.0
    heartbeat_interval: float = 30.0
    grace: float = 5.0
    keepalive: float = 20.0
    idle: float = 3600.0  # of a connection without calls
    tool_timeout: float = 3600.0  # of a call without a deadline
    log_level: str = "info"
    log_format: str = "text"
    log_calls: str = "none"
    metrics: str = ""  # host:port to serve them at
    traces: bool = False
    reflection: bool = False
    check: bool = False  # and do not serve
    data_dir: str = ""
    store: str = ""  # etcd://…
    advertise: str = ""  # host:port at which the other bridges reach this one
    tools: tuple[str, ...] = ()  # modules
    tool_memory: int = 1024  # MiB of a tool that blocks, beyond what its module takes
    remote_tools: bool = False
    failpoint: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    token_file: str = ""
    max_message_bytes: int = 100 * 2**20
    limits: Limits = Limits()
