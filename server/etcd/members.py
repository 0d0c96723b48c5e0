"""The members of etcd: their connections, the choice of one for calls, and the token of calls."""

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

KEEPALIVE_MS = 2000
"""The time without data, while calls wait, after which a member is pinged, in milliseconds.

The member has as long again to answer. etcd closes a connection at the third ping in a row without data from
etcd between them, if they come more often than every five seconds. No call here waits so long without data
(see ``watch.PROGRESS_INTERVAL_S``).
"""

OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
    # This client retries requests itself, since it knows which may be repeated.
    ("grpc.enable_retries", 0),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_MS),
    ("grpc.http2.ping_timeout_ms", KEEPALIVE_MS),
    ("grpc.http2.max_pings_without_data", 0),
    # Short pauses, to find a restarted member soon, and to give up connecting to one that does not answer.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 500),
)

Metadata = tuple[tuple[str, str], ...]


class Member:
    """A member of etcd.

    Args:
        endpoint: the address of the member, host:port.
        credentials: the credentials for TLS; None for a connection without TLS.
    """

    def __init__(self, endpoint: str, credentials: grpc.ChannelCredentials | None) -> None:
        self.endpoint = endpoint
        self.last_error = "not asked"
        """The reason of the last failed call to this member."""
        if credentials is None:
            self.channel = aio.insecure_channel(endpoint, options=OPTIONS)
        else:
            self.channel = aio.secure_channel(endpoint, credentials, options=OPTIONS)
        self._methods: dict[str, Any] = {}

    async def call(
        self, method: str, request: Message, reply: type[Message], metadata: Metadata, timeout: float
    ) -> Any:
        """Make a call to this member, without retries. Raises AioRpcError."""
        multicallable = self._methods.get(method)
        if multicallable is None:
            multicallable = self._methods[method] = self.channel.unary_unary(
                f"/etcdserverpb.{method}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=reply.FromString,
            )
        return await multicallable(request, metadata=metadata, timeout=timeout)


class Members:
    """All members of etcd. Calls go to one of them until it fails, and then to the next one."""

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
        """The member to which calls go at present."""
        member = self._members.get(self._current)
        if member is None:
            endpoint = self._address.endpoints[self._current]
            member = self._members[self._current] = Member(endpoint, self._credentials)
        return member

    def failed(self, member: Member, error: str) -> None:
        """Record a failure of a member; from now on, calls go to the next one if they went to this one.

        Of several calls that fail at the same member, only the first one changes the member.
        """
        member.last_error = error
        if member is self.current:
            self._current = (self._current + 1) % len(self)

    def last_errors(self) -> str:
        """Return a text with the reason of the last failure of each member that was asked."""
        return "; ".join(f"{member.endpoint}: {member.last_error}" for member in self._members.values())

    async def call(
        self, member: Member, method: str, request: Message, reply: type[Message], timeout: float
    ) -> Any:
        """Make a call to a member; if the token is refused, make it again with a new token.

        Args:
            member: the member to ask.
            method: the service and the method, such as "KV/Range".
            request: the request; it is sent again only if it was certainly not applied.
            reply: the type of the reply.
            timeout: the timeout of the whole call, in seconds.

        Raises:
            AioRpcError: the call failed. With DEADLINE_EXCEEDED, it may have been applied.
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
        """Return metadata with the token, which is requested if there is none yet. Raises AioRpcError."""
        if not self._address.user:
            return ()
        if self._token is None:
            deadline = asyncio.get_running_loop().time() + timeout
            try:
                async with asyncio.timeout_at(deadline), self._authenticating:
                    if self._token is None:  # no other call has fetched one in the meantime
                        self._token = await self._authenticate(member, timeout)
            except TimeoutError:
                raise _late("the request for a token timed out") from None
        return _metadata_of(self._token)

    def forget(self, metadata: Metadata) -> None:
        """Discard the token that was sent in ``metadata``, unless a newer one has replaced it already."""
        if self._token is not None and metadata == _metadata_of(self._token):
            self._token = None

    async def close(self) -> None:
        """Close the connections to all members."""
        for member in self._members.values():
            await member.channel.close()
        self._members.clear()

    async def _authenticate(self, member: Member, timeout: float) -> str:
        """Return a new token; an empty one if etcd does not require authentication."""
        request = rpc.AuthenticateRequest(name=self._address.user, password=self._address.password)
        try:
            reply = await member.call("Auth/Authenticate", request, rpc.AuthenticateResponse, (), timeout)
        except aio.AioRpcError as error:
            if needs_no_token(error):
                return ""
            raise
        token: str = reply.token
        return token


def _metadata_of(token: str) -> Metadata:
    return (("token", token),) if token else ()


def _credentials(address: Address) -> grpc.ChannelCredentials | None:
    if not address.tls:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=address.ca or None,
        private_key=address.key or None,
        certificate_chain=address.cert or None,
    )


def _late(details: str) -> aio.AioRpcError:
    return aio.AioRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, aio.Metadata(), aio.Metadata(), details)
