"""The options of channels to other bridges: tool hosts and the bridges of the same cluster."""

from __future__ import annotations

from typing import Any

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
