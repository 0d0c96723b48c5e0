"""The conversion of the arguments, results and chunks of tools, which also may be bytes.

The type of an argument is the one that its Python type suggests, and that of a result stands in its type_url.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import BytesValue

from varbridge import arrays, jsontext, values
from varbridge.errors import MalformedReplyError
from varbridge.wire import PREFIX, Raw

if TYPE_CHECKING:
    from varbridge.messages import snakepit_bridge_pb2 as pb

_BYTES_VALUE = "type.googleapis.com/google.protobuf.BytesValue"
"""The type_url of a result of bytes, which is a packed message."""

_STRING_VALUE = "type.googleapis.com/google.protobuf.StringValue"
"""The type_url under which Snakepit 0.4 sends the JSON of a tool's result."""


def encode(value: Any, name: str = "", *, as_json: bool = False) -> Raw:
    """Encode an argument of a tool, with the type that its Python type suggests.

    Args:
        value: a Python value, or a ``Raw`` that is sent as it is.
        name: the name of the parameter, for the message of an error.
        as_json: True to send arrays as JSON, for requests that have no field for raw bytes.

    Raises:
        TypeError, ValueError: the argument cannot be sent.
    """
    if isinstance(value, Raw):
        return value
    try:
        if as_json:
            kind, value = "json", _json_array(value)
        else:
            kind = values.kind_of(value)
    except values.ENCODING_ERRORS as error:
        raise values.named_error(name, error) from None
    return values.encode(kind, value, name)


def decode(message: AnyMessage) -> Any:
    """Decode the result of a tool, or the default of a parameter.

    >>> label = "type.googleapis.com/google.protobuf.StringValue"  # from Snakepit 0.4
    >>> decode(AnyMessage(type_url=label, value=b'{"loss": 0.5}'))
    {'loss': 0.5}
    >>> message = AnyMessage()
    >>> message.Pack(BytesValue(value=b"hello"))
    >>> decode(message)
    b'hello'

    Raises:
        MalformedReplyError: the message is not a value of a type.
        ModuleNotFoundError: the value is an array, and numpy is not installed.
    """
    if message.type_url == _BYTES_VALUE:
        try:
            return BytesValue.FromString(message.value).value
        except DecodeError as error:
            raise MalformedReplyError(f"the bytes of a tool's result came malformed: {error}") from None
    if message.type_url == _STRING_VALUE:
        message = AnyMessage(type_url=PREFIX + "json", value=message.value)
    return values.decode_any(message)


def decode_chunk(chunk: pb.ToolChunk) -> Any:
    """Decode the data of a chunk of a streaming tool: its JSON value, or bytes.

    A chunk is JSON, in which bytes are a string in base64; the metadata of the chunk say so.

    >>> from varbridge.messages.snakepit_bridge_pb2 import ToolChunk
    >>> decode_chunk(ToolChunk(data=b'{"loss": 0.5}'))
    {'loss': 0.5}
    >>> decode_chunk(ToolChunk(data=b'"aGVsbG8="', metadata={"encoding": "base64"}))
    b'hello'

    Raises:
        MalformedReplyError: the data are not JSON, or not in base64 although the metadata say so.
    """
    try:
        value = jsontext.parse(chunk.data.decode())
        return base64.b64decode(value, validate=True) if chunk.metadata.get("encoding") == "base64" else value
    except (TypeError, ValueError) as error:
        raise MalformedReplyError(f"the chunk {chunk.chunk_id} is malformed: {error}") from None


def _json_array(value: Any) -> Any:
    """Return an array in the form that it has in JSON, and other values as they are."""
    array = arrays.as_array(value)
    if array is None or array.ndim <= 1:
        return value
    return {"shape": [*array.shape], "data": array}
