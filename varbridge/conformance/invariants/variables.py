"""The invariants of a variable in a reply or an update."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from varbridge import Variable
from varbridge.conformance.invariants.times import clock_faults, nanoseconds
from varbridge.conformance.vocabulary.encoding import read_value
from varbridge.conformance.vocabulary.types import TYPES
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb


def variable_faults(variable: pb.Variable) -> Iterator[str]:
    """Yield phrases about a variable that no bridge may send; none if it is well-formed."""
    wrapped = Variable(variable)
    if not variable.id or not variable.name:
        yield f"a variable without an id or a name: {wrapped!r} (A1)"
    if variable.type not in TYPES:
        yield f"a variable of the type {variable.type!r} (T)"
    if variable.version < 1:
        yield f"{wrapped!r}, but versions begin with 1 (A3)"
    if variable.source not in pb.Variable.Source.values():
        yield f"a variable with the unknown source {variable.source} (A14)"
    if nanoseconds(variable.last_updated_at) <= 0:
        yield f"{wrapped!r} without last_updated_at (A14)"
    else:
        yield from (
            f"{wrapped!r} with {text}" for text in clock_faults("last_updated_at", variable.last_updated_at)
        )
    try:
        read_value(wrapped)
    except MalformedReplyError as error:
        yield f"{wrapped!r}: {error} (V1)"
    if not _is_object(variable.constraints_json or "{}"):
        yield f"{wrapped!r} with constraints that are not a JSON object: {variable.constraints_json!r} (K5)"
    status = variable.optimization_status
    if status.optimizing:
        if not status.optimizer_id or not status.HasField("started_at"):
            yield f"{wrapped!r}, which is locked for optimization without optimizer_id or started_at (D2)"
        yield from (f"{wrapped!r} with {text}" for text in clock_faults("started_at", status.started_at))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


FIXED = ("name", "type", "constraints_json")
"""The fields of a variable that never change."""


def differ(name: str, first: Variable, second: Variable) -> bool:
    """Return True if two variables differ in a field of ``FIXED``; constraints may be written differently."""
    values = getattr(first.message, name), getattr(second.message, name)
    return values[0] != values[1] and (name != "constraints_json" or _parsed(first) != _parsed(second))


def _parsed(variable: Variable) -> Any:
    """Return the constraints of a variable, or their text if they are malformed."""
    try:
        return variable.constraints
    except MalformedReplyError:
        return variable.message.constraints_json
