"""Conversion between tools and the messages that describe them."""

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
    """Yield the tools that a session can run. On a name clash, the session's own tool wins."""
    yield from (tool for tool in tools if tool.name not in session.tools)
    yield from session.tools


def spec_message(tool: Tool | RegisteredTool, prefix: str) -> pb.ToolSpec:
    """Return the message that describes a tool."""
    parameters = tool.parameters if isinstance(tool, RegisteredTool) else signature_of(tool).parameters
    return pb.ToolSpec(
        name=tool.name,
        description=tool.description,
        parameters=[_parameter_message(parameter, prefix) for parameter in parameters],
        metadata=tool.metadata if isinstance(tool, RegisteredTool) else None,
        supports_streaming=tool.streams,
    )


def registered_tool(registration: pb.ToolRegistration, host: str) -> RegisteredTool:
    """Return the tool in a client's registration.

    Raises:
        InvalidArgumentError: the type_url of a default is invalid.
    """
    return RegisteredTool(
        id=f"tool_{registration.name}_{random_hex()}",
        name=registration.name,
        description=registration.description,
        parameters=tuple(parameter_of(spec, registration.name) for spec in registration.parameters),
        metadata=dict(registration.metadata),
        streams=registration.supports_streaming,
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


def parameter_of(spec: pb.ParameterSpec, tool: str) -> Parameter:
    """Return the parameter in the registration of a tool; see ``registered_tool`` for the error."""
    default = None
    if spec.HasField("default_value"):
        kind = kind_of(spec.default_value.type_url, f"{tool}.{spec.name}")
        if spec.type in TYPES and kind in (JSON, *TYPES):
            kind = spec.type  # the value itself is checked later, with the rest of the tool
        default = Value(kind, spec.default_value.value)
    return Parameter(spec.name, spec.type, spec.required, default, spec.description, spec.validation_json)
