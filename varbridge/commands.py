"""What ``python -m varbridge`` does: a function for each command.

Each takes the connection, the flags, and where to tell what came of it; see ``cli.Work``. What only
reads opens no session: the methods that would are called after the session was found.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import grpc

from varbridge import values
from varbridge.connection import Connection
from varbridge.errors import BridgeError, MalformedReplyError
from varbridge.follower import Follower
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.output import Out, Row, shown, time_of, whole
from varbridge.variable import Variable
from varbridge.watch import Update

Given = argparse.Namespace

AS_LONG_AS_IT_RUNS = 1e8
"""Seconds for a tool where the flags do not say: three years."""


def ping(connection: Connection, given: Given, out: Out) -> None:
    """Ask for a sign of life."""
    began = time.monotonic()
    connection.ping("python -m varbridge")
    milliseconds = round((time.monotonic() - began) * 1000, 1)
    out.line(
        {"address": given.address, "milliseconds": milliseconds},
        f"the bridge at {given.address} answered within {milliseconds} ms",
    )


def session(connection: Connection, given: Given, out: Out) -> None:
    """Describe a session."""
    found = connection.session(given.session).describe()
    out.card(
        {
            "session": found.session_id,
            "created_at": time_of(found.created_at.ToDatetime(UTC)),
            "metadata": _sorted(found.metadata),
            "variables": found.variable_count,
            "tools": found.tool_count,
        }
    )


def open_session(connection: Connection, given: Given, out: Out) -> None:
    """Open a session, and describe it."""
    connection.session(given.session).initialize(dict(given.metadata), given.ttl)
    session(connection, given, out)


def end(connection: Connection, given: Given, out: Out) -> None:
    """End a session."""
    ended = connection.session(given.session).clean_up()
    out.line(
        {"session": given.session, "ended": ended},
        f"{given.session} is ended: variables, watches and tools that ended with it: {ended}",
    )


def list_variables(connection: Connection, given: Given, out: Out) -> None:
    """The variables of a session."""
    of = connection.session(given.session)
    of.describe()
    found = of.list(given.pattern)
    out.table(
        map(_row, found),
        ("name", "type", "version", "value"),
        [(one.name, one.type, str(one.version), _shown(one)) for one in found],
    )


def register(connection: Connection, given: Given, out: Out) -> None:
    """Create a variable."""
    of = connection.session(given.session)
    _card(of.register(given.name, given.kind, given.value, constraints=given.constraints), out)


def get(connection: Connection, given: Given, out: Out) -> None:
    """Read a variable."""
    _card(connection.session(given.session).get(given.name), out)


def set_variable(connection: Connection, given: Given, out: Out) -> None:
    """Give a variable a new value."""
    version = connection.session(given.session).set(
        given.name, given.value, metadata=dict(given.meta), expected_version=given.expected_version
    )
    out.line({"name": given.name, "version": version}, f"{given.name} is at version {version}")


def delete(connection: Connection, given: Given, out: Out) -> None:
    """Remove a variable."""
    connection.session(given.session).delete(given.name)
    out.line({"name": given.name, "deleted": True}, f"{given.name} is deleted")


def history(connection: Connection, given: Given, out: Out) -> None:
    """The changes of a variable."""
    entries = connection.session(given.session).history(given.name, given.limit)
    out.table(
        map(_entry_row, entries),
        ("version", "time", "changed by", "value"),
        [
            (str(one.version), time_of(one.timestamp.ToDatetime(UTC)), one.changed_by, shown(*_written(one)))
            for one in entries
        ],
    )


def roll_back(connection: Connection, given: Given, out: Out) -> None:
    """Write an old value again."""
    _card(connection.session(given.session).roll_back(given.name, given.version), out)


def watch(connection: Connection, given: Given, out: Out) -> None:
    """Changes as they come."""
    connection.ping()  # a bridge that is not there now is an error, one that goes away later is waited for
    widest = 0
    with Follower(
        connection.session(given.session),
        *given.names,
        initial=given.initial,
        resume_after=given.resume_after,
    ) as follower:
        for number, update in enumerate(follower, 1):
            assert update.variable is not None
            widest = max(widest, len(update.variable.name))
            if out.as_json:
                out.line(_update_row(update, update.variable), "")
            else:
                out.line({}, _line(update, update.variable, widest))
            if number == given.count:
                return


def tools(connection: Connection, given: Given, out: Out) -> None:
    """The tools that can be run."""
    of = connection.session(given.session)
    of.describe()
    found = sorted(of.initialize().available_tools.values(), key=lambda spec: spec.name)
    out.table(
        map(_tool_row, found),
        ("name", "streams", "parameters", "what it does"),
        [
            (
                spec.name,
                "yes" if spec.supports_streaming else "no",
                ", ".join(map(_signature, spec.parameters)),
                spec.description.strip().partition("\n")[0],
            )
            for spec in found
        ],
    )


def run(connection: Connection, given: Given, out: Out) -> None:
    """Run a tool: in chunks, or where it does not stream, at once."""
    of = connection.session(given.session)
    parameters = dict(given.parameters)
    chunks = 0
    try:
        for chunk in of.stream(given.tool, parameters, timeout=given.timeout):
            chunks += 1
            if not chunk.is_final:
                data = _data(chunk)
                out.line({"chunk": chunk.chunk_id, "data": data}, shown(data))
    except BridgeError as error:
        # One that does not stream is refused so, before anything was run. So are parameters that are wrong:
        # they are refused again.
        if chunks or error.code is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
        result = of.execute(given.tool, parameters, timeout=given.timeout or AS_LONG_AS_IT_RUNS)
        out.line({"result": whole(result)}, shown(result))


def _card(variable: Variable, out: Out) -> None:
    out.card(_row(variable, None if out.as_json else _shown(variable)))


def _row(variable: Variable, value: str | None = None) -> Row:
    """All that is told of a variable; its value as JSON has it, unless another form is given."""
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
        "updated_at": time_of(variable.updated_at),
    }


def _shown(variable: Variable) -> str:
    return shown(variable.value, variable.type)


def _entry_row(entry: pb.VariableHistoryEntry) -> Row:
    return {
        "version": entry.version,
        "value": whole(*_written(entry)),
        "timestamp": time_of(entry.timestamp.ToDatetime(UTC)),
        "changed_by": entry.changed_by,
        "metadata": _sorted(entry.metadata),
    }


def _written(entry: pb.VariableHistoryEntry) -> tuple[Any, str]:
    """The value that a change wrote, and its type."""
    kind, _ = values.split_url(entry.value.type_url)
    return values.decode(kind, entry.value, entry.binary_value), kind


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    """Free text by key, in an order that is the same each time: on the wire it has none."""
    return dict(sorted(texts.items()))


def _data(chunk: pb.ToolChunk) -> Any:
    try:
        return json.loads(chunk.data)
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(f"the chunk {chunk.chunk_id} is no JSON: {error}") from None


def _line(update: Update, variable: Variable, widest: int) -> str:
    """An update for people; names are given as much room as the widest so far."""
    text = (
        f"{time_of(update.timestamp)}  #{update.sequence:<5}  {update.kind:17}  {variable.name:{widest}}"
        f"  v{variable.version:<4}  {_shown(variable)}"
    )
    if update.kind == "value_change":
        text += f"  (was {shown(update.previous, variable.type)})"
    return text


def _update_row(update: Update, variable: Variable) -> Row:
    return {
        "sequence": update.sequence,
        "kind": update.kind,
        "timestamp": time_of(update.timestamp),
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
                "name": one.name,
                "type": one.type,
                "required": one.required,
                "default": whole(_default(one)),
                "description": one.description,
            }
            for one in spec.parameters
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
    kind, _ = values.split_url(parameter.default_value.type_url)
    return values.decode(kind, parameter.default_value)
