"""``python -m tests.conformance.older_bridge``: the reference bridge as one that offers only SnakepitBridge.

Under that name it ignores the fields from 100 in requests, and sends none. It answers UNIMPLEMENTED under the
name BridgeService, unless its first flag is ``--both``. Its other flags are those of the server.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from tests.conformance.altered_bridge import AlteringContext, altered, serve, submessages
from varbridge.messages import PACKAGE
from varbridge.messages import snakepit_bridge_pb2 as pb

FIRST_NEWER_FIELD = 100
OLDER = f"/{PACKAGE}.SnakepitBridge"
CURRENT = f"/{PACKAGE}.BridgeService"


def without_newer_fields(message: Message) -> Message:
    """Remove the fields that this project has added, from a message and all messages in it."""
    for submessage in submessages(message):
        for field, _ in submessage.ListFields():
            if field.number >= FIRST_NEWER_FIELD:
                submessage.ClearField(field.name)
    return message


class OlderService(aio.ServerInterceptor):
    """An interceptor that leaves the service SnakepitBridge without the fields from 100.

    Args:
        both: True if the bridge offers BridgeService as well.
    """

    def __init__(self, both: bool) -> None:
        self._both = both

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Return the handler of a call; None for BridgeService if the bridge does not offer it."""
        service, _, method = handler_call_details.method.rpartition("/")
        if service == CURRENT and not self._both:
            return None
        handler = await continuation(handler_call_details)
        if handler is None or service != OLDER:
            return handler
        reply_type = pb.DESCRIPTOR.services_by_name["SnakepitBridge"].methods_by_name[method].output_type
        strip = partial(altered, without_newer_fields, GetMessageClass(reply_type))

        async def answer(request: Any, context: Any) -> Any:
            reply = await handler.unary_unary(_older(request), context)
            return None if reply is None else strip(reply)  # None if the call was refused

        async def stream(request: Any, context: Any) -> None:
            await handler.unary_stream(_older(request), AlteringContext(context, strip))

        if handler.unary_unary is not None:
            return handler._replace(unary_unary=answer)
        return handler._replace(unary_stream=stream)


def _older(request: Any) -> Any:
    """Return a request without the fields from 100, or the server's error about invalid bytes."""
    return without_newer_fields(request) if isinstance(request, Message) else request


def main(flags: Sequence[str]) -> int:
    """Serve, and return the exit code of the server."""
    both = flags[:1] == ["--both"]
    return serve(OlderService(both), flags[1:] if both else flags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
