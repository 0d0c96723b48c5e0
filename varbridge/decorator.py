"""Declaring a tool: a function's own type hints and docstring say what it takes.

    @tool
    async def add(a: float, b: float) -> float:
        \"\"\"Add two numbers.\"\"\"
        return a + b

``async def`` declares a tool that never blocks: it runs beside everything else that the server does. A
plain ``def`` declares one that may block: each call runs in a process of its own, which a deadline ends.
A generator of either kind is a streaming tool: each thing that it yields is a chunk.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

TYPE_NAMES = {float: "float", int: "integer", str: "string", bool: "boolean"}
"""The variable types that Python's stand for; anything else is ``any``."""


class Parameter(NamedTuple):
    """One parameter of a tool.

    Attributes:
        type: one of the eight variable types, or ``any``.
        required: whether a call must give it.
        default: the value that it has where a call does not give it; None where a call must.
    """

    name: str
    type: str
    required: bool
    default: Any = None


class Tool(NamedTuple):
    """A tool that runs at this server.

    Attributes:
        blocks: whether it runs in a process of its own.
        takes_call: whether the function's first parameter is the ``ToolCall`` that it runs in.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    streams: bool
    blocks: bool
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
    """Declare a function as a tool.

    Raises:
        TypeError, ValueError: a default is nothing that JSON can say.
    """
    hints = typing.get_type_hints(function)
    signature = inspect.signature(function)
    takes_call = hints.get(next(iter(signature.parameters), "")) is ToolCall
    parameters = [
        _parameter(name, hints.get(name, Any), parameter.default)
        for name, parameter in signature.parameters.items()
    ]
    return Tool(
        name=function.__name__,
        description=inspect.cleandoc(function.__doc__ or ""),
        parameters=tuple(parameters[1:] if takes_call else parameters),
        streams=inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function),
        blocks=not (inspect.isasyncgenfunction(function) or inspect.iscoroutinefunction(function)),
        takes_call=takes_call,
        function=function,
    )


def _parameter(name: str, hint: Any, default: Any) -> Parameter:
    required = default is inspect.Parameter.empty
    if not required and not isinstance(default, float):  # NaN and the infinities have names of their own
        json.dumps(default, ensure_ascii=False, allow_nan=False).encode()
    return Parameter(name, TYPE_NAMES.get(hint, "any"), required, None if required else default)
