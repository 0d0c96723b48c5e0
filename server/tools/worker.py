"""What runs in a tool's own process: one call, from reading its arguments to saying how it ended."""

from __future__ import annotations

import json
import pickle
import resource
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from varbridge.decorator import Tool

from ..core import jsontext
from ..core.values import Value
from . import protocol
from .results import reason_of, result_of

MAX_REASON = 10_000
"""Characters of a failure's message that are passed on."""


class RefusedError(Exception):
    """What the tool asked of its session was refused; the message is the refusal's."""


class PipeCall:
    """``varbridge.ToolCall`` over the pipe to the server."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._turn = threading.Lock()  # a tool may have threads

    def get(self, name: str) -> Any:
        """The value of a variable."""
        return Value(*pickle.loads(self._ask(protocol.GET, name.encode()))).native()

    def set(self, name: str, value: Any) -> None:
        """Set a variable, through the same checks as any client."""
        self._ask(protocol.SET, json.dumps([name, result_of(value).data.decode()]).encode())

    def answer(self, value: Value) -> None:
        """Say what the tool answers."""
        self._send(protocol.ANSWER, value.kind.encode() + b"\n" + value.data)

    def chunk(self, data: bytes) -> None:
        """Say the next chunk."""
        with self._turn:
            self._send(protocol.CHUNK, data)

    def wait_wanted(self) -> None:
        """Return when the reader takes the next chunk."""
        with self._turn:
            self.receive()

    def end(self) -> None:
        """Say that no chunk is left."""
        self._send(protocol.END, b"")

    def fail(self, reason: str) -> None:
        """Say that the tool failed."""
        self._send(protocol.FAILED, reason[:MAX_REASON].encode(errors="replace"))

    def receive(self) -> tuple[bytes, bytes]:
        """The next thing that the server says."""
        kind, length = protocol.HEADER.unpack(self._read(protocol.HEADER.size))
        return kind, self._read(length)

    def _ask(self, kind: bytes, payload: bytes) -> bytes:
        with self._turn:
            self._send(kind, payload)
            answered, answer = self.receive()
        if answered == protocol.REFUSED:
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
                sys.exit(1)  # the server is gone, and nobody waits for the answer
            done += count
        return bytes(data)


def run(connection: socket.socket, tools: Mapping[str, Tool], memory: int) -> None:
    """Run the call that comes over the connection.

    Args:
        connection: to the server.
        tools: by name.
        memory: bytes that the tool may take beyond what its module took when it was imported.
    """
    call = PipeCall(connection)
    _limit_memory(memory)
    try:
        name, arguments = pickle.loads(call.receive()[1])
        _run(tools[name], call, arguments)
    except MemoryError:
        call.fail(f"out of memory: a tool may take {memory >> 20} MiB")
    except Exception as error:
        call.fail(reason_of(error))


def _run(tool: Tool, call: PipeCall, arguments: dict[str, Any]) -> None:
    started = tool.function(call, **arguments) if tool.takes_call else tool.function(**arguments)
    if not tool.streams:
        call.answer(result_of(started))
        return
    while True:
        call.wait_wanted()
        try:
            chunk = next(started)
        except StopIteration:
            call.end()
            return
        call.chunk(jsontext.dump(chunk))


def _limit_memory(memory: int) -> None:
    if sys.platform != "linux":
        return  # elsewhere the limit is not kept, or what is mapped is not told
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = mapped + memory
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
