"""Tools with bytes as arguments, results and chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from varbridge import tool
from varbridge.decorator import ToolCall


@tool
async def mirrored(data: bytes) -> bytes:
    """Return the bytes in reverse order."""
    return data[::-1]


@tool
def mirrored_in_a_process(data: bytes) -> bytes:
    """Return the bytes in reverse order, from a process."""
    return data[::-1]


@tool
async def halves(data: bytes) -> AsyncIterator[bytes | int]:
    """Stream the length, and then the bytes in two parts."""
    yield len(data)
    yield data[: len(data) // 2]
    yield data[len(data) // 2 :]


@tool
def halves_in_a_process(data: bytes) -> Iterator[bytes | int]:
    """Stream the length, and then the bytes in two parts, from a process."""
    yield len(data)
    yield data[: len(data) // 2]
    yield data[len(data) // 2 :]


@tool
async def write(call: ToolCall, name: str) -> None:
    """Set a variable to bytes, which no type has."""
    call.set(name, b"0.5")


@tool
async def constant() -> bytes:
    """Return three bytes."""
    return b"\x00\x01\xff"


@tool
async def constants() -> AsyncIterator[bytes]:
    """Stream a chunk of three bytes."""
    yield b"\x00\x01\xff"
