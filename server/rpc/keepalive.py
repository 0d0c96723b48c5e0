"""The options with which the server closes connections that are idle, or whose clients have disappeared."""

from __future__ import annotations

from collections.abc import Sequence

_NEVER = 2**31 - 1
"""The largest value of a gRPC option, which means no limit."""


def options(seconds: float, idle: float) -> Sequence[tuple[str, int]]:
    """Return gRPC's options for a server that drops connections whose peers have disappeared.

    A connection without calls for ``idle`` seconds is closed. One without data for ``seconds`` is pinged. If
    it stays silent for as long again, it is dropped with all of its calls. A slow reader answers pings and is
    not dropped.

    Clients may also ping the server, as often as they like, even between calls: answering a ping costs less
    than any call. By default, gRPC would take frequent pings for an attack and close the connection (GOAWAY,
    too_many_pings).
    """
    milliseconds = _milliseconds(seconds)
    return (
        ("grpc.max_connection_idle_ms", _milliseconds(idle)),
        ("grpc.keepalive_time_ms", milliseconds),
        ("grpc.keepalive_timeout_ms", milliseconds),
        # Without this option, the timeout of a ping is a minute, whatever the option above is (gRPC 1.85).
        ("grpc.http2.ping_timeout_ms", milliseconds),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_ping_strikes", 0),
    )


def _milliseconds(seconds: float) -> int:
    return min(max(1, round(seconds * 1000)), _NEVER)
