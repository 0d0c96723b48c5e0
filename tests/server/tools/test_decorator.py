"""The declaration of tools by functions' type hints and docstrings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.server.tools.builders import train
from varbridge.decorator import Parameter, ToolCall, tool


def test_a_function_declares_its_name_its_description_and_its_parameters() -> None:
    assert (train.name, train.description) == ("train", "Train a model.\n\nIt takes a while.")
    assert train.parameters == (
        Parameter("rate", "float", required=True),
        Parameter("steps", "integer", required=True),
        Parameter("name", "string", required=False, default="run"),
        Parameter("dry", "boolean", required=False, default=False),
        Parameter("extra", "any", required=False, default=None),
    )
    assert (train.streams, train.takes_call) == (False, False)


def test_what_the_variable_types_do_not_know_is_any() -> None:
    @tool
    async def odd(a: list[int], b: int | None, c: dict[str, Any], d) -> None:  # type: ignore[no-untyped-def]  # the point of it
        ...

    assert [parameter.type for parameter in odd.parameters] == ["any", "any", "any", "any"]
    assert odd.description == ""


def test_an_async_generator_is_a_streaming_tool() -> None:
    @tool
    async def count(n: int) -> AsyncIterator[int]:
        yield n

    assert count.streams


def test_a_first_parameter_for_the_call_is_not_a_parameter_of_the_tool() -> None:
    @tool
    async def bump(call: ToolCall, name: str) -> None: ...

    assert bump.takes_call
    assert [parameter.name for parameter in bump.parameters] == ["name"]


def test_a_plain_function_or_generator_blocks() -> None:
    @tool
    def once() -> None: ...

    @tool
    def often() -> Iterator[int]:
        yield 1

    assert (once.blocks, once.streams) == (True, False)
    assert (often.blocks, often.streams) == (True, True)
    assert not train.blocks


def test_a_default_that_json_cannot_say_is_refused_at_once() -> None:
    def odd(a: Any = object) -> None: ...

    with pytest.raises(TypeError):
        tool(odd)
