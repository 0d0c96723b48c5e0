"""The service: the names that it has, and the methods of servicers that implement its RPCs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.errors import InvalidArgumentError
from ..core.values import LEGACY_PREFIX, PREFIX

Context = aio.ServicerContext[Any, Any]

Behaviour = Callable[..., Any]
"""A method of a servicer: ``name(request, prefix)``, where ``prefix`` is the form of the type_urls that the
caller understands. A stream, or a reply that rests on more than the request, has ``context`` as well."""

SERVICES = {"BridgeService": PREFIX, "SnakepitBridge": LEGACY_PREFIX}
"""The names that the bridge answers under, and the form of the values it answers there."""


class Method(NamedTuple):
    """A method under one of its services' names."""

    path: str
    name: str
    streams: bool

    @classmethod
    def of(cls, method: MethodDescriptor) -> Method:
        """The method that a descriptor describes."""
        return cls(
            f"/{method.containing_service.full_name}/{method.name}", method.name, method.server_streaming
        )


def services() -> Iterator[tuple[ServiceDescriptor, str]]:
    """The services, each with the form of its values."""
    return ((pb.DESCRIPTOR.services_by_name[name], prefix) for name, prefix in SERVICES.items())


def names_of_services() -> list[str]:
    """Their full names."""
    return [service.full_name for service, _ in services()]


def behaviours_of(servicers: Iterable[object]) -> Mapping[str, Behaviour]:
    """Return what implements each RPC, by the RPC's name: all public methods of the servicers.

    Raises:
        TypeError: an RPC has no implementation or several, or a public method is not an RPC's.
    """
    behaviours: dict[str, Behaviour] = {}
    for servicer in servicers:
        for name in dir(type(servicer)):
            if name.startswith("_"):
                continue
            if name in behaviours:
                raise TypeError(f"two servicers implement {name}")
            behaviours[name] = getattr(servicer, name)
    if stray := behaviours.keys() ^ {method.name for service, _ in services() for method in service.methods}:
        raise TypeError(f"either no RPC or not implemented: {', '.join(sorted(stray))}")
    return behaviours


def handler_of(
    method: MethodDescriptor, call: Callable[[Any, Context], Awaitable[Any]]
) -> grpc.RpcMethodHandler[Any, Any]:
    """Return the handler that gRPC calls for a method."""
    make: Callable[..., grpc.RpcMethodHandler[Any, Any]] = (
        grpc.unary_stream_rpc_method_handler
        if method.server_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    parse = _parser(GetMessageClass(method.input_type))
    return make(call, request_deserializer=parse, response_serializer=_bytes)


def _parser(kind: type[Message]) -> Callable[[bytes], Message | InvalidArgumentError]:
    """Read a request; bytes that are none are refused like any bad input, where gRPC would say UNKNOWN."""

    def parse(data: bytes) -> Message | InvalidArgumentError:
        try:
            return kind.FromString(data)
        except DecodeError:
            return InvalidArgumentError(f"the bytes are no {kind.DESCRIPTOR.name}")

    return parse


def _bytes(reply: Message | bytes) -> bytes:
    return reply if isinstance(reply, bytes) else reply.SerializeToString()
