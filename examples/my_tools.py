"""Tools for the bridge: ``python -m server --tools my_tools``, in this folder.

A tool that waits with ``await`` is an async function, and runs in the server's own process. A tool that
computes, or that blocks, is a plain function, and runs in a process that a deadline can end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from varbridge import ToolCall, tool


@tool
async def ask(question: str, patience_s: float = 0.1) -> str:
    """Answer a question. Clients see this docstring, the type hints and the defaults."""
    await asyncio.sleep(patience_s)  # stands for the request to a model
    return f"The answer to {question!r} is 42"


@tool
async def spell(text: str) -> AsyncIterator[str]:
    """Stream a text letter by letter, as fast as the client reads."""
    for letter in text:
        yield letter


@tool
def train(call: ToolCall, epochs: int) -> Iterator[float]:
    """Stream the loss of each epoch; the last one is set as the variable loss of the session."""
    loss = 1.0
    for _ in range(epochs):
        loss *= 1.0 - call.get("learning_rate")
        yield loss
    call.set("loss", loss)
