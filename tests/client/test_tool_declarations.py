"""The declaration of tools: functions that stay callable, and those that no call could reach."""

from __future__ import annotations

import asyncio
import doctest
import enum
import functools
import inspect
import math
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from varbridge import ToolCall, decorator, tool
from varbridge.decorator import Parameter, Tool

if TYPE_CHECKING:
    from fractions import Fraction


class Colour(enum.Enum):
    """An enumeration of texts."""

    RED = "red"


class Level(enum.IntEnum):
    """An enumeration whose members are integers."""

    HIGH = 1


class TextColour(enum.StrEnum):
    """An enumeration whose members are texts."""

    RED = "red"


@tool
async def half(n: float) -> float:
    """Divide by two."""
    return n / 2


@tool()
def double(n: float, *, times: int = 1) -> float:
    """Multiply by a power of two."""
    return n * 2**times


def test_the_examples_of_the_documentation_are_right() -> None:
    failures, examples = doctest.testmod(decorator)
    assert (failures, examples > 2) == (0, True)


def test_the_decorator_is_used_with_and_without_parentheses() -> None:
    assert isinstance(half, Tool)
    assert isinstance(double, Tool)
    assert double.name == "double"
    assert double.parameters == (
        Parameter("n", "float", required=True),
        Parameter("times", "integer", required=False, default=1),
    )


def test_a_tool_is_called_as_its_function_also_by_another_tool() -> None:
    @tool
    async def both(n: float) -> float:
        return await half(n) + double(n, times=2)

    @tool
    def several(n: int) -> Iterator[float]:
        yield from (double(number) for number in range(n))

    @tool
    async def streamed(call: ToolCall, n: int) -> AsyncIterator[float]:
        for number in several(n):
            yield number + call.get("x")

    class Call:
        def get(self, name: str) -> float:
            return 0.5

        def set(self, name: str, value: Any) -> None:
            raise AssertionError(name)

    async def chunks() -> list[float]:
        return [number async for number in streamed(Call(), 2)]

    assert asyncio.run(both(1.0)) == 4.5
    assert asyncio.run(chunks()) == [0.5, 2.5]


def test_a_tool_has_the_name_the_docstring_and_the_signature_of_its_function() -> None:
    assert (double.__name__, double.__doc__) == ("double", "Multiply by a power of two.")
    assert str(inspect.signature(double)) == "(n: 'float', *, times: 'int' = 1) -> 'float'"


def test_a_first_parameter_for_the_call_may_be_positional_only() -> None:
    @tool
    def read(call: ToolCall, /, name: str) -> Any:
        return call.get(name)

    assert read.takes_call
    assert [parameter.name for parameter in read.parameters] == ["name"]


@pytest.mark.parametrize("default", [None, 1, 0.5, math.nan, "a", True, [1, 2], {"a": [None]}, (1, 2)])
def test_a_default_in_json_is_accepted(default: Any) -> None:
    def sample(a: Any = default) -> None: ...

    assert tool(sample).parameters == (Parameter("a", "any", required=False, default=default),)


def with_args(*numbers: float) -> None: ...
def with_keywords(**options: float) -> None: ...
def positional(a: float, b: float, /, c: float) -> None: ...
def late_call(a: float, call: ToolCall) -> None: ...
def keyword_call(*, call: ToolCall) -> None: ...
def no_hint(a: Fraction) -> None: ...
def default_enum(colour: Colour = Colour.RED) -> None: ...
def default_level(level: Level = Level.HIGH) -> None: ...
def default_text(colour: TextColour = TextColour.RED) -> None: ...
def default_set(a: Any = frozenset({1})) -> None: ...
def default_type(a: Any = object) -> None: ...
def default_nan(a: Any = [math.nan]) -> None: ...  # noqa: B006  # the point of it
def default_surrogate(a: str = "\ud800") -> None: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (with_args, "the tool with_args: calls have named arguments, and can have none for *numbers"),
        (
            with_keywords,
            "calls have named arguments, and can have none for **options",
        ),
        (positional, "the tool positional: calls have named arguments, and can have none for a, which is"),
        (late_call, "the tool late_call: call must be the first parameter, since it is a ToolCall"),
        (keyword_call, "the tool keyword_call: call must be the first parameter, since it is a ToolCall"),
        (no_hint, "the tool no_hint: its type hints cannot be evaluated: name 'Fraction' is not defined"),
        (
            default_enum,
            "must be its value 'red', since calls have no members of Colour",
        ),
        (default_level, "the default of level must be its value 1, since calls have no members of Level"),
        (default_text, "the default of colour must be its value 'red'"),
        (default_set, "the default of a cannot be written as JSON: "),
        (default_type, "the default of a cannot be written as JSON: "),
        (default_nan, "the default of a cannot be written as JSON: "),
        (default_surrogate, "the default of a cannot be written as JSON: "),
        (print, "a tool must be declared from a function, not from a builtin_function_or_method"),
        (Colour, "a tool must be declared from a function, not from a EnumType"),
        (functools.partial(with_args, 1), "a tool must be declared from a function, not from a partial"),
        (half, "a tool must be declared from a function, not from a DeclaredTool"),
        ("name", "a tool must be declared from a function, not from a str"),
    ],
)
@pytest.mark.parametrize("declare", [tool, lambda function: tool()(function)], ids=["plain", "called"])
def test_what_no_call_could_use_is_refused_at_the_declaration(
    function: Any, words: str, declare: Callable[[Any], object]
) -> None:
    with pytest.raises(TypeError) as refused:
        declare(function)
    assert words in str(refused.value)


def test_the_decorator_needs_neither_grpc_nor_protobuf() -> None:
    missing = "sys.modules.update(dict.fromkeys(('grpc', 'google', 'numpy')))"
    code = f"import sys; {missing}; from varbridge import tool; tool(lambda n: n)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
