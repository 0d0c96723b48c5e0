"""Both libraries in one form, so that one set of tests covers them: everything is awaited."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

import varbridge
import varbridge.aio

BOTH = pytest.mark.parametrize("library", [varbridge, varbridge.aio], ids=["sync", "aio"])
DEADLINE_S = 30.0


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run the coroutine of a test, with a deadline."""

    async def limited() -> None:
        async with asyncio.timeout(4 * DEADLINE_S):
            await test()

    asyncio.run(limited())


async def got(value: Any) -> Any:
    """Return the result of a call of either library."""
    return await value if inspect.isawaitable(value) else value


async def upcoming(source: Any) -> Any:
    """Return the next update of a watch or follower."""
    if hasattr(source, "__anext__"):
        return await asyncio.wait_for(anext(source), DEADLINE_S)
    return await asyncio.to_thread(lambda: next(iter(source), None))


@asynccontextmanager
async def using(resource: Any) -> AsyncIterator[Any]:
    """Enter the context of either library."""
    if hasattr(resource, "__aenter__"):
        async with resource as entered:
            yield entered
    else:
        with resource as entered:
            yield entered


@asynccontextmanager
async def session_at(library: ModuleType, address: str, name: str, **options: Any) -> AsyncIterator[Any]:
    """Open a connection and a session."""
    async with using(library.Connection(address, **options)) as connection:
        session = connection.session(name)
        await got(session.initialize())
        yield session
