"""The decorator that declares a tool from a function's type hints and docstring.

>>> @tool
... def scale(n: float, factor: int = 2) -> float:
...     \"\"\"Multiply a number.\"\"\"
...     return n * factor
>>> scale.name, scale.description
('scale', 'Multiply a number.')
>>> scale.parameters[1]
Parameter(name='factor', type='integer', required=False, default=2)

A tool is still called as the function that it was, also by other tools.

>>> scale(1.5)
3.0

``async def`` declares a tool that never blocks: it runs in the server's event loop. A plain ``def`` declares
a blocking tool: each call runs in a process of its own, which is killed at the deadline. A generator of
either kind is a streaming tool: each item that it yields is a chunk.

Results, chunks and arguments are JSON, arrays, or bytes as a whole: a result of ``bytes``, and an argument of
``bytes`` for a parameter with that type, arrive as they are.

Arguments of a call have names. A function with parameters that such a call cannot
reach is refused where it is declared.

>>> @tool
... def total(*numbers: float) -> float: ...
Traceback (most recent call last):
TypeError: the tool total: calls have named arguments, and can have none for *numbers
"""

from __future__ import annotations

import enum
import functools
import inspect
import json
import typing
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")

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


class DeclaredTool(Tool, Generic[P, R]):
    """A tool that can be called in Python as the function from which it was declared."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = self.function(*args, **kwargs)
        return result


@overload
def tool(function: Callable[P, R], /) -> DeclaredTool[P, R]: ...
@overload
def tool() -> Callable[[Callable[P, R]], DeclaredTool[P, R]]: ...


def tool(*functions: Callable[..., Any]) -> Any:
    """Declare a function as a tool, as ``@tool`` or ``@tool()``.

    Raises:
        TypeError: no call could reach the function, or use all of its parameters; the message says why.
    """
    return _declare(*functions) if functions else _declare


def _declare(function: Callable[P, R]) -> DeclaredTool[P, R]:
    if not inspect.isroutine(function) or inspect.isbuiltin(function):
        raise TypeError(f"a tool must be declared from a function, not from a {type(function).__name__}")
    try:
        hints = typing.get_type_hints(function)
        parameters = [*inspect.signature(function).parameters.values()]
        takes_call = bool(parameters) and hints.get(parameters[0].name) is ToolCall
        if takes_call and parameters[0].kind not in _POSITIONAL:
            raise TypeError(_NOT_FIRST.format(parameters[0].name))
        declared = [_parameter(parameter, hints) for parameter in parameters[takes_call:]]
    except NameError as error:
        raise TypeError(
            f"the tool {function.__name__}: its type hints cannot be evaluated: {error}"
        ) from None
    except TypeError as error:
        raise TypeError(f"the tool {function.__name__}: {error}") from None
    declaration: DeclaredTool[P, R] = DeclaredTool(
        name=function.__name__,
        description=inspect.cleandoc(function.__doc__ or ""),
        parameters=tuple(declared),
        streams=inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function),
        blocks=not (inspect.isasyncgenfunction(function) or inspect.iscoroutinefunction(function)),
        takes_call=takes_call,
        function=function,
    )
    functools.update_wrapper(typing.cast("Any", declaration), function)
    return declaration


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

_NOT_NAMED = {
    inspect.Parameter.VAR_POSITIONAL: "*{}",
    inspect.Parameter.VAR_KEYWORD: "**{}",
    inspect.Parameter.POSITIONAL_ONLY: "{}, which is positional-only",
}
"""The descriptions of parameters that an argument with a name does not reach, by their kinds."""

_NOT_FIRST = "{} must be the first parameter, since it is a ToolCall"


def _parameter(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    name, default = parameter.name, parameter.default
    if parameter.kind in _NOT_NAMED:
        described = _NOT_NAMED[parameter.kind].format(name)
        raise TypeError(f"calls have named arguments, and can have none for {described}")
    hint = hints.get(name, Any)
    if hint is ToolCall:
        raise TypeError(_NOT_FIRST.format(name))
    kind = TYPE_NAMES.get(hint, "any")
    if default is inspect.Parameter.empty:
        return Parameter(name, kind, required=True)
    if isinstance(default, enum.Enum):
        raise TypeError(
            f"the default of {name} must be its value {default.value!r}, since calls have no members of"
            f" {type(default).__name__}"
        )
    if not isinstance(default, float):  # NaN and the infinities have names in JSON strings
        try:
            json.dumps(default, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError(f"the default of {name} cannot be written as JSON: {error}") from None
    return Parameter(name, kind, required=False, default=default)
