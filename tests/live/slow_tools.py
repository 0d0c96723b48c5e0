"""A module of tools that change the variable x, or do not, and wait until they may go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from varbridge.conformance.faults.polling import eventually
from varbridge.decorator import ToolCall, tool

WAIT_S = 15.0


def wait_for_go(folder: str) -> None:
    """Create the file ``begun``, and wait for the file ``go``."""
    Path(folder, "begun").touch()
    assert eventually(Path(folder, "go").exists, WAIT_S)


@tool
async def set_and_wait(call: ToolCall, folder: str) -> float:
    """Set x on the event loop, and answer its value when the tool may go on."""
    call.set("x", 1.0)
    await asyncio.to_thread(wait_for_go, folder)
    return 1.0


@tool
def block_after_set(call: ToolCall, folder: str) -> float:
    """Set x in a process, and answer its value when the tool may go on."""
    call.set("x", 1.0)
    wait_for_go(folder)
    return 1.0


@tool
async def fail_after_set(call: ToolCall, folder: str) -> None:
    """Set x, and fail when the tool may go on."""
    call.set("x", 1.0)
    await asyncio.to_thread(wait_for_go, folder)
    raise RuntimeError("x is 1")


@tool
async def set_twice(call: ToolCall, folder: str) -> float:
    """Set x, and add 1 to it when the tool may go on."""
    call.set("x", 1.0)
    await asyncio.to_thread(wait_for_go, folder)
    call.set("x", call.get("x") + 1.0)
    return 2.0


@tool
async def wait(folder: str) -> float:
    """Answer 0 when the tool may go on, whatever the variables are."""
    await asyncio.to_thread(wait_for_go, folder)
    return 0.0


@tool
async def stream_after_set(call: ToolCall, folder: str) -> AsyncIterator[float]:
    """Set x, and stream its value when the tool may go on."""
    call.set("x", 1.0)
    await asyncio.to_thread(wait_for_go, folder)
    yield 1.0
