"""The rules that every variable is held to, whichever reply or update tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from varbridge import Variable
from varbridge.conformance.invariants.times import nanoseconds, off
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb

TYPES = ("float", "integer", "string", "boolean", "choice", "module", "embedding", "tensor")


def variable_faults(variable: pb.Variable) -> Iterator[str]:
    """Say what no bridge may tell of a variable."""
    told = Variable(variable)
    if not variable.id or not variable.name:
        yield f"a variable without an id or a name: {told!r}"
    if variable.type not in TYPES:
        yield f"a variable of the type {variable.type!r}"
    if variable.version < 1:
        yield f"{told!r}, but versions begin with 1"
    if nanoseconds(variable.last_updated_at) <= 0:
        yield f"{told!r} without last_updated_at"
    else:
        yield from (f"{told!r} with {text}" for text in off("last_updated_at", variable.last_updated_at))
    try:
        _ = told.value
    except MalformedReplyError as error:
        yield f"{told!r}: {error}"
    if not _is_object(variable.constraints_json or "{}"):
        yield f"{told!r} with the constraints {variable.constraints_json!r}, which are no JSON object"
    held = variable.optimization_status
    if held.optimizing:
        if not held.optimizer_id or not held.HasField("started_at"):
            yield f"{told!r}, which is being optimized, but not by whom and since when (D2)"
        yield from (f"{told!r} with {text}" for text in off("started_at", held.started_at))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
