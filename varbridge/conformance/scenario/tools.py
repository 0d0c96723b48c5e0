"""Functions for steps about tools: tables of parameters and registrations, and tools of other bridges."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grpc import StatusCode

from varbridge import BridgeError, Session
from varbridge.conformance.scenario.world import DEADLINE, World
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.conformance.vocabulary.tables import values_of
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import decode, to_any

NOWHERE = "127.0.0.1:1"
"""An address on this machine where nothing listens."""


def parameters_of(table: Any) -> dict[str, Any]:
    """Return the parameters in a table of one row with JSON values; empty if there is no table."""
    return {} if table is None else values_of(table)


def registrations(table: Iterable[Any]) -> list[pb.ToolRegistration]:
    """Return the registrations in a table of tools.

    Args:
        table: rows with ``name`` and ``takes``, a JSON list of [parameter, type].
    """
    return [
        pb.ToolRegistration(
            name=json.loads(row["name"]),
            description="registered by the suite",
            parameters=[
                pb.ParameterSpec(name=name, type=kind, required=True)
                for name, kind in json.loads(row["takes"])
            ],
        )
        for row in table
    ]


def registration(name: str, metadata: Mapping[str, str], table: Iterable[Any]) -> pb.ToolRegistration:
    """Return the registration of a streaming tool, with all of its fields set.

    Args:
        name: the name of the tool.
        metadata: the metadata of the tool.
        table: a row for each parameter with ``name``, ``type``, ``required``, ``description``, and optionally
            a ``default`` as JSON and its constraints as ``within``.
    """
    tool = pb.ToolRegistration(
        name=name, description=f"the description of {name}", metadata=metadata, supports_streaming=True
    )
    for row in table:
        parameter = tool.parameters.add(
            name=row["name"],
            type=row["type"],
            required=row["required"] == "yes",
            description=row["description"],
            validation_json=row["within"],
        )
        if row["default"]:
            parameter.default_value.CopyFrom(to_any(Literal(row["default"]).raw(row["type"])))
    return tool


def spec_of(tool: pb.ToolRegistration | pb.ToolSpec) -> dict[str, Any]:
    """Return the fields of a tool for comparison, without its metadata; parameters by name."""
    return {
        "name": tool.name,
        "description": tool.description,
        "whether it streams": tool.supports_streaming,
        "number of parameters": len(tool.parameters),
        **{f"parameter {parameter.name}": _parameter_fields(parameter) for parameter in tool.parameters},
    }


def _parameter_fields(parameter: pb.ParameterSpec) -> dict[str, Any]:
    has_default = parameter.HasField("default_value")
    return {
        "type": parameter.type,
        "description": parameter.description,
        "required": parameter.required,
        "default": decode(parameter.type, parameter.default_value) if has_default else None,
        "constraints": json.loads(parameter.validation_json or "{}"),
    }


def register_hosted(world: World, address: str, names: Sequence[str]) -> None:
    """Register tools of another bridge in the session, with the specifications from that bridge."""
    world.client.host = world.client.connect(address)
    catalogue = world.client.host.session(f"{world.sessions.id}-catalogue")
    specs = catalogue.initialize().available_tools
    catalogue.clean_up()
    tools = [
        pb.ToolRegistration(
            name=name,
            description=specs[name].description,
            parameters=specs[name].parameters,
            supports_streaming=specs[name].supports_streaming,
        )
        for name in names
    ]
    world.session.register_tools(tools, address)


def wait_opened_there(world: World) -> None:
    """Wait until the session is open at the other bridge, which a forwarded call opens.

    Raises:
        AssertionError: it is not open within ``DEADLINE`` seconds.
    """
    session = world.client.host.session(world.sessions.id)
    deadline = time.monotonic() + DEADLINE
    while not session.heartbeat():
        if time.monotonic() > deadline:
            raise AssertionError(f"no call reached the other bridge within {DEADLINE:g} s")


def refusal_of_place(session: Session, tool: str) -> Exception | None:
    """Run a short tool, and retry while the limit of running tools is reached; return the last error."""
    deadline = time.monotonic() + DEADLINE
    while True:
        error = Outcome.of(lambda: session.execute(tool, {"seconds": 0.01})).examine()
        full = isinstance(error, BridgeError) and error.code is StatusCode.RESOURCE_EXHAUSTED
        if not full or time.monotonic() > deadline:
            return error
