"""The options of channels to other bridges: those that host tools, and those of the same cluster."""

from __future__ import annotations

from typing import Any

Options = list[tuple[str, Any]]


def channel_options(longest_message: int, longest_pause: int) -> Options:
    """Of a channel.

    Args:
        longest_message: bytes of what is taken from there; -1 for any number. What is sent was taken already.
        longest_pause: ms between two tries to connect. gRPC begins with a second; a restarted bridge is there
            sooner.
    """
    return [
        ("grpc.max_receive_message_length", longest_message),
        ("grpc.max_send_message_length", -1),
        # A TCP connection of its own, rather than one shared with every channel to that address.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.initial_reconnect_backoff_ms", 20),
        ("grpc.max_reconnect_backoff_ms", longest_pause),
        ("grpc.enable_http_proxy", 0),
    ]
