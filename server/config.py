"""What the flags set: one place for every bound and its default, which suits a laptop."""

from __future__ import annotations

from typing import NamedTuple

from varbridge.messages.traits import HEARTBEAT_INTERVAL_S

from .core.limits import Limits

FAILPOINTS = ("half-written", "before-commit", "after-commit")
"""Moments at which a server with a data directory can be made to kill itself: in the middle of a batch, when
everything is written and nothing committed, and when it is committed and nobody was told. Only at a change
whose metadata has ``failpoint`` and the moment's name, and only where a flag names the moment."""


class Settings(NamedTuple):
    """How one server runs. Times are in seconds."""

    host: str = "127.0.0.1"
    port: int = 50051
    session_ttl: float = 3600.0
    heartbeat_interval: float = HEARTBEAT_INTERVAL_S
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


def is_loopback(host: str) -> bool:
    """Whether nobody on another machine can reach an address."""
    if host == "127.0.0.1":
        return True
    try:
        from ipaddress import ip_address

        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
