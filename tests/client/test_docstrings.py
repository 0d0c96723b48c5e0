"""The examples in the docstrings of the client library, run as they stand."""

from __future__ import annotations

import ast
import asyncio
import doctest
import io
import sys
import uuid
from typing import Any

import pytest

import varbridge.aio
import varbridge.connection
import varbridge.session
import varbridge.tools

CONTEXT: dict[str, Any] = {"Connection": varbridge.Connection, "Follower": varbridge.Follower}


def examples(*modules: Any) -> list[Any]:
    return [
        pytest.param(test, id=test.name)
        for module in modules
        for test in doctest.DocTestFinder().find(module)
        if test.examples
    ]


@pytest.mark.parametrize("test", examples(varbridge.connection, varbridge.session, varbridge.tools))
def test_the_examples_of_the_synchronous_library(test: doctest.DocTest, address: str) -> None:
    with varbridge.Connection(address) as connection:
        session = connection.session(uuid.uuid4().hex)
        session.initialize()
        test.globs.update({"address": address, "session": session}, **CONTEXT)
        out = io.StringIO()
        results = doctest.DocTestRunner().run(test, out=out.write)
    assert results.failed == 0, out.getvalue()


@pytest.mark.parametrize(
    "test",
    examples(*(sys.modules[f"varbridge.aio.{name}"] for name in ("connection", "session", "tools"))),
)
def test_the_examples_of_the_asyncio_library(
    test: doctest.DocTest, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        async with varbridge.aio.Connection(address) as connection:
            session = connection.session(uuid.uuid4().hex)
            await session.initialize()
            names = {"address": address, "session": session, "Connection": varbridge.aio.Connection}
            for example in test.examples:
                await show(example.source, names)
                assert capsys.readouterr().out == example.want

    asyncio.run(run())


async def show(source: str, names: dict[str, Any]) -> None:
    """Run an example with ``await``, and print the value of an expression, as a console does."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    interactive = sys.displayhook
    try:
        sys.displayhook = lambda value: print(repr(value)) if value is not None else None
        value = eval(compile(source, "<example>", "single", flags), names)  # our own docstrings
        if asyncio.iscoroutine(value):
            await value
    finally:
        sys.displayhook = interactive
