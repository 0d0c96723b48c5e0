"""What clients are told of tools, and what they tell of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from varbridge.decorator import Tool
from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.names import random_hex
from ..core.parameters import Parameter
from ..core.registered_tools import RegisteredTool
from ..core.session import Session
from ..core.types import TYPES
from ..core.values import JSON, Value, kind_of
from ..tools.signature import signature_of
from . import codec


def of_session(tools: Iterable[Tool], session: Session) -> Iterator[Tool | RegisteredTool]:
    """The tools that a session can run: its own come first where names meet."""
    yield from (tool for tool in tools if tool.name not in session.tools)
    yield from session.tools


def spec_message(tool: Tool | RegisteredTool, prefix: str) -> pb.ToolSpec:
    """What a client is told of a tool."""
    parameters = tool.parameters if isinstance(tool, RegisteredTool) else signature_of(tool).parameters
    return pb.ToolSpec(
        name=tool.name,
        description=tool.description,
        parameters=[_parameter_message(parameter, prefix) for parameter in parameters],
        metadata=tool.metadata if isinstance(tool, RegisteredTool) else None,
        supports_streaming=tool.streams,
    )


def registered_tool(given: pb.ToolRegistration, host: str) -> RegisteredTool:
    """A tool as a client tells of it.

    Raises:
        InvalidArgumentError: a default whose type_url is none.
    """
    return RegisteredTool(
        id=f"tool_{given.name}_{random_hex()}",
        name=given.name,
        description=given.description,
        parameters=tuple(_parameter(parameter, given.name) for parameter in given.parameters),
        metadata=dict(given.metadata),
        streams=given.supports_streaming,
        host=host,
    )


def _parameter_message(parameter: Parameter, prefix: str) -> pb.ParameterSpec:
    message = pb.ParameterSpec(
        name=parameter.name,
        type=parameter.type,
        description=parameter.description,
        required=parameter.required,
        validation_json=parameter.constraints_json,
    )
    if parameter.default is not None:
        message.default_value.CopyFrom(codec.any_of(parameter.default, prefix))
    return message


def _parameter(given: pb.ParameterSpec, tool: str) -> Parameter:
    default = None
    if given.HasField("default_value"):
        kind = kind_of(given.default_value.type_url, f"{tool}.{given.name}")
        if given.type in TYPES and kind in (JSON, *TYPES):
            kind = given.type  # whether the value fits is checked with the rest
        default = Value(kind, given.default_value.value)
    return Parameter(
        given.name, given.type, given.required, default, given.description, given.validation_json
    )
