"""Channels to other bridges, tool hosts and those of the same cluster: their options and metadata."""

from __future__ import annotations

from typing import Any

FORWARDED = "bridge-forwarded"
"""The metadata key of a forwarded call; the value is the id of the bridge that should answer it.

A bridge with another id, which may listen at the address of an earlier bridge, refuses such a call.
"""

_NOT_FORWARDED_PREFIXES = ("grpc-", ":")
_NOT_FORWARDED = {"user-agent", "content-type", "te", FORWARDED}

Options = list[tuple[str, Any]]


def channel_options(max_message_bytes: int, max_backoff_ms: int) -> Options:
    """Return gRPC's options of a channel to another bridge.

    Args:
        max_message_bytes: the maximum size of a received message, in bytes; -1 for no limit. Sent messages
            have no limit, since this bridge has received and checked them before.
        max_backoff_ms: the longest pause between two attempts to connect, in milliseconds. gRPC's default
            pauses begin with a second, which is longer than the restart of a bridge takes.
    """
    return [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", -1),
        # The channel has its own TCP connection, not one shared with other channels to the same address.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.initial_reconnect_backoff_ms", 20),
        ("grpc.max_reconnect_backoff_ms", max_backoff_ms),
        ("grpc.enable_http_proxy", 0),
    ]


def is_forwarded(key: str) -> bool:
    """Return True if the metadata of a call under a key are forwarded with it."""
    return key not in _NOT_FORWARDED and not key.startswith(_NOT_FORWARDED_PREFIXES)
