"""Calls about sessions that another bridge of the cluster has: they are passed on to it as they came."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message
from grpc import aio

from varbridge.messages.traits import traits_of

from ..core.errors import UnavailableError
from .channels import channel_options
from .service import Context, Method
from .status import RemoteError
from .watches import PLACED

FORWARDED = "bridge-forwarded"
"""Metadata of a call that another bridge passes on: the id of the bridge that it is meant for.

Whoever gets it by mistake does not pass it on again: another bridge may listen at that address now.
"""

ELSEWHERE = "bridge-elsewhere"
"""Trailing metadata of the answer then: nothing was done."""

FORWARD_TIMEOUT_S = 10.0
"""Seconds that a call waits for a bridge that has its session, where it has no deadline of its own."""

OWNER_POLL_INTERVAL_S = 0.1
"""Seconds after which we look again who has a session, where there was no news of it."""

CONNECT_TIMEOUT_S = 0.3
"""Seconds that a connection may take before we look whether the other bridge is gone."""

_KEPT_BACK = ("grpc-", ":")
_OWN = {"user-agent", "content-type", "te", FORWARDED}
_OPTIONS = [
    *channel_options(-1, 200),
    # A machine that is gone without a word is noticed by its silence.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
]

logger = logging.getLogger("server.forwarding")


class Sign(Protocol):
    """The sign of life of another bridge."""

    @property
    def address(self) -> str:
        """The host:port at which other bridges reach it."""
        ...


class Peer(Protocol):
    """Another bridge of the cluster."""

    @property
    def id(self) -> str: ...

    @property
    def sign(self) -> Sign: ...


class Ownership(Protocol):
    """The port to the cluster: which bridge has which session; see ``cluster.ownership``."""

    @property
    def own_id(self) -> str:
        """The id of this bridge."""
        ...

    def has(self, session_id: str) -> bool:
        """Whether this bridge has a session."""
        ...

    async def find(self, session_id: str, *, opens: bool, silent: str = "") -> Peer | None:
        """Return the bridge that has a session; None where it is this one."""
        ...

    def mistaken(self, session_id: str) -> None:
        """Forget who has a session: the bridge that was asked does not."""
        ...

    def lives_at(self) -> set[str]:
        """Return the addresses of the bridges that live."""
        ...

    async def changed(self, timeout: float) -> None:
        """Wait for news of who has which session, or for the timeout in seconds."""
        ...


class _ElsewhereError(Exception):
    """The bridge that was asked does not have the session."""


class Forwarder:
    """Finds out whether a call is for this bridge, and passes it on where it is not.

    Args:
        ownership: know who has which session.
        credentials: of the other bridges; None where they are asked without TLS.
    """

    def __init__(self, ownership: Ownership, credentials: grpc.ChannelCredentials | None) -> None:
        self.has = ownership.has
        self._ownership = ownership
        self._credentials = credentials
        self._channels: dict[str, aio.Channel] = {}
        self._streams: set[asyncio.Task[Any]] = set()
        self._closing: UnavailableError | None = None

    async def answer(self, method: Method, request: Any, context: Context) -> tuple[bool, Any]:
        """Have a call answered by the bridge that has its session.

        Returns:
            Whether it was, and the answer; a call that was not is for this bridge.
        """
        session_id: str = request.session_id
        opens = traits_of(method.name).opens_session
        remaining = context.time_remaining()
        until = time.monotonic() + min(
            FORWARD_TIMEOUT_S, FORWARD_TIMEOUT_S if remaining is None else remaining
        )
        metadata = [(str(key), value) for key, value in context.invocation_metadata() or ()]
        meant_for = next((value for key, value in metadata if key == FORWARDED), "")
        silent = ""
        while True:
            bridge = None
            if meant_for in ("", self._ownership.own_id):
                bridge = await self._ownership.find(session_id, opens=opens, silent=silent)
                if bridge is None:
                    return False, None
            if meant_for or bridge is None:
                raise RemoteError(
                    grpc.StatusCode.UNAVAILABLE,
                    "another bridge has the session now: call again",
                    ((ELSEWHERE, "1"),),
                )
            if time.monotonic() > until:
                raise UnavailableError("the bridge that has the session does not answer: nothing was changed")
            channel = self._channel(bridge.sign.address)
            if not await _is_there(channel):
                silent = bridge.id
                await self._ownership.changed(OWNER_POLL_INTERVAL_S)
                continue
            silent = ""
            passed = [(key, value) for key, value in metadata if not _is_kept_back(key)]
            passed.append((FORWARDED, bridge.id))
            try:
                return True, await self._pass_on(channel, method, request, context, passed)
            except _ElsewhereError:
                self._ownership.mistaken(session_id)
                await self._ownership.changed(OWNER_POLL_INTERVAL_S)

    def end_streams(self, reason: UnavailableError) -> None:
        """End the streams that are passed on, which may have no end of their own."""
        self._closing = reason
        for task in self._streams:
            task.cancel()

    async def close(self) -> None:
        """Close all connections."""
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    def _channel(self, address: str) -> aio.Channel:
        found = self._channels.get(address)
        if found is None:
            lives_at = self._ownership.lives_at()
            for gone in [one for one in self._channels if one not in lives_at]:
                self._close_later(self._channels.pop(gone))
            if self._credentials is None:
                found = aio.insecure_channel(address, options=_OPTIONS)
            else:
                found = aio.secure_channel(address, self._credentials, options=_OPTIONS)
            self._channels[address] = found
        return found

    def _close_later(self, channel: aio.Channel) -> None:
        """Close a channel when what is under way on it has had its time."""
        asyncio.get_running_loop().call_later(
            FORWARD_TIMEOUT_S, lambda: asyncio.ensure_future(channel.close())
        )

    async def _pass_on(
        self, channel: aio.Channel, method: Method, request: Message, context: Context, metadata: Any
    ) -> Any:
        given: dict[str, Any] = {"metadata": metadata, "timeout": context.time_remaining()}
        data: Any = request.SerializeToString()
        try:
            if not method.streams:
                return await channel.unary_unary(method.path)(data, **given)
            await self._stream(channel.unary_stream(method.path)(data, **given), method, context)
            return None
        except aio.AioRpcError as error:
            raise _error_of(error) from None

    async def _stream(self, call: Any, method: Method, context: Context) -> None:
        """Pass a stream on: its initial metadata, which tell that a watch is in place, and its messages."""
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            if method.name == "WatchVariables":
                initial = await call.initial_metadata()
                if PLACED[0] in [(str(key), value) for key, value in initial or ()]:
                    await context.send_initial_metadata(PLACED)
            while (message := await call.read()) is not aio.EOF:
                await context.write(message)
        except asyncio.CancelledError:
            if self._closing is not None and not context.cancelled():
                raise self._closing.copy() from None
            raise
        finally:
            self._streams.discard(task)
            call.cancel()


async def _is_there(channel: aio.Channel) -> bool:
    if channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
        return True
    with suppress(TimeoutError):
        await asyncio.wait_for(channel.channel_ready(), CONNECT_TIMEOUT_S)
        return True
    return False


def _error_of(error: aio.AioRpcError) -> Exception:
    """What the other bridge answered."""
    if any(str(key) == ELSEWHERE for key, _ in error.trailing_metadata() or ()):
        return _ElsewhereError()
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return UnavailableError(f"the bridge that has the session: {error.details()}")
    return RemoteError.of(error)


def _is_kept_back(key: str) -> bool:
    return key in _OWN or key.startswith(_KEPT_BACK)
