"""Forwarding calls about a session to the bridge of the cluster that owns it."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message
from grpc import aio

from varbridge.messages.traits import traits_of

from ..core.errors import TAKEN_OVER, UnavailableError
from .channels import FORWARDED, channel_options, is_forwarded
from .service import Context, Method
from .status import RemoteError
from .watches import INTERVAL_KEY, OPEN_METADATA

ELSEWHERE = "bridge-elsewhere"
"""The trailing metadata key with which a bridge refuses a forwarded call that it must not answer, because it
has another id or does not own the session; nothing was changed."""

FORWARD_TIMEOUT_S = 10.0
"""The maximum time that a call waits for an owner of its session that can be reached, in seconds; then it is
refused as UNAVAILABLE."""

OWNER_POLL_INTERVAL_S = 0.1
"""The interval after which the owner of a session is looked up again if no change was reported, in seconds.
"""

CONNECT_TIMEOUT_S = 0.3
"""The time that connecting to the owner of a session may take before the owner is looked up again, in
seconds."""

_OPTIONS = [
    *channel_options(-1, 200),
    # A machine that has disappeared is noticed by its silence.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
]

logger = logging.getLogger("server.forwarding")


class LivenessRecord(Protocol):
    """The part of another bridge's liveness record that forwarding needs."""

    @property
    def address(self) -> str:
        """The address at which other bridges reach the bridge, host:port."""
        ...


class Peer(Protocol):
    """The interface of another bridge of the cluster."""

    @property
    def id(self) -> str: ...

    @property
    def record(self) -> LivenessRecord: ...


class Ownership(Protocol):
    """The port to the cluster, for the ownership of sessions; see ``cluster.ownership``."""

    @property
    def own_id(self) -> str:
        """The id of this bridge."""
        ...

    def running(self, session_id: str) -> AbstractContextManager[None]:
        """Enclose a call about a session, during which this bridge does not give up its ownership."""
        ...

    def has(self, session_id: str) -> bool:
        """Return True if this bridge owns a session."""
        ...

    async def find(self, session_id: str, *, opens: bool, unresponsive: str = "") -> Peer | None:
        """Return the bridge that owns a session; None if it is this one."""
        ...

    def forget_owner(self, session_id: str) -> None:
        """Forget the owner of a session, after that bridge answered that it is not the owner."""
        ...

    def live_addresses(self) -> set[str]:
        """Return the addresses of the live bridges."""
        ...

    async def changed(self, timeout: float) -> None:
        """Wait for a change of the live bridges or the owners, for at most ``timeout`` seconds."""
        ...


class _ElsewhereError(Exception):
    """The bridge to which a call was forwarded does not own the session any more."""


class Forwarder:
    """The forwarder of calls about sessions that other bridges own.

    Args:
        ownership: the ownership of sessions in the cluster.
        credentials: the credentials for the other bridges; None without TLS.
    """

    def __init__(self, ownership: Ownership, credentials: grpc.ChannelCredentials | None) -> None:
        self.has = ownership.has
        self.running = ownership.running
        self._ownership = ownership
        self._credentials = credentials
        self._channels: dict[str, aio.Channel] = {}
        self._streams: set[asyncio.Task[Any]] = set()
        self._closing: UnavailableError | None = None

    async def answer(self, method: Method, request: Any, context: Context) -> tuple[bool, Any]:
        """Forward a call to the bridge that owns its session.

        Returns:
            True and the reply of that bridge; or False and None if this bridge has to answer the call.
        """
        session_id: str = request.session_id
        opens = traits_of(method.name).opens_session
        remaining = context.time_remaining()
        deadline = time.monotonic() + min(
            FORWARD_TIMEOUT_S, FORWARD_TIMEOUT_S if remaining is None else remaining
        )
        metadata = [(str(key), value) for key, value in context.invocation_metadata() or ()]
        receiver = next((value for key, value in metadata if key == FORWARDED), "")
        unresponsive = ""
        while True:
            bridge = None
            if receiver in ("", self._ownership.own_id):
                bridge = await self._ownership.find(session_id, opens=opens, unresponsive=unresponsive)
                if bridge is None:
                    return False, None
            if receiver or bridge is None:
                raise RemoteError(grpc.StatusCode.UNAVAILABLE, TAKEN_OVER.message, ((ELSEWHERE, "1"),))
            if time.monotonic() > deadline:
                raise UnavailableError("the bridge that has the session does not answer: nothing was changed")
            channel = self._channel(bridge.record.address)
            if not await _is_connected(channel):
                unresponsive = bridge.id
                await self._ownership.changed(OWNER_POLL_INTERVAL_S)
                continue
            unresponsive = ""
            forwarded = [(key, value) for key, value in metadata if is_forwarded(key)]
            forwarded.append((FORWARDED, bridge.id))
            try:
                return True, await self._forward(channel, method, request, context, forwarded)
            except _ElsewhereError:
                self._ownership.forget_owner(session_id)
                await self._ownership.changed(OWNER_POLL_INTERVAL_S)

    def end_streams(self, reason: UnavailableError) -> None:
        """End the forwarded streams, which may not end by themselves, with an error as the reason."""
        self._closing = reason
        for task in self._streams:
            task.cancel()

    async def close(self) -> None:
        """Close the connections to all other bridges."""
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    def use(self, credentials: grpc.ChannelCredentials | None) -> None:
        """From now on, call the other bridges with these credentials; running calls go on."""
        self._credentials = credentials
        for channel in self._channels.values():
            self._close_later(channel)
        self._channels.clear()

    def _channel(self, address: str) -> aio.Channel:
        channel = self._channels.get(address)
        if channel is None:
            for unused in self._channels.keys() - self._ownership.live_addresses():
                self._close_later(self._channels.pop(unused))
            if self._credentials is None:
                channel = aio.insecure_channel(address, options=_OPTIONS)
            else:
                channel = aio.secure_channel(address, self._credentials, options=_OPTIONS)
            self._channels[address] = channel
        return channel

    def _close_later(self, channel: aio.Channel) -> None:
        """Close a channel after the time that its running calls may take."""
        asyncio.get_running_loop().call_later(
            FORWARD_TIMEOUT_S, lambda: asyncio.ensure_future(channel.close())
        )

    async def _forward(
        self, channel: aio.Channel, method: Method, request: Message, context: Context, metadata: Any
    ) -> Any:
        options: dict[str, Any] = {"metadata": metadata, "timeout": context.time_remaining()}
        data: Any = request.SerializeToString()
        try:
            if not method.streams:
                return await channel.unary_unary(method.path)(data, **options)
            await self._stream(channel.unary_stream(method.path)(data, **options), method, context)
            return None
        except aio.AioRpcError as error:
            raise _error_of(error) from None

    async def _stream(self, call: Any, method: Method, context: Context) -> None:
        """Forward a stream's messages, and its initial metadata, which show that a watch is open."""
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            if method.name == "WatchVariables":
                initial = [(str(key), value) for key, value in await call.initial_metadata() or ()]
                if OPEN_METADATA in initial:
                    own = (OPEN_METADATA[0], INTERVAL_KEY)
                    await context.send_initial_metadata([entry for entry in initial if entry[0] in own])
            while (message := await call.read()) is not aio.EOF:
                await context.write(message)
        except asyncio.CancelledError:
            if self._closing is not None and not context.cancelled():
                raise self._closing.copy() from None
            raise
        finally:
            self._streams.discard(task)
            call.cancel()


async def _is_connected(channel: aio.Channel) -> bool:
    if channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
        return True
    with suppress(TimeoutError):
        await asyncio.wait_for(channel.channel_ready(), CONNECT_TIMEOUT_S)
        return True
    return False


def _error_of(error: aio.AioRpcError) -> Exception:
    """Return the error for a call that the other bridge refused."""
    if any(str(key) == ELSEWHERE for key, _ in error.trailing_metadata() or ()):
        return _ElsewhereError()
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return UnavailableError(f"the owner of the session is unavailable: {error.details()}")
    return RemoteError.of(error)
