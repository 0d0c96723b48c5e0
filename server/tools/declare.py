"""Declaring a tool: a function's own type hints and docstring say what it takes.

    @tool
    async def add(a: float, b: float) -> float:
        \"\"\"Add two numbers.\"\"\"
        return a + b

An async generator is a streaming tool: each thing that it yields is a chunk.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TYPE_NAMES = {float: "float", int: "integer", str: "string", bool: "boolean"}
"""The variable types that Python's stand for; anything else is ``any``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool; ``default`` is None where it must be given."""

    name: str
    type: str
    required: bool
    default: Any = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that runs in this server.

    Attributes:
        takes_call: whether the function's first parameter is the ``ToolCall`` that it runs in.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    streams: bool
    takes_call: bool
    function: Callable[..., Any]


class ToolCall(typing.Protocol):
    """What a tool may do in the session that it runs in. A refusal is raised, with the refusal's words."""

    def get(self, name: str) -> Any:
        """The value of a variable."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set a variable, through the same checks as any client."""
        ...


def tool(function: Callable[..., Any]) -> Tool:
    """Declare an async function or an async generator function as a tool."""
    streams = inspect.isasyncgenfunction(function)
    if not streams and not inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__name__} must be an async function or an async generator function")
    hints = typing.get_type_hints(function)
    signature = inspect.signature(function)
    takes_call = hints.get(next(iter(signature.parameters), "")) is ToolCall
    parameters = [
        Parameter(
            name=name,
            type=TYPE_NAMES.get(hints.get(name, Any), "any"),
            required=parameter.default is inspect.Parameter.empty,
            default=None if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for name, parameter in signature.parameters.items()
    ]
    return Tool(
        name=function.__name__,
        description=inspect.cleandoc(function.__doc__ or ""),
        parameters=tuple(parameters[1:] if takes_call else parameters),
        streams=streams,
        takes_call=takes_call,
        function=function,
    )
