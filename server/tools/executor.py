"""A tool at work, wherever it works; and the tools that work on the server's own event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from varbridge.decorator import Tool

from ..core import jsontext
from ..core.values import Value
from .context import SessionCall
from .results import result_of

CANCEL_TIMEOUT_S = 1.0
"""Seconds that a tool may take to end after it was cancelled; one that takes longer is left to itself."""

logger = logging.getLogger("server.tools")


class Run(Protocol):
    """One run of a tool. What the tool raises, these raise; to be cancelled ends the tool."""

    async def answer(self) -> Value:
        """The result of a tool that does not stream."""
        ...

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The chunks of one that does, as JSON; none is made before it is asked for."""
        ...


class LoopRun:
    """A run on the event loop, in a task of its own: whoever waits can stop waiting.

    Args:
        tool: one that does not block.
        call: the session as it sees it.
        arguments: by name.
        abandoned: gets the task of a tool that goes on after it was cancelled.
    """

    def __init__(
        self,
        tool: Tool,
        call: SessionCall,
        arguments: dict[str, Any],
        abandoned: set[asyncio.Task[Any]],
    ) -> None:
        self._tool = tool
        self._call = call
        self._arguments = arguments
        self._abandoned = abandoned
        self._wanted = asyncio.Semaphore(0)
        self._handed: asyncio.Future[bytes]  # the chunk that is asked for

    async def answer(self) -> Value:
        """Run the tool to its end."""
        task = asyncio.create_task(self._to_its_end())
        try:
            await asyncio.wait([task])
            result: Value = _result(task)
            return result
        finally:
            await self._end(task)
            del task  # an exception whose traceback leads to itself stays until Python looks for such rings

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Let the tool make one chunk after the other."""
        # One task makes them all: what a generator enters, such as a timeout, belongs to its task.
        task = asyncio.create_task(self._make())
        try:
            while True:
                self._handed = asyncio.get_running_loop().create_future()
                self._wanted.release()
                either: list[asyncio.Future[Any]] = [self._handed, task]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not self._handed.done():
                    _result(task)
                    return
                yield self._handed.result()
        finally:
            await self._end(task)

    async def _to_its_end(self) -> Value:
        return result_of(await self._started())

    async def _make(self) -> None:
        async with aclosing(self._started()) as chunks:
            await self._wanted.acquire()
            async for chunk in chunks:
                self._handed.set_result(jsontext.dump(chunk))
                await self._wanted.acquire()

    def _started(self) -> Any:
        if self._tool.takes_call:
            return self._tool.function(self._call, **self._arguments)
        return self._tool.function(**self._arguments)

    async def _end(self, task: asyncio.Task[Any]) -> None:
        self._call.close()
        if task.done():
            return
        task.cancel()
        self._abandoned.add(task)
        task.add_done_callback(self._forget)
        await asyncio.wait([task], timeout=CANCEL_TIMEOUT_S)
        if not task.done():
            logger.warning("tool %s goes on after it was cancelled", self._tool.name)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.info("tool %s failed after it was cancelled: %s", self._tool.name, error)


def _result(task: asyncio.Task[Any]) -> Any:
    if task.cancelled():
        raise RuntimeError("the tool cancelled itself")
    try:
        return task.result()
    finally:
        del task  # see above


async def collected(chunks: AsyncGenerator[bytes, None], most: int, most_bytes: int) -> bytes:
    """The chunks of a streaming tool as one JSON list.

    Raises:
        RuntimeError: there are more of them, or of their bytes, than one answer may have.
    """
    made: list[bytes] = []
    size = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            made.append(chunk)
            size += len(chunk)
            if len(made) > most or size > most_bytes:
                raise RuntimeError(
                    f"more than {most} chunks or {most_bytes} bytes for one answer: run the tool as a stream"
                )
    return b"[" + b",".join(made) + b"]"
