"""gRPC's reflection service, which describes the services and their messages to clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc import aio
from grpc_health.v1 import health_pb2

from varbridge.messages import PACKAGE
from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.errors import ResourceExhaustedError, StartupError
from .call_counter import CallCounter
from .service import Context, names_of_services
from .status import refuse


def enable(server: aio.Server, calls: CallCounter) -> None:
    """Add the reflection service to a server; its calls count like those of the bridge.

    Raises:
        StartupError: the library for reflection is not installed.
    """
    try:
        from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc
    except ImportError:
        raise StartupError("--reflection needs grpcio-reflection: pip install 'varbridge[observe]'") from None
    names = [*names_of_services(), "grpc.health.v1.Health", reflection.SERVICE_NAME]
    pool = DescriptorPool()
    for file in (any_pb2, descriptor_pb2, timestamp_pb2, health_pb2, reflection_pb2):
        pool.AddSerializedFile(file.DESCRIPTOR.serialized_pb)
    pool.Add(_interface())

    class Servicer(reflection.aio.ReflectionServicer):  # type: ignore[misc]  # it has no types
        async def ServerReflectionInfo(
            self, request_iterator: AsyncIterator[Any], context: Context
        ) -> AsyncIterator[Any]:
            try:
                with calls.counted(context):
                    async for response in super().ServerReflectionInfo(request_iterator, context):
                        yield response
            except ResourceExhaustedError as refusal:
                refuse(context, refusal)

    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(Servicer(names, pool=pool), server)


def _interface() -> FileDescriptorProto:
    """Return the descriptor of the interface with the names of the wire; see ``proto/generate.py``."""
    file = FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(file)
    own, wire = f".{file.package}.", f".{PACKAGE}."
    file.name, file.package = "proto/snakepit_bridge.proto", PACKAGE
    for message in _messages(file.message_type):
        for field in message.field:
            if field.type_name:
                field.type_name = field.type_name.replace(own, wire)
    for extension in file.extension:
        extension.type_name = extension.type_name.replace(own, wire)
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(own, wire)
            method.output_type = method.output_type.replace(own, wire)
    return file


def _messages(messages: Iterable[DescriptorProto]) -> Iterable[DescriptorProto]:
    for message in messages:
        yield message
        yield from _messages(message.nested_type)
