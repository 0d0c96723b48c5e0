"""What a tool's process and the server say to each other: a letter, a length, and the bytes.

What comes from the server is pickled, for it may hold arrays. What comes from a tool is JSON or bytes
that are passed on as they are: nothing that a tool made is ever unpickled.
"""

from __future__ import annotations

import struct

HEADER = struct.Struct("!cI")
"""The letter, and how many bytes follow."""

MAX_FRAME = 100 * 2**20
"""Bytes; the same bound as of a message on the wire."""

# From the server
CALL = b"C"  # pickle of (tool, arguments)
NEXT = b"N"  # the reader takes the next chunk
VALUE = b"V"  # pickle of (kind, data, array): what GET asked for; empty: what SET asked for is done
REFUSED = b"R"  # UTF-8: why not

# From the tool
GET = b"G"  # UTF-8: a variable's name
SET = b"S"  # JSON of [a variable's name, its value as JSON text]
ANSWER = b"A"  # the result's kind, a line feed, its JSON
CHUNK = b"K"  # JSON
END = b"E"  # no chunk is left
FAILED = b"X"  # UTF-8: why

# Between the server and the fork server, of a fixed length
ORDER = struct.Struct("!cQ")
"""A letter and a process's number: FORK, with a socket beside it, or KILL."""

FORK = b"F"
KILL = b"K"

ENDED = struct.Struct("!Qi")
"""A process's number and its exit code, negative where a signal ended it."""
