"""The traits of the bridge's methods, such as being safe to repeat, which the proto file declares."""

from __future__ import annotations

from functools import cache

from varbridge.messages import snakepit_bridge_pb2 as pb

_METHODS = pb.DESCRIPTOR.services_by_name["BridgeService"].methods_by_name

METHODS: tuple[str, ...] = tuple(_METHODS)
"""The names of all methods, in the order of the service: what others rest on comes first."""


@cache  # each call with a token needs them, and reading options creates a message
def traits_of(method: str) -> pb.MethodTraits:
    """Return the traits of the method with a name; they are the same under both names of the service."""
    traits: pb.MethodTraits = _METHODS[method].GetOptions().Extensions[pb.method_traits]
    return traits


def may_be_repeated(method: str) -> bool:
    """Return True if a client that got no answer may safely repeat the call."""
    traits = traits_of(method)
    return traits.reads or traits.repeatable


HEARTBEAT_INTERVAL_S: float = traits_of("WatchVariables").heartbeat_interval_s
"""The default interval between two heartbeats of an idle watch, in seconds."""
