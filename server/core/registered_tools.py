"""The tools that clients have registered in a session. Their host, another bridge, runs them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage

from .errors import InvalidArgumentError, NotFoundError, ResourceExhaustedError, invalid, shortened
from .names import check_name
from .parameters import Parameter, read
from .types import TYPES, type_named
from .values import PREFIX

TYPE_ANY = "any"


class RegisteredTool(NamedTuple):
    """A tool that a client has registered in a session.

    Attributes:
        id: the id of this registration; a tool that is registered again gets another id.
        host: the address of the bridge that runs the tool, host:port.
    """

    id: str
    name: str
    description: str
    parameters: tuple[Parameter, ...]
    metadata: Mapping[str, str]
    streams: bool
    host: str


class RegisteredTools:
    """The registered tools of one session, in order of registration.

    Args:
        limit: the maximum number of tools; further ones are refused.
        tools: the tools to begin with.
    """

    def __init__(self, limit: int, tools: Iterable[RegisteredTool] = ()) -> None:
        self._limit = limit
        self._tools = {tool.name: tool for tool in tools}

    def __iter__(self) -> Iterator[RegisteredTool]:
        return iter([*self._tools.values()])

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def add(self, tools: Sequence[RegisteredTool], checked: Collection[Parameter] = ()) -> None:
        """Add tools, all or none; a tool replaces another with the same name.

        Args:
            tools: the tools.
            checked: the parameters that ``check_parameter`` has accepted before.

        Raises:
            InvalidArgumentError: a tool is invalid, or two of them have the same name.
            ResourceExhaustedError: the session would have too many tools.
        """
        names: set[str] = set()
        for tool in tools:
            _check(tool, checked)
            if tool.name in names:
                raise InvalidArgumentError(f"tools: {tool.name} is there twice")
            names.add(tool.name)
        if len(self._tools.keys() | names) > self._limit:
            raise ResourceExhaustedError(f"tools: a session has at most {self._limit}")
        self._tools.update({tool.name: tool for tool in tools})

    def get(self, name: str) -> RegisteredTool | None:
        """Return the tool with a name, or None if there is no such tool."""
        return self._tools.get(name)

    def find(self, name: str) -> RegisteredTool:
        """Return the tool with a name.

        Raises:
            NotFoundError: there is no tool with that name.
        """
        if (tool := self._tools.get(check_name(name, "tool_name"))) is None:
            raise NotFoundError(f"Tool not found: {name}")
        return tool

    def clear(self) -> None:
        """Remove all tools."""
        self._tools.clear()


def _check(tool: RegisteredTool, checked: Collection[Parameter]) -> None:
    check_name(tool.name, "tools.name")
    seen: set[str] = set()
    for parameter in tool.parameters:
        if parameter.name in seen:
            raise InvalidArgumentError(f"tools: {tool.name}.{parameter.name} is there twice")
        seen.add(parameter.name)
        if parameter not in checked:
            check_parameter(parameter, tool.name)


def check_parameter(parameter: Parameter, tool_name: str) -> None:
    """Refuse an invalid parameter of a tool."""
    check_name(parameter.name, "tools.parameters.name")
    field = f"{tool_name}.{parameter.name}"
    if parameter.type not in (*TYPES, TYPE_ANY):
        raise invalid(
            field, f"type must be {', '.join(TYPES)} or {TYPE_ANY}, not {shortened(parameter.type)!r}"
        )
    if parameter.constraints_json:
        if parameter.type == TYPE_ANY:
            raise invalid(field, f"validation_json needs a type, not {TYPE_ANY}")
        type_named(parameter.type).parse_constraints(parameter.constraints_json)
    if parameter.default is not None:
        read(parameter, AnyMessage(type_url=PREFIX + parameter.default.kind, value=parameter.default.data))
