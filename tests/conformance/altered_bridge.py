"""``python -m tests.conformance.altered_bridge``: the reference bridge with altered replies of some methods.

All flags besides ``--method``, ``--reply`` and ``--seed`` are those of the server, which runs in this process
and does all its work as usual; only what it sends is altered. For example, with ``--method GetVariable
--reply empty`` every reply of GetVariable is an empty message.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from tests import PARENT
from varbridge.messages import PACKAGE
from varbridge.messages import snakepit_bridge_pb2 as pb

METHODS = [method.name for method in pb.DESCRIPTOR.services_by_name["BridgeService"].methods]

HANG = "hang"
"""The alteration by which a call is never answered."""

LATE = "late"
"""The alteration by which each call is answered ``LATE_S`` later, and unchanged."""

LATE_S = 0.1

STATUSES = {code.name.lower(): code for code in grpc.StatusCode if code is not grpc.StatusCode.OK}

Alteration = Callable[[Message], Message]
"""A function that returns the message to send in place of another one, which it may change."""

_DEPTH = 4
"""The maximum nesting of the submessages that an alteration adds."""

_MAX_ITEMS = 3
_SUM = re.compile(r"([a-z_]+)([+-]\d+)")
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: 2**31,
    FieldDescriptor.CPPTYPE_INT64: 2**63,
    FieldDescriptor.CPPTYPE_ENUM: 2**31,
}
_TEXTS = (
    *("", "x", "n", "temperature", "0.5", "NaN", '"', "[1, 2", '{"shape": [2]}', "null", "[[[]]]", "é\x00"),
    *("type.googleapis.com/snakepit.float", "type.googleapis.com/snakepit.tensor.binary", "1" * 400),
)


def empty(message: Message) -> Message:
    """Return an empty message of the same type."""
    return type(message)()


def filled(message: Message, *, items: int) -> Message:
    """Return a message whose fields have their defaults, but whose submessages are present.

    Args:
        items: the number of items in each list of messages and each map.
    """
    result = type(message)()
    _fill(result, items)
    return result


def plus(message: Message, field: str, summand: int) -> Message:
    """Add a number to all integers in fields with this name, or with a name that ends with it."""
    for submessage in submessages(message):
        for descriptor, value in submessage.ListFields():
            if type(value) is int and descriptor.name.endswith(field):
                setattr(submessage, descriptor.name, value + summand)
            elif descriptor.name.endswith(field + "s") and _is_map(descriptor):
                for key in [*value]:
                    value[key] += summand
    return message


def randomized(message: Message, generator: random.Random) -> Message:
    """Return a valid message of the same type with random content."""
    result = type(message)()
    _randomize(result, generator)
    return result


def alteration(name: str, seed: int = 0) -> Alteration:
    """Return the alteration with a name.

    Raises:
        ValueError: there is none with this name.
    """
    if match := _SUM.fullmatch(name):
        return partial(plus, field=match[1], summand=int(match[2]))
    if name == "random":
        return partial(randomized, generator=random.Random(seed))
    named: dict[str, Alteration] = {
        LATE: lambda message: message,
        "empty": empty,
        "default": partial(filled, items=0),
        "items": partial(filled, items=1),
    }
    if name not in named:
        raise ValueError(f"unknown alteration {name!r}")
    return named[name]


class Alterer(aio.ServerInterceptor):
    """An interceptor that alters the replies of the methods whose names match one of the patterns."""

    def __init__(self, patterns: Sequence[str], reply: str, seed: int) -> None:
        self._patterns = patterns
        self._reply = reply
        self._alter = alteration(reply, seed) if reply != HANG and reply not in STATUSES else None

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Return the handler of a call, altered if its method is."""
        handler = await continuation(handler_call_details)
        service, _, method = handler_call_details.method.rpartition("/")
        is_bridge = service.startswith(f"/{PACKAGE}.")
        if handler is None or not is_bridge or not any(fnmatchcase(method, p) for p in self._patterns):
            return handler
        reply_type = pb.DESCRIPTOR.services_by_name["BridgeService"].methods_by_name[method].output_type
        alter = None if self._alter is None else partial(altered, self._alter, GetMessageClass(reply_type))
        if handler.unary_unary is not None:
            return handler._replace(unary_unary=partial(self._answer, handler.unary_unary, alter))
        return handler._replace(unary_stream=partial(self._stream, handler.unary_stream, alter))

    async def _answer(self, call: Any, alter: Any, request: Any, context: Any) -> Any:
        if alter is None:
            return await self._end(context)
        if self._reply == LATE:
            await asyncio.sleep(LATE_S)
        reply = await call(request, context)
        return None if reply is None else alter(reply)  # None if the call was refused

    async def _stream(self, call: Any, alter: Any, request: Any, context: Any) -> None:
        if alter is None:
            await self._end(context)
        else:
            await call(request, AlteringContext(context, alter))

    async def _end(self, context: Any) -> None:
        if self._reply == HANG:
            await asyncio.get_running_loop().create_future()
        await context.abort(STATUSES[self._reply], f"altered: {self._reply}")


class AlteringContext:
    """The context of a stream, which alters its messages."""

    def __init__(self, context: Any, alter: Callable[[Message | bytes], Message]) -> None:
        self._context = context
        self._alter = alter

    async def write(self, message: Message | bytes) -> None:
        await self._context.write(self._alter(message))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def altered(alter: Alteration, kind: type[Message], message: Message | bytes) -> Message:
    """Return an altered copy: the bridge may send the same message to several clients."""
    return alter(kind.FromString(message if isinstance(message, bytes) else message.SerializeToString()))


def _fields(message: Message) -> Sequence[Any]:
    return message.DESCRIPTOR.fields


def _is_map(field: Any) -> bool:
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def submessages(message: Message) -> Iterator[Message]:
    """Yield a message, and all messages in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if _is_map(field):
            items = [item for item in value.values() if isinstance(item, Message)]
        else:
            items = [*value] if field.is_repeated else [value]
        for item in items:
            yield from submessages(item)


def _fill(message: Message, items: int, depth: int = _DEPTH) -> None:
    for field in _fields(message):
        if field.message_type is None or not depth:
            continue
        value = getattr(message, field.name)
        if _is_map(field):
            of_messages = field.message_type.fields_by_name["value"].message_type is not None
            for number in range(items if of_messages else 0):
                _fill(value["" if not number else str(number)], items, depth - 1)
        elif field.is_repeated:
            for _ in range(items):
                _fill(value.add(), items, depth - 1)
        else:
            value.SetInParent()
            _fill(value, items, depth - 1)


def _randomize(message: Message, generator: random.Random, depth: int = _DEPTH) -> None:
    for field in _fields(message):
        if generator.random() < 0.3 or (field.message_type is not None and not depth):
            continue
        value = getattr(message, field.name)
        if _is_map(field):
            item = field.message_type.fields_by_name["value"]
            for _ in range(generator.randint(1, _MAX_ITEMS)):
                key = generator.choice(_TEXTS)
                if item.message_type is None:
                    value[key] = _random_scalar(item, generator)
                else:
                    _randomize(value[key], generator, depth - 1)
        elif field.is_repeated:
            for _ in range(generator.randint(1, _MAX_ITEMS)):
                if field.message_type is None:
                    value.append(_random_scalar(field, generator))
                else:
                    _randomize(value.add(), generator, depth - 1)
        elif field.message_type is not None:
            value.SetInParent()
            _randomize(value, generator, depth - 1)
        else:
            setattr(message, field.name, _random_scalar(field, generator))


def _random_scalar(field: Any, generator: random.Random) -> Any:
    if (limit := _INTEGERS.get(field.cpp_type)) is not None:
        return generator.choice([0, 1, 2, -1, 7, limit - 1, -limit, generator.randrange(-limit, limit)])
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return generator.random() < 0.5
    if field.type == FieldDescriptor.TYPE_BYTES:
        return generator.choice([b"", generator.randbytes(3), generator.choice(_TEXTS).encode()])
    if field.type == FieldDescriptor.TYPE_STRING:
        return generator.choice(_TEXTS)
    return generator.choice([0.0, -1.0, float("nan"), float("inf"), generator.uniform(-1e300, 1e300)])


def main(arguments: Sequence[str]) -> int:
    """Serve with altered replies, and return the exit code of the server."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.altered_bridge",
        description="Start the reference bridge with altered replies. Other flags are those of the server.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--method",
        action="append",
        required=True,
        metavar="PATTERN",
        help="a method whose replies are altered, such as GetVariable, '*Tool' or '[!P]*'; may be repeated",
    )
    parser.add_argument(
        "--reply",
        required=True,
        metavar="ALTERATION",
        help="empty; default (submessages present); items (and one in each list and map); random; FIELD+N"
        f" such as version+1; {HANG}; {LATE}; or a status such as unimplemented",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of random replies (default: 0)"
    )
    flags, others = parser.parse_known_args(arguments)
    for pattern in flags.method:
        if not any(fnmatchcase(method, pattern) for method in METHODS):
            parser.error(f"no method matches {pattern!r}; the methods: {', '.join(METHODS)}")
    try:
        alterer = Alterer(flags.method, flags.reply, flags.seed)
    except ValueError as error:
        parser.error(str(error))

    return serve(alterer, others)


def serve(interceptor: aio.ServerInterceptor, flags: Sequence[str]) -> int:
    """Start the reference bridge with an interceptor and these flags, and return its exit code."""
    new_server = aio.server

    def altering_server(*, interceptors: Sequence[Any] = (), **options: Any) -> aio.Server:
        # The interceptor comes last, so that the bridge's own checks of tokens come before it.
        return new_server(interceptors=[*interceptors, interceptor], **options)

    aio.server = altering_server  # type: ignore[assignment]
    from server.__main__ import parse
    from server.app import run

    return run(parse(flags), PARENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
