"""Whether what several clients did to one variable at once can be explained by one order.

A history is linearizable if every operation seems to have happened at one moment between its start and
its end (Herlihy and Wing, 1990). For registers in general that is hard to decide; here every accepted
write tells its version, which fixes the order of the writes, so that a few passes over the history decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from varbridge.conformance.vocabulary.literals import same, show


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one client.

    Attributes:
        client: who did it.
        wrote: whether it is an accepted write, rather than a read.
        version: the version that the write made, or that the read saw.
        value: what was written or read.
        started: before the request was sent; any clock that all clients share.
        ended: after the answer came.
    """

    client: str
    wrote: bool
    version: int
    value: Any
    started: float
    ended: float

    def __str__(self) -> str:
        return (
            f"{self.client} {'wrote' if self.wrote else 'read'} {show(self.value)} at version {self.version}"
        )


def violations(operations: Sequence[Operation], first_version: int, first_value: Any) -> list[str]:
    """Say why no order explains a history; empty where one does.

    Args:
        operations: every accepted write, and any of the reads.
        first_version: the version before the first of them.
        first_value: the value of that version.
    """
    found: list[str] = []
    writes: dict[int, Operation] = {}
    for operation in operations:
        if operation.wrote:
            if operation.version in writes:
                other = writes[operation.version]
                found.append(f"two writes made version {operation.version}: {operation}; {other}")
            writes[operation.version] = operation
    expected = list(range(first_version + 1, first_version + 1 + len(writes)))
    if sorted(writes) != expected:
        found.append(
            f"{len(writes)} accepted writes made versions up to {max(writes)},"
            f" not one each from {first_version + 1} to {first_version + len(writes)}"
        )
    for operation in operations:
        if operation.wrote:
            continue
        source = writes.get(operation.version)
        if source is None and operation.version != first_version:
            found.append(f"{operation}, a version that nobody wrote")
        elif not same(operation.value, first_value if source is None else source.value, exact=False):
            found.append(
                f"{operation}, but that version holds {show(source.value if source else first_value)}"
            )
        elif source is not None and source.started > operation.ended:
            found.append(f"{operation} before its write had begun")
    return found + _backwards(operations)


def _backwards(operations: Sequence[Operation]) -> list[str]:
    """Operations that saw or made an older version than one that had ended before they started."""
    found: list[str] = []
    by_end = sorted(operations, key=lambda operation: operation.ended)
    newest: Operation | None = None
    ended = 0
    for operation in sorted(operations, key=lambda operation: operation.started):
        while ended < len(by_end) and by_end[ended].ended < operation.started:
            if newest is None or by_end[ended].version >= newest.version:
                newest = by_end[ended]
            ended += 1
        if newest is None:
            continue
        if operation.version < newest.version or (operation.wrote and operation.version == newest.version):
            found.append(f"{operation} after {newest} had ended")
    return found
