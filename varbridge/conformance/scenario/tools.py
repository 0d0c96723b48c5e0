"""Calls of tools, tables of registrations, and tools that another bridge hosts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import grpc

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.scenario.answers import AnsweredValue, answered_value, reply_of
from varbridge.conformance.scenario.world import DEADLINE_S, World
from varbridge.conformance.vocabulary.calls import HostStart, ToolArguments
from varbridge.conformance.vocabulary.contents import item, json_of
from varbridge.conformance.vocabulary.encoding import decode, encode, encode_arguments
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.tables import Row
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import to_any

NOWHERE = "127.0.0.1:1"
"""An address on this machine where nothing answers."""


def run_tool(session: Session, tool: str, arguments: ToolArguments) -> AnsweredValue:
    """Run a tool, and return its result with its type."""
    return _run(session, Session.execute, tool, arguments)


def run_registered_tool(session: Session, tool: str, arguments: ToolArguments) -> AnsweredValue:
    """Run a tool that a client has registered, and return its result with its type."""
    return _run(session, Session.execute_registered, tool, arguments)


def stream_tool(
    session: Session, tool: str, arguments: ToolArguments, *, timeout: float
) -> Iterator[pb.ToolChunk]:
    """Run a streaming tool, and return its chunks; ``timeout`` is the deadline if the arguments have none."""
    return session.stream(
        tool,
        encode_arguments(arguments.parameters),
        metadata=arguments.metadata,
        timeout=arguments.timeout or timeout,
    )


def _run(session: Session, method: Callable[..., Any], tool: str, arguments: ToolArguments) -> AnsweredValue:
    parameters = encode_arguments(arguments.parameters)
    reply = reply_of(
        session,
        lambda other: method(other, tool, parameters, metadata=arguments.metadata, timeout=arguments.timeout),
    )
    return answered_value(reply.result)


def start_tool(world: World, tool: str, seconds: float, method: str = "ExecuteTool") -> grpc.Future[Any]:
    """Start a tool that takes ``seconds``; its call has reached the tool's host when this returns."""
    message = pb.ExecuteToolRequest if method == "ExecuteTool" else pb.ExecuteElixirToolRequest
    request = message(
        session_id=world.sessions.id,
        tool_name=tool,
        parameters={"seconds": to_any(encode("float", float(seconds)))},
    )
    running = world.client.connection.start(method, request, timeout=120.0)
    with suppress(BridgeError):  # a bridge that answers no calls meanwhile fails the When
        world.client.connection.ping()  # calls of one connection arrive in order
    if tool in world.tools.hosted:
        _wait_opened_at_host(world)
    return running


def _wait_opened_at_host(world: World) -> None:
    """Return when the session is open at the other bridge, which the first call there has opened.

    Raises:
        AssertionError: the session is not open within ``DEADLINE_S`` seconds.
    """
    session = world.client.host.session(world.sessions.id)
    deadline = time.monotonic() + DEADLINE_S
    while not session.heartbeat():
        if time.monotonic() > deadline:
            raise AssertionError(f"no call reached the other bridge within {DEADLINE_S:g} s")


def running_outcome(world: World, timeout: float) -> Outcome:
    """Return the outcome of the running tool's call once it has ended.

    Raises:
        AssertionError: the call has not ended within ``timeout`` seconds.
    """
    try:
        return Outcome(answer=world.tools.running.result(timeout=timeout))
    except grpc.FutureTimeoutError:
        raise AssertionError(f"the running tool did not end within {timeout:g} s") from None
    except grpc.RpcError as error:
        return Outcome(error=from_rpc(error))


def registrations(rows: Iterable[Row]) -> list[pb.ToolRegistration]:
    """Return the tools in a table: ``name``, and what each ``takes`` as a list of [parameter, type]."""
    return [
        pb.ToolRegistration(
            name=row["name"],
            description="registered by the suite",
            parameters=[pb.ParameterSpec(name=name, type=kind, required=True) for name, kind in row["takes"]],
        )
        for row in rows
    ]


def host_of(rows: Sequence[Row]) -> str:
    """Return the address in the ``host`` column of a table of tools; ``NOWHERE`` if it has none."""
    return str(rows[0].get("host", NOWHERE))


def registration(name: str, metadata: Mapping[str, str], rows: Iterable[Row]) -> pb.ToolRegistration:
    """Return a streaming tool with a value in every field; its parameters are the rows of a table.

    Args:
        name: the tool's name.
        metadata: the tool's metadata.
        rows: the columns ``name``, ``type``, ``required``, ``description``, ``default`` and ``constraints``,
            of which the last three may be empty.
    """
    tool = pb.ToolRegistration(
        name=name, description=f"the purpose of {name}", metadata=metadata, supports_streaming=True
    )
    for row in rows:
        parameter = tool.parameters.add(
            name=row["name"],
            type=row["type"],
            required=row["required"] == "yes",
            description=row.get("description", ""),
            validation_json=json.dumps(row["constraints"]) if "constraints" in row else "",
        )
        if "default" in row:
            parameter.default_value.CopyFrom(to_any(row["default"].raw(row["type"])))
    return tool


def fields_of(tool: pb.ToolRegistration | pb.ToolSpec) -> dict[str, Any]:
    """Return the fields of a tool for comparison, without its metadata; parameters by name."""
    return {
        "name": tool.name,
        "description": tool.description,
        "supports_streaming": tool.supports_streaming,
        "the order of parameters": [parameter.name for parameter in tool.parameters],
        **{f"parameter {parameter.name}": _parameter_fields(parameter) for parameter in tool.parameters},
    }


def _parameter_fields(parameter: pb.ParameterSpec) -> dict[str, Any]:
    has_default = parameter.HasField("default_value")
    return {
        "type": parameter.type,
        "description": parameter.description,
        "required": parameter.required,
        "default": decode(parameter.type, parameter.default_value) if has_default else None,
        "constraints": json_of(parameter.validation_json or "{}", f"the constraints of {parameter.name!r}"),
    }


def address_of_host(world: World, host: HostStart) -> str:
    """Start another bridge, or use a shared one with the same flags, and return its address."""
    if host.own:
        return f"127.0.0.1:{world.servers.start().wait_ready()}"
    return world.target.servers.with_flags(*host.flags)


def register_hosted(world: World, address: str, names: Sequence[str]) -> None:
    """Register tools of another bridge in the session, with the parameters that the bridge lists."""
    host = world.client.connect(address)
    catalogue = host.session(f"{world.sessions.id}-catalogue")
    offered = catalogue.initialize().available_tools
    catalogue.clean_up()
    specs = {name: item(offered, name, f"the tool {name!r} at the other bridge") for name in names}
    tools = [
        pb.ToolRegistration(
            name=name,
            description=spec.description,
            parameters=spec.parameters,
            supports_streaming=spec.supports_streaming,
        )
        for name, spec in specs.items()
    ]
    register_at_host(world, host, tools)


def register_at_host(world: World, host: Connection, tools: Sequence[pb.ToolRegistration]) -> None:
    """Register tools in the session that run at another bridge."""
    world.client.host = host
    world.tools.host_address = host.address
    world.tools.hosted.update(tool.name for tool in tools)
    world.session.register_tools(tools, host.address)


def refusal_at_capacity(session: Session, tool: str) -> Exception | None:
    """Run a tool briefly; retry for up to 5 s while it is refused for capacity; return the last error."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        error = Outcome.of(lambda: session.execute(tool, encode_arguments({"seconds": 0.01}))).examine()
        full = isinstance(error, BridgeError) and error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        if not full or time.monotonic() > deadline:
            return error
