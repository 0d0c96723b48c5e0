"""The members of etcd: a connection to each, which of them is asked, and the token that calls bear."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from . import rpc_pb2 as rpc
from .address import Address
from .errors import needs_no_token, stale

KEEPALIVE = 2000
"""Milliseconds of silence, while calls wait, after which a member is pinged; it has as long to answer.

etcd minds pings that come more often than every five seconds, the third one in a row between which it sent
nothing: it ends the connection. Nobody here waits so long for so little (see ``watch.PROGRESS``).
"""

OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
    # Whether a request is sent again is decided here, where it is known whether it may be.
    ("grpc.enable_retries", 0),
    ("grpc.keepalive_time_ms", KEEPALIVE),
    ("grpc.keepalive_timeout_ms", KEEPALIVE),
    ("grpc.http2.ping_timeout_ms", KEEPALIVE),
    ("grpc.http2.max_pings_without_data", 0),
    # A member that comes back is found soon, and an attempt to connect that is not answered is given up.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 500),
)

Metadata = tuple[tuple[str, str], ...]


class Member:
    """One member of etcd, by the endpoint that it is reached at.

    Args:
        endpoint: host:port.
        credentials: for TLS; None for none.
    """

    def __init__(self, endpoint: str, credentials: grpc.ChannelCredentials | None) -> None:
        self.endpoint = endpoint
        self.trouble = "not asked"
        """Why it did not answer when it last did not."""
        if credentials is None:
            self.channel = aio.insecure_channel(endpoint, options=OPTIONS)
        else:
            self.channel = aio.secure_channel(endpoint, credentials, options=OPTIONS)
        self._methods: dict[str, Any] = {}

    async def call(
        self, method: str, request: Message, reply: type[Message], metadata: Metadata, timeout: float
    ) -> Any:
        """Make a call, once. Raises AioRpcError."""
        made = self._methods.get(method)
        if made is None:
            made = self._methods[method] = self.channel.unary_unary(
                f"/etcdserverpb.{method}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=reply.FromString,
            )
        return await made(request, metadata=metadata, timeout=timeout)


class Members:
    """All members; one of them is asked until it fails, then the next one is."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._credentials = _credentials(address)
        self._members: dict[int, Member] = {}
        self._current = 0
        self._token: str | None = None
        self._authenticating = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._address.endpoints)

    @property
    def current(self) -> Member:
        """The one that is asked."""
        member = self._members.get(self._current)
        if member is None:
            endpoint = self._address.endpoints[self._current]
            member = self._members[self._current] = Member(endpoint, self._credentials)
        return member

    def failed(self, member: Member, trouble: str) -> None:
        """Ask another one from now on; unless that is so already, since many calls fail together."""
        member.trouble = trouble
        if member is self.current:
            self._current = (self._current + 1) % len(self)

    def troubles(self) -> str:
        """Why each of those that were asked did not answer."""
        return "; ".join(f"{member.endpoint}: {member.trouble}" for member in self._members.values())

    async def call(
        self, member: Member, method: str, request: Message, reply: type[Message], timeout: float
    ) -> Any:
        """Make a call; where the token was refused, with a new one.

        Args:
            member: whom to ask.
            method: as in "KV/Range".
            request: is not sent a second time unless it was certainly not carried out.
            reply: its type.
            timeout: seconds, for all of it.

        Raises:
            AioRpcError: it failed. With DEADLINE_EXCEEDED it may have been carried out.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        metadata = await self.metadata(member, timeout)
        try:
            return await member.call(method, request, reply, metadata, deadline - loop.time())
        except aio.AioRpcError as error:
            if not self._address.user or not stale(error.details()):
                raise
        self.forget(metadata)
        metadata = await self.metadata(member, deadline - loop.time())
        return await member.call(method, request, reply, metadata, deadline - loop.time())

    async def metadata(self, member: Member, timeout: float) -> Metadata:
        """What lets a call in: a token, fetched where there is none yet. Raises AioRpcError."""
        if not self._address.user:
            return ()
        if self._token is None:
            deadline = asyncio.get_running_loop().time() + timeout
            try:
                async with asyncio.timeout_at(deadline), self._authenticating:
                    if self._token is None:  # nobody else fetched one meanwhile
                        self._token = await self._authenticate(member, timeout)
            except TimeoutError:
                raise _late("no token was to be had in time") from None
        return _bearing(self._token)

    def forget(self, metadata: Metadata) -> None:
        """Use a token no more; a newer one stays."""
        if self._token is not None and metadata == _bearing(self._token):
            self._token = None

    async def close(self) -> None:
        """Close all connections."""
        for member in self._members.values():
            await member.channel.close()
        self._members.clear()

    async def _authenticate(self, member: Member, timeout: float) -> str:
        """A token; empty where etcd lets everybody in."""
        request = rpc.AuthenticateRequest(name=self._address.user, password=self._address.password)
        try:
            reply = await member.call("Auth/Authenticate", request, rpc.AuthenticateResponse, (), timeout)
        except aio.AioRpcError as error:
            if needs_no_token(error):
                return ""
            raise
        token: str = reply.token
        return token


def _bearing(token: str) -> Metadata:
    return (("token", token),) if token else ()


def _credentials(address: Address) -> grpc.ChannelCredentials | None:
    if not address.tls:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=address.ca or None,
        private_key=address.key or None,
        certificate_chain=address.cert or None,
    )


def _late(what: str) -> aio.AioRpcError:
    return aio.AioRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, aio.Metadata(), aio.Metadata(), what)
