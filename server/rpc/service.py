"""The gRPC service: its names, and the methods of servicers that implement its RPCs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from varbridge.messages import PACKAGE
from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.errors import InvalidArgumentError, RefusalError, ResourceExhaustedError
from ..core.values import LEGACY_PREFIX, PREFIX

Context = aio.ServicerContext[Any, Any]

Behaviour = Callable[..., Any]
"""A method of a servicer: ``name(request, prefix)``. The prefix is that of the type URLs in the reply. A
method that streams, or needs more than the request, takes ``context`` as well."""

SERVICES = {"BridgeService": PREFIX, "SnakepitBridge": LEGACY_PREFIX}
"""The names of the service, and the prefix of the type URLs in replies under each name."""


class Method(NamedTuple):
    """A method of the bridge under one of the two names of the service.

    Attributes:
        path: the full path of the method.
        name: the name of the method, without that of the service.
        streams: True if the method streams its reply.
    """

    path: str
    name: str
    streams: bool

    @classmethod
    def of(cls, method: MethodDescriptor) -> Method:
        """Return the method that a protobuf descriptor describes."""
        service = full_name(method.containing_service)
        return cls(f"/{service}/{method.name}", method.name, method.server_streaming)


def services() -> Iterator[tuple[ServiceDescriptor, str]]:
    """Yield a descriptor of the service for each of its names, with the prefix of type URLs in replies."""
    return ((pb.DESCRIPTOR.services_by_name[name], prefix) for name, prefix in SERVICES.items())


def names_of_services() -> list[str]:
    """Return the full names of the service."""
    return [full_name(service) for service, _ in services()]


def full_name(service: ServiceDescriptor) -> str:
    """Return the name of a service in the paths of its methods, such as ``snakepit.bridge.BridgeService``.

    It is not that of the descriptor: see ``proto/generate.py``.
    """
    return f"{PACKAGE}.{service.name}"


def behaviours_of(servicers: Iterable[object]) -> Mapping[str, Behaviour]:
    """Return the implementation of each RPC, by the RPC's name: the public methods of the servicers.

    Raises:
        TypeError: an RPC has no implementation or several, or a public method does not implement one.
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
        raise TypeError(f"unknown or not implemented RPC: {', '.join(sorted(stray))}")
    return behaviours


def handler_of(
    method: MethodDescriptor, call: Callable[[Any, Context], Awaitable[Any]], max_fields: int
) -> grpc.RpcMethodHandler[Any, Any]:
    """Return the handler that gRPC calls for a method; requests have at most ``max_fields`` fields."""
    make: Callable[..., grpc.RpcMethodHandler[Any, Any]] = (
        grpc.unary_stream_rpc_method_handler
        if method.server_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    parse = _parser(GetMessageClass(method.input_type), max_fields)
    return make(call, request_deserializer=parse, response_serializer=_bytes)


def _parser(kind: type[Message], max_fields: int) -> Callable[[bytes], Message | RefusalError]:
    """Return a function that decodes a request, or returns an error for invalid bytes.

    If it raised the error, gRPC would end the call with the status UNKNOWN.
    """

    def parse(data: bytes) -> Message | RefusalError:
        if len(data) > 2 * max_fields and _has_more_fields(data, max_fields):
            return ResourceExhaustedError(f"{kind.DESCRIPTOR.name} has more than {max_fields} entries")
        try:
            return kind.FromString(data)
        except DecodeError:
            return InvalidArgumentError(f"cannot decode {kind.DESCRIPTOR.name}")

    return parse


def _has_more_fields(data: bytes, limit: int) -> bool:
    """Return True if a message has more fields than the limit, without decoding it; False if it is invalid.

    Decoding a message with millions of entries would take seconds.
    """
    position = count = 0
    try:
        while position < len(data):
            count += 1
            if count > limit:
                return True
            wire_type = data[position] & 7
            while data[position] > 0x7F:
                position += 1
            position += 1
            if wire_type == 2:
                length = shift = 0
                while data[position] > 0x7F:
                    length |= (data[position] & 0x7F) << shift
                    shift += 7
                    position += 1
                position += 1 + (length | data[position] << shift)
            elif wire_type == 0:
                while data[position] > 0x7F:
                    position += 1
                position += 1
            elif wire_type in (1, 5):
                position += 8 if wire_type == 1 else 4
            else:
                return False
    except IndexError:
        pass
    return False


def _bytes(reply: Message | bytes) -> bytes:
    return reply if isinstance(reply, bytes) else reply.SerializeToString()
