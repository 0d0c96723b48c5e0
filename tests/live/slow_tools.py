"""A module of tools that change the variable x, or do not, and wait until they may go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from varbridge.decorator import ToolCall, tool

PAUSE_S = 0.01


def set_x(call: ToolCall, folder: str) -> Path:
    """Set x to 1 and create the file ``begun``; return the path of a file for which the tool waits."""
    call.set("x", 1.0)
    Path(folder, "begun").touch()
    return Path(folder, "go")


@tool
async def set_and_wait(call: ToolCall, folder: str) -> float:
    """Set x on the event loop, and answer its value when the tool may go on."""
    go = set_x(call, folder)
    while not go.exists():
        await asyncio.sleep(PAUSE_S)
    return 1.0


@tool
def block_after_set(call: ToolCall, folder: str) -> float:
    """Set x in a process, and answer its value when the tool may go on."""
    go = set_x(call, folder)
    while not go.exists():
        time.sleep(PAUSE_S)
    return 1.0


@tool
async def fail_after_set(call: ToolCall, folder: str) -> None:
    """Set x, and fail when the tool may go on."""
    go = set_x(call, folder)
    while not go.exists():
        await asyncio.sleep(PAUSE_S)
    raise RuntimeError("x is 1")


@tool
async def set_twice(call: ToolCall, folder: str) -> float:
    """Set x, and add 1 to it when the tool may go on."""
    go = set_x(call, folder)
    while not go.exists():
        await asyncio.sleep(PAUSE_S)
    call.set("x", call.get("x") + 1.0)
    return 2.0


@tool
async def wait(folder: str) -> float:
    """Answer 0 when the tool may go on, whatever the variables are."""
    Path(folder, "begun").touch()
    while not Path(folder, "go").exists():
        await asyncio.sleep(PAUSE_S)
    return 0.0


@tool
async def stream_after_set(call: ToolCall, folder: str) -> AsyncIterator[float]:
    """Set x, and stream its value when the tool may go on."""
    go = set_x(call, folder)
    while not go.exists():
        await asyncio.sleep(PAUSE_S)
    yield 1.0
