"""What every call goes through: its session renewed, its refusal told, its end at shutdown."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from proto import snakepit_bridge_pb2 as pb
from server.errors import InvalidArgument, Refusal, Unavailable
from server.service.status import code_of, details_of
from server.sessions import Sessions
from server.values import LEGACY_PREFIX, PREFIX

logger = logging.getLogger("server.calls")

Context = aio.ServicerContext[Any, Any]

SERVICES = {"BridgeService": PREFIX, "SnakepitBridge": LEGACY_PREFIX}
"""The names that the bridge answers under, and the form of the values it answers there."""


class Calls:
    """The calls that are under way, and whether new ones are taken.

    A method of a room is ``name(request, prefix)`` for one reply and ``name(request, prefix, context)``
    for a stream, or for one reply that rests on more than the request. ``prefix`` is the form of the
    type_urls that the caller understands.
    """

    def __init__(self, sessions: Sessions, rooms: Iterable[object]) -> None:
        self._sessions = sessions
        self._rooms = tuple(rooms)
        self._running: set[asyncio.Task[Any]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing: Unavailable | None = None

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """What the gRPC server is to answer with, under every service name."""
        return [
            self._service(pb.DESCRIPTOR.services_by_name[name], prefix) for name, prefix in SERVICES.items()
        ]

    def names(self) -> list[str]:
        """The full names of the services."""
        return [pb.DESCRIPTOR.services_by_name[name].full_name for name in SERVICES]

    async def drain(self, reason: Unavailable, grace: float) -> None:
        """Refuse new calls, and cut those that still run after ``grace`` seconds."""
        self._closing = reason
        try:
            await asyncio.wait_for(self._idle.wait(), grace)
        except TimeoutError:
            for task in self._running:
                task.cancel()
            await self._idle.wait()

    def _service(self, service: ServiceDescriptor, prefix: str) -> grpc.GenericRpcHandler:
        methods = {method.name: self._handler(method, prefix) for method in service.methods}
        return grpc.method_handlers_generic_handler(service.full_name, methods)

    def _handler(self, method: MethodDescriptor, prefix: str) -> grpc.RpcMethodHandler[Any, Any]:
        behaviour = next(
            (getattr(room, method.name) for room in self._rooms if hasattr(room, method.name)), None
        )
        parse = _parser(GetMessageClass(method.input_type))
        if behaviour is None:
            behaviour = _unbuilt(method.name)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(behaviour, prefix), request_deserializer=parse, response_serializer=_bytes
            )
        return grpc.unary_unary_rpc_method_handler(
            self._answering(behaviour, prefix), request_deserializer=parse, response_serializer=_bytes
        )

    def _answering(self, behaviour: Callable[..., Any], prefix: str) -> Callable[..., Awaitable[Any]]:
        wants_context = "context" in inspect.signature(behaviour).parameters

        async def call(request: Any, context: Context) -> Any:
            async def answer() -> Any:
                reply = behaviour(request, prefix, context) if wants_context else behaviour(request, prefix)
                return await reply if inspect.isawaitable(reply) else reply

            return await self._run(answer, request, context)

        return call

    def _streaming(self, behaviour: Callable[..., Any], prefix: str) -> Callable[..., Awaitable[None]]:
        async def call(request: Any, context: Context) -> None:
            await self._run(lambda: behaviour(request, prefix, context), request, context)

        return call

    async def _run(self, behaviour: Callable[[], Awaitable[Any]], request: Any, context: Context) -> Any:
        if self._closing is not None:
            await _abort(context, self._closing)
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        self._idle.clear()
        try:
            if isinstance(request, InvalidArgument):
                raise request
            return await self._answer(behaviour, request)
        except Refusal as refusal:
            await _abort(context, refusal)
        except NotImplementedError as error:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except asyncio.CancelledError:
            if self._closing is None or context.cancelled():
                raise
            await _abort(context, self._closing)
        except aio.AbortError:
            raise
        except aio.InternalError as error:
            # What gRPC says of a message that cannot be sent: the caller is gone, and nobody is to be told.
            logger.debug("a call ended in the middle of its answer: %s", error)
            return None
        except Exception:
            logger.exception("a call failed for a reason that is no refusal")
            await context.abort(grpc.StatusCode.INTERNAL, "internal error; the server's log says more")
        finally:
            self._running.discard(task)
            if not self._running:
                self._idle.set()

    async def _answer(self, behaviour: Callable[[], Awaitable[Any]], request: Any) -> Any:
        """Do what was asked, and answer when all that the answer rests on is kept: a refusal may, too."""
        if session_id := getattr(request, "session_id", ""):
            self._sessions.renew(session_id)
        try:
            return await behaviour()
        finally:
            if (settled := self._sessions.settled(session_id)) is not None:
                await settled


async def _abort(context: Context, refusal: Refusal) -> NoReturn:
    await context.abort(code_of(refusal), refusal.message, details_of(refusal))
    raise AssertionError("abort raises")


def _parser(kind: type[Message]) -> Callable[[bytes], Message | InvalidArgument]:
    """Read a request; bytes that are none are refused like any bad input, where gRPC would say UNKNOWN."""

    def parse(data: bytes) -> Message | InvalidArgument:
        try:
            return kind.FromString(data)
        except DecodeError:
            return InvalidArgument(f"the bytes are no {kind.DESCRIPTOR.name}")

    return parse


def _bytes(reply: Message | bytes) -> bytes:
    return reply if isinstance(reply, bytes) else reply.SerializeToString()


def _unbuilt(name: str) -> Callable[..., Any]:
    async def refuse(*_: Any) -> None:
        raise NotImplementedError(f"{name} is not implemented")

    return refuse
