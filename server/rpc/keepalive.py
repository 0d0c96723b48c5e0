"""What frees the watches of a peer that is gone without a word, and what clients may do about theirs."""

from __future__ import annotations

from collections.abc import Sequence

_NEVER = 2**31 - 1
"""What gRPC takes for no limit, and its largest number."""


def options(seconds: float) -> Sequence[tuple[str, int]]:
    """gRPC's options for a server that drops a connection whose peer is gone.

    A connection that brought nothing for ``seconds`` is pinged, and dropped, with all of its calls, where
    it stays silent for as long again: within twice that time. A reader that merely does not read answers
    a ping all the same, and is not dropped.

    Clients do the same from their side, and a server that takes their pings for an attack would end the
    connection of just those that take care (GOAWAY, too_many_pings). Answering a ping costs less than any
    call does, so that there is nothing to defend: they may ping as often as they like, also between calls.
    """
    milliseconds = min(max(1, round(seconds * 1000)), _NEVER)
    return (
        ("grpc.keepalive_time_ms", milliseconds),
        ("grpc.keepalive_timeout_ms", milliseconds),
        # Without this one, the answer to a ping has a minute, whatever the line above says (gRPC 1.85).
        ("grpc.http2.ping_timeout_ms", milliseconds),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_ping_strikes", 0),
    )
