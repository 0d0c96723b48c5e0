"""The decorator that declares a tool from a function's type hints and docstring.

    @tool
    async def add(a: float, b: float) -> float:
        \"\"\"Add two numbers.\"\"\"
        return a + b

``async def`` declares a tool that never blocks: it runs in the server's event loop. A plain ``def`` declares
a blocking tool: each call runs in a process of its own, which is killed at the deadline. A generator of
either kind is a streaming tool: each item that it yields is a chunk.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

TYPE_NAMES = {float: "float", int: "integer", str: "string", bool: "boolean"}
"""The variable types by Python type; any other Python type is ``any``."""


class Parameter(NamedTuple):
    """A parameter of a tool.

    Attributes:
        name: the name of the parameter.
        type: one of the eight variable types, or ``any``.
        required: True if every call must have the parameter.
        default: the value if a call omits the parameter; None if it is required.
    """

    name: str
    type: str
    required: bool
    default: Any = None


class Tool(NamedTuple):
    """A tool that runs at this server.

    Attributes:
        name: the name of the tool.
        description: the docstring of the function.
        parameters: the parameters of the tool.
        streams: True if the tool sends its result in chunks.
        blocks: True if the tool blocks, so that each call runs in a process of its own.
        takes_call: True if the function's first parameter is the ``ToolCall``.
        function: the decorated function.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    streams: bool
    blocks: bool
    takes_call: bool
    function: Callable[..., Any]


class ToolCall(typing.Protocol):
    """The access of a tool to its session. A refusal is raised as an exception with the bridge's message."""

    def get(self, name: str) -> Any:
        """Return the value of a variable."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set a variable, with the same checks as for any client."""
        ...


def tool(function: Callable[..., Any]) -> Tool:
    """Declare a function as a tool.

    Raises:
        TypeError, ValueError: a default value cannot be written as JSON.
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
    if not required and not isinstance(default, float):  # NaN and the infinities have names in JSON strings
        json.dumps(default, ensure_ascii=False, allow_nan=False).encode()
    return Parameter(name, TYPE_NAMES.get(hint, "any"), required, None if required else default)
