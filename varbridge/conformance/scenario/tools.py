"""What steps about tools share: tables of parameters and of registrations, and tools of other bridges."""

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
"""An address on this machine where nothing answers."""


def parameters_of(table: Any) -> dict[str, Any]:
    """A table of one row: parameters by name, each cell a JSON value; none where there is no table."""
    return {} if table is None else values_of(table)


def registrations(table: Iterable[Any]) -> list[pb.ToolRegistration]:
    """A table of tools: ``name``, and what each ``takes`` as a JSON list of [parameter, type]."""
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
    """A streaming tool with all that there is to tell of it; its parameters are the rows of a table.

    Args:
        table: ``name``, ``type``, ``required``, ``description``, and perhaps a ``default`` as JSON and the
            constraints that it is ``within``.
    """
    tool = pb.ToolRegistration(
        name=name, description=f"what {name} does", metadata=metadata, supports_streaming=True
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


def told_of(tool: pb.ToolRegistration | pb.ToolSpec) -> dict[str, Any]:
    """What is told of a tool, for comparing, less its metadata; parameters by name."""
    return {
        "name": tool.name,
        "description": tool.description,
        "whether it streams": tool.supports_streaming,
        "number of parameters": len(tool.parameters),
        **{f"parameter {one.name}": _told_of_parameter(one) for one in tool.parameters},
    }


def _told_of_parameter(parameter: pb.ParameterSpec) -> dict[str, Any]:
    given = parameter.HasField("default_value")
    return {
        "type": parameter.type,
        "description": parameter.description,
        "required": parameter.required,
        "default": decode(parameter.type, parameter.default_value) if given else None,
        "constraints": json.loads(parameter.validation_json or "{}"),
    }


def register_hosted(world: World, address: str, names: Sequence[str]) -> None:
    """Register tools of another bridge in the session, as that bridge itself tells of them."""
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
    """Return when the session is open at the other bridge, which a call that came there has done.

    Raises:
        AssertionError: it is not within ``DEADLINE`` seconds.
    """
    there = world.client.host.session(world.sessions.id)
    deadline = time.monotonic() + DEADLINE
    while not there.heartbeat():
        if time.monotonic() > deadline:
            raise AssertionError(f"no call came to the other bridge within {DEADLINE:g} s")


def refusal_of_place(session: Session, tool: str) -> Exception | None:
    """Run a tool for a moment, again while its place is taken, and return what became of it at last."""
    deadline = time.monotonic() + DEADLINE
    while True:
        error = Outcome.of(lambda: session.execute(tool, {"seconds": 0.01})).examine()
        full = isinstance(error, BridgeError) and error.code is StatusCode.RESOURCE_EXHAUSTED
        if not full or time.monotonic() > deadline:
            return error
