"""The commands of ``varbridge`` that call a bridge: a function for each.

Each takes the connection, the arguments and the output; see ``cli.Work``. Commands that only read do not open
a session: they call methods that would open it only after they have checked that it is open.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import grpc

from varbridge import tool_values, values
from varbridge.connection import Connection
from varbridge.errors import BridgeError
from varbridge.follower import Follower
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.output import Out, Row, iso_time, shown, whole
from varbridge.update import Update
from varbridge.variable import Variable, time_of

Arguments = argparse.Namespace

TOOL_TIMEOUT_S = 1e8
"""The default timeout of a tool, in seconds: three years."""


def ping(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Ping the bridge, and show how long its answer took."""
    began = time.monotonic()
    connection.ping("varbridge")
    milliseconds = round((time.monotonic() - began) * 1000, 1)
    out.line(
        {"address": arguments.address, "milliseconds": milliseconds},
        f"the bridge at {arguments.address} answered within {milliseconds} ms",
    )


def session(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Show the metadata of a session and the numbers of its variables and tools."""
    reply = connection.session(arguments.session).describe()
    out.card(
        {
            "session": reply.session_id,
            "created_at": iso_time(time_of(reply.created_at)),
            "metadata": _sorted(reply.metadata),
            "variables": reply.variable_count,
            "tools": reply.tool_count,
        }
    )


def open_session(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Open a session, and show the same as ``session``."""
    connection.session(arguments.session).initialize(dict(arguments.metadata), arguments.ttl)
    session(connection, arguments, out)


def end(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Close a session, and show how many variables, watches and tools ended with it."""
    ended = connection.session(arguments.session).clean_up()
    out.line(
        {"session": arguments.session, "ended": ended},
        f"{arguments.session} is closed, with {ended} variables, watches and tools",
    )


def list_variables(connection: Connection, arguments: Arguments, out: Out) -> None:
    """List the variables of a session."""
    remote = connection.session(arguments.session)
    remote.describe()
    variables = remote.list(arguments.pattern)
    out.table(
        map(_row, variables),
        ("name", "type", "version", "value"),
        [(variable.name, variable.type, str(variable.version), _shown(variable)) for variable in variables],
    )


def register(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Create a variable, and show it."""
    remote = connection.session(arguments.session)
    variable = remote.register(
        arguments.name, arguments.kind, arguments.value, constraints=arguments.constraints
    )
    _card(variable, out)


def get(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Show a variable."""
    _card(connection.session(arguments.session).get(arguments.name), out)


def set_variable(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Set a variable, and show its new version."""
    version = connection.session(arguments.session).set(
        arguments.name,
        arguments.value,
        metadata=dict(arguments.meta),
        expected_version=arguments.expected_version,
    )
    out.line({"name": arguments.name, "version": version}, f"{arguments.name} is at version {version}")


def delete(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Delete a variable."""
    connection.session(arguments.session).delete(arguments.name)
    out.line({"name": arguments.name, "deleted": True}, f"{arguments.name} is deleted")


def history(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Show the retained versions of a variable, newest first."""
    entries = connection.session(arguments.session).history(arguments.name, arguments.limit)
    out.table(
        map(_entry_row, entries),
        ("version", "time", "changed by", "value"),
        [
            (
                str(entry.version),
                iso_time(time_of(entry.timestamp)),
                entry.changed_by,
                shown(*_written(entry)),
            )
            for entry in entries
        ],
    )


def roll_back(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Set a variable to the value of an older version."""
    _card(connection.session(arguments.session).roll_back(arguments.name, arguments.version), out)


def watch(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Show the changes of a session's variables as they occur."""
    connection.ping()  # a bridge that does not answer now is an error; a later failure is waited out
    widest = 0
    with Follower(
        connection.session(arguments.session),
        *arguments.names,
        initial=arguments.initial,
        resume_after=arguments.resume_after,
    ) as follower:
        for number, update in enumerate(follower, 1):
            assert update.variable is not None
            widest = max(widest, len(update.variable.name))
            if out.as_json:
                out.line(_update_row(update, update.variable), "")
            else:
                out.line({}, _line(update, update.variable, widest))
            if number == arguments.count:
                return


def tools(connection: Connection, arguments: Arguments, out: Out) -> None:
    """List the tools of a session."""
    remote = connection.session(arguments.session)
    remote.describe()
    specs = sorted(remote.initialize().available_tools.values(), key=lambda spec: spec.name)
    out.table(
        map(_tool_row, specs),
        ("name", "streams", "parameters", "description"),
        [
            (
                spec.name,
                "yes" if spec.supports_streaming else "no",
                ", ".join(map(_signature, spec.parameters)),
                spec.description.strip().partition("\n")[0],
            )
            for spec in specs
        ],
    )


def run(connection: Connection, arguments: Arguments, out: Out) -> None:
    """Run a tool; show its chunks if it streams."""
    remote = connection.session(arguments.session)
    parameters = dict(arguments.parameters)
    chunks = 0
    try:
        for chunk in remote.stream(arguments.tool, parameters, timeout=arguments.timeout):
            chunks += 1
            if not chunk.is_final:
                data = tool_values.decode_chunk(chunk)
                out.line({"chunk": chunk.chunk_id, "data": whole(data)}, shown(data))
    except BridgeError as error:
        # A tool that does not stream is refused with this status before it runs. So are wrong parameters,
        # which the next call refuses again.
        if chunks or error.code is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
        result = remote.execute(arguments.tool, parameters, timeout=arguments.timeout or TOOL_TIMEOUT_S)
        out.line({"result": whole(result)}, shown(result))


def _card(variable: Variable, out: Out) -> None:
    out.card(_row(variable, None if out.as_json else _shown(variable)))


def _row(variable: Variable, value: str | None = None) -> Row:
    """Return all fields of a variable for the output; ``value`` is shown in place of its JSON value."""
    return {
        "name": variable.name,
        "id": variable.id,
        "type": variable.type,
        "value": whole(variable.value, variable.type) if value is None else value,
        "version": variable.version,
        "constraints": variable.constraints,
        "metadata": _sorted(variable.metadata),
        "source": variable.source,
        "optimizer": variable.optimizer_id,
        "updated_at": iso_time(variable.updated_at),
    }


def _shown(variable: Variable) -> str:
    return shown(variable.value, variable.type)


def _entry_row(entry: pb.VariableHistoryEntry) -> Row:
    return {
        "version": entry.version,
        "value": whole(*_written(entry)),
        "timestamp": iso_time(time_of(entry.timestamp)),
        "changed_by": entry.changed_by,
        "metadata": _sorted(entry.metadata),
    }


def _written(entry: pb.VariableHistoryEntry) -> tuple[Any, str]:
    """Return the value that a change wrote, and its type."""
    kind, _ = values.split_url(entry.value.type_url)
    return values.decode(kind, entry.value, entry.binary_value), kind


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts sorted by key, since maps have no order on the wire."""
    return dict(sorted(texts.items()))


def _line(update: Update, variable: Variable, widest: int) -> str:
    """Return an update for people, with the name padded to ``widest`` characters."""
    text = (
        f"{iso_time(update.timestamp)}  #{update.sequence:<5}  {update.kind:17}  {variable.name:{widest}}"
        f"  v{variable.version:<4}  {_shown(variable)}"
    )
    if update.kind == "value_change":
        text += f"  (was {shown(update.previous, variable.type)})"
    return text


def _update_row(update: Update, variable: Variable) -> Row:
    return {
        "sequence": update.sequence,
        "kind": update.kind,
        "timestamp": iso_time(update.timestamp),
        "name": variable.name,
        "id": variable.id,
        "type": variable.type,
        "version": variable.version,
        "value": whole(variable.value, variable.type),
        "previous": whole(update.previous, variable.type),
        "source": update.source,
        "metadata": _sorted(update.metadata),
    }


def _tool_row(spec: pb.ToolSpec) -> Row:
    return {
        "name": spec.name,
        "description": spec.description,
        "streaming": spec.supports_streaming,
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "required": parameter.required,
                "default": whole(_default(parameter)),
                "description": parameter.description,
            }
            for parameter in spec.parameters
        ],
        "metadata": _sorted(spec.metadata),
        "required_variables": list(spec.required_variables),
    }


def _signature(parameter: pb.ParameterSpec) -> str:
    text = f"{parameter.name}: {parameter.type}"
    return text if parameter.required else f"{text} = {shown(_default(parameter))}"


def _default(parameter: pb.ParameterSpec) -> Any:
    if not parameter.HasField("default_value"):
        return None
    return tool_values.decode(parameter.default_value)
