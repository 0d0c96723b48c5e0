"""The protocol between the server and a tool's process: frames of a letter, a length, and a payload.

Payloads from the server are pickled, since they may contain arrays. Payloads from a tool are JSON, or bytes
that are forwarded unchanged: the server never unpickles data from a tool.
"""

from __future__ import annotations

import struct

from ..core.values import Value

HEADER = struct.Struct("!cI")
"""The header of a frame: the letter, and the length of the payload in bytes."""

MAX_FRAME_BYTES = 100 * 2**20
"""The maximum length of a payload in bytes; it equals the server's default maximum of a message."""

# Letters of frames from the server, and their payloads
CALL = b"C"  # pickle of (tool, arguments)
NEXT = b"N"  # empty: the reader takes the next chunk
VALUE = b"V"  # the reply to GET: pickle of (kind, data, array); the reply to SET: empty
REFUSED = b"R"  # the reply to a refused GET or SET: the reason in UTF-8

# Letters of frames from the tool, and their payloads
GET = b"G"  # the name of a variable in UTF-8
SET = b"S"  # JSON of [name of a variable, its value as JSON text]
ANSWER = b"A"  # the kind of the result, a line feed, its JSON or bytes
CHUNK = b"K"  # the same of a chunk
END = b"E"  # empty: no chunk is left
FAILED = b"X"  # JSON of [the reason, the traceback]

# Messages between the server and the fork server, of a fixed length
ORDER = struct.Struct("!cQ")
"""An order to the fork server: a letter, and the number of a tool's process. A FORK has the process's socket
attached."""

FORK = b"F"
KILL = b"K"

ENDED = struct.Struct("!Qi")
"""A report from the fork server: the number of a tool's process, and its exit code, negative for a signal."""


def payload_of(value: Value) -> bytes:
    """Return the payload for a result or a chunk."""
    return value.kind.encode() + b"\n" + value.data


def value_of(payload: bytes) -> Value:
    """Return the result or the chunk that a payload has."""
    kind, _, data = payload.partition(b"\n")
    return Value(kind.decode(), data)
