"""The code in a tool's process: it reads the arguments of one call, runs the tool, and sends the result."""

from __future__ import annotations

import json
import pickle
import resource
import socket
import sys
import threading
from collections.abc import Mapping
from typing import Any

from varbridge.decorator import Tool

from ..core.values import Value
from . import protocol
from .results import chunk_of, reason_of, result_of, trace_of, value_of

MAX_REASON_LENGTH = 10_000
"""The maximum number of characters of a failure's message; longer ones are cut off."""


class RefusedError(Exception):
    """The session refused a get or set of the tool; the message is that of the refusal."""


class PipeCall:
    """An implementation of ``varbridge.ToolCall`` over the connection to the server."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()  # a tool may have threads

    def get(self, name: str) -> Any:
        """Return the value of a variable."""
        return Value(*pickle.loads(self._ask(protocol.GET, name.encode()))).native()

    def set(self, name: str, value: Any) -> None:
        """Set a variable, with the same checks as for any client."""
        self._ask(protocol.SET, json.dumps([name, value_of(value).data.decode()]).encode())

    def answer(self, value: Value) -> None:
        """Send the tool's result."""
        self._send(protocol.ANSWER, protocol.payload_of(value))

    def chunk(self, value: Value) -> None:
        """Send a chunk of the tool's result."""
        with self._lock:
            self._send(protocol.CHUNK, protocol.payload_of(value))

    def wait_for_reader(self) -> None:
        """Wait until the client that reads the stream takes the next chunk."""
        with self._lock:
            self.receive()

    def end(self) -> None:
        """Report to the server that no chunk is left."""
        self._send(protocol.END, b"")

    def fail(self, reason: str, trace: str = "") -> None:
        """Report to the server that the tool failed, with its traceback."""
        words = [reason[:MAX_REASON_LENGTH], trace]
        self._send(protocol.FAILED, json.dumps(words).encode())

    def receive(self) -> tuple[bytes, bytes]:
        """Return the letter and the payload of the server's next frame."""
        kind, length = protocol.HEADER.unpack(self._read(protocol.HEADER.size))
        return kind, self._read(length)

    def _ask(self, kind: bytes, payload: bytes) -> bytes:
        with self._lock:
            self._send(kind, payload)
            answer_kind, answer = self.receive()
        if answer_kind == protocol.REFUSED:
            raise RefusedError(answer.decode())
        return answer

    def _send(self, kind: bytes, payload: bytes) -> None:
        self._connection.sendall(protocol.HEADER.pack(kind, len(payload)))
        self._connection.sendall(payload)

    def _read(self, length: int) -> bytes:
        data = bytearray(length)
        view = memoryview(data)
        done = 0
        while done < length:
            if not (count := self._connection.recv_into(view[done:])):
                sys.exit(1)  # the server is gone, so that nothing waits for the result
            done += count
        return bytes(data)


def run(connection: socket.socket, tools: Mapping[str, Tool], memory: int) -> None:
    """Run the call that the server sends over a connection.

    Args:
        connection: the connection to the server.
        tools: the tools, by name.
        memory: the memory that the tool may use in addition to that of its imported module, in bytes.
    """
    call = PipeCall(connection)
    _limit_memory(memory)
    try:
        name, arguments = pickle.loads(call.receive()[1])
        _run(tools[name], call, arguments)
    except MemoryError:
        call.fail(f"out of memory: a tool may use {memory >> 20} MiB")
    except Exception as error:
        call.fail(reason_of(error), "" if isinstance(error, RefusedError) else trace_of(error))


def _run(tool: Tool, call: PipeCall, arguments: dict[str, Any]) -> None:
    started = tool.function(call, **arguments) if tool.takes_call else tool.function(**arguments)
    if not tool.streams:
        call.answer(result_of(started))
        return
    while True:
        call.wait_for_reader()
        try:
            chunk = next(started)
        except StopIteration:
            call.end()
            return
        call.chunk(chunk_of(chunk))


def _limit_memory(memory: int) -> None:
    if sys.platform != "linux":
        return  # other systems do not enforce the limit, or do not report the mapped memory
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = mapped + memory
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
