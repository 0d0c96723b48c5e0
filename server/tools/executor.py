"""Running tools: the interface of a run, and the runs on the server's event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, Protocol

from varbridge.decorator import Tool

from ..core.values import BYTES, Value
from .context import SessionCall
from .results import ToolFailedError, chunk_of, result_of

CANCEL_TIMEOUT_S = 1.0
"""The time that the server waits for a cancelled tool to end before it is abandoned, in seconds."""

logger = logging.getLogger("server.tools")


class Run(Protocol):
    """A run of a tool. Both methods raise the tool's errors; cancelling them ends the tool."""

    async def answer(self) -> Value:
        """Return the result of a tool that does not stream."""
        ...

    def chunks(self) -> AsyncGenerator[Value, None]:
        """Yield the chunks of a streaming tool; the tool runs only while the next one is awaited."""
        ...


class LoopRun:
    """A run on the event loop, in a separate task, so that the caller can stop waiting for it.

    Args:
        tool: a tool that does not block.
        call: the tool's access to its session.
        arguments: the arguments, by name.
        abandoned: the set that contains the task while the tool still runs although it was cancelled.
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
        self._next_chunk: asyncio.Future[Value]  # the chunk that the reader awaits

    async def answer(self) -> Value:
        """Run the tool, and return its result."""
        task = asyncio.create_task(self._run())
        try:
            await asyncio.wait([task])
            result: Value = _result(task)
            return result
        finally:
            await self._end(task)
            del task  # otherwise the traceback of an exception refers to it in a cycle, which stays in memory

    async def chunks(self) -> AsyncGenerator[Value, None]:
        """Run the tool, and yield its chunks one after another."""
        # A single task runs the generator, since a context that it enters (such as a timeout) needs one task.
        task = asyncio.create_task(self._generate())
        try:
            while True:
                self._next_chunk = asyncio.get_running_loop().create_future()
                self._wanted.release()
                either: list[asyncio.Future[Any]] = [self._next_chunk, task]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not self._next_chunk.done():
                    _result(task)
                    return
                yield self._next_chunk.result()
        finally:
            await self._end(task)

    async def _run(self) -> Value:
        with _contained():
            return result_of(await self._start())

    async def _generate(self) -> None:
        with _contained():
            async with aclosing(self._start()) as chunks:
                await self._wanted.acquire()
                async for chunk in chunks:
                    self._next_chunk.set_result(chunk_of(chunk))
                    await self._wanted.acquire()

    def _start(self) -> Any:
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
            logger.warning("tool %s still runs although it was cancelled", self._tool.name)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.info("tool %s failed after it was cancelled: %s", self._tool.name, error)


@contextmanager
def _contained() -> Iterator[None]:
    """Replace an error that would end the process, such as ``SystemExit``, by a failure of the tool."""
    try:
        yield
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        words = f": {error}" if str(error) else ""
        raise ToolFailedError(f"the tool ended with {type(error).__name__}{words}") from error


def _result(task: asyncio.Task[Any]) -> Any:
    if task.cancelled():
        raise RuntimeError("the tool cancelled itself")
    try:
        return task.result()
    finally:
        del task  # as above


class ResultTooLargeError(Exception):
    """A streaming tool has more chunks, or larger ones, than a single result may have."""


async def collected(chunks: AsyncGenerator[Value, None], max_chunks: int, max_bytes: int) -> bytes:
    """Return the chunks of a streaming tool as one JSON list.

    Raises:
        ResultTooLargeError: there are more chunks or bytes than a single result may have.
        RuntimeError: a chunk is not JSON.
    """
    parts: list[bytes] = []
    size = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            if chunk.kind == BYTES:
                raise RuntimeError("a single result cannot have chunks of bytes: run the tool as a stream")
            parts.append(chunk.data)
            size += len(chunk.data)
            if len(parts) > max_chunks or size > max_bytes:
                raise ResultTooLargeError(
                    f"a result has at most {max_chunks} chunks and {max_bytes} bytes:"
                    " run the tool as a stream"
                )
    return b"[" + b",".join(parts) + b"]"
