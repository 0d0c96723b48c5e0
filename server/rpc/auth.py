"""The interceptor that checks the token of every call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
from grpc import aio

from .call_counter import TOKEN
from .status import end_with
from .tokens import SCOPE, Tokens

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]


class AuthInterceptor(aio.ServerInterceptor):
    """An interceptor that ends calls without a valid token with UNAUTHENTICATED, before it reads requests."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Continue a call with a valid token, or refuse it."""
        for key, value in details.invocation_metadata or ():
            if key == "authorization" and (scope := self._tokens.admit(str(value))) is not None:
                SCOPE.set(scope)
                TOKEN.set(str(value).partition(" ")[2].strip())
                return await continuation(details)
        return _REFUSAL


async def _refuse(_: Any, context: aio.ServicerContext[Any, Any]) -> None:
    end_with(context, grpc.StatusCode.UNAUTHENTICATED, "a token is needed: authorization: Bearer <token>")


_REFUSAL: Handler = grpc.unary_stream_rpc_method_handler(_refuse)
"""The handler of refused calls. It serves unary calls as well: without a reply, clients see no difference."""
