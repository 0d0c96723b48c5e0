"""Helpers for the tests of the invariants: variables, updates and batches."""

from __future__ import annotations

from varbridge import Update
from varbridge.conformance.invariants.versions import Versions
from varbridge.messages import snakepit_bridge_pb2 as pb

NOW = 1_800_000_000
"""The time of each message here, in seconds since the epoch; the fixture ``fixed_clock`` stops the clock."""


def variable(version: int, value: str = "0.5", name: str = "x") -> pb.Variable:
    message = pb.Variable(id=f"var_{name}", name=name, type="float", version=version)
    message.value.type_url = "type.googleapis.com/snakepit.float"
    message.value.value = value.encode()
    message.last_updated_at.seconds = NOW
    return message


def update(
    kind: str, sequence: int, version: int, value: str = "0.5", previous: str = "", name: str = "x"
) -> Update:
    message = pb.VariableUpdate(
        variable_id=f"var_{name}",
        variable=variable(version, value, name),
        update_type=kind,
        sequence=sequence,
        update_source="client",
    )
    message.timestamp.seconds = NOW
    if kind == "initial_value":
        message.update_metadata["initial"] = "true"
    if previous:
        message.previous_value.type_url = "type.googleapis.com/snakepit.float"
        message.previous_value.value = previous.encode()
    return Update(message)


VALID = [
    update("initial_value", 4, 2, "0.5"),
    update("initial_value", 4, 1, "7", name="y"),
    update("value_change", 5, 3, "0.6", "0.5"),
    update("value_change", 8, 2, "8", "7", name="y"),
    update("value_change", 9, 4, "0.7", "0.6"),
    update("deleted", 10, 4, "0.7"),
]


A_BATCH = [
    update("value_change", 5, 2, "1", "0", name="x"),
    update("value_change", 6, 2, "1", "0", name="y"),
]
NEIGHBOUR = update("value_change", 7, 2, "1", "0", name="z")


def batch_violations(versions: dict[str, int], updates: list[Update]) -> list[str]:
    checked = Versions()
    checked.add_batch("s", versions)
    for received in updates:
        assert checked.violations_of_update("s", received) == []
    return checked.violations_of_batches()
