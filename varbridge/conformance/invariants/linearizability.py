"""A check of linearizability: one order must explain all concurrent operations on a variable.

A history is linearizable if every operation seems to have happened at one moment between its start and
its end (Herlihy and Wing, 1990). For registers in general that is hard to decide; here every accepted
write has a version, which fixes the order of the writes, so that a few passes over the history decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from varbridge.conformance.vocabulary.literals import same, show


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a client.

    Attributes:
        client: the name of the client.
        wrote: True for an accepted write, False for a read.
        version: the version that the write made, or that the read returned.
        value: the value that was written or read.
        started: the time before the request was sent, by any clock that all clients share.
        ended: the time after the answer arrived.
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
    """Return sentences that show why no order explains a history; empty if one does.

    Args:
        operations: all accepted writes, and any number of the reads.
        first_version: the version before the first operation.
        first_value: the value of that version.
    """
    sentences: list[str] = []
    writes: dict[int, Operation] = {}
    for operation in operations:
        if operation.wrote:
            if operation.version in writes:
                other = writes[operation.version]
                sentences.append(f"two writes made version {operation.version}: {operation}; {other}")
            writes[operation.version] = operation
    expected = list(range(first_version + 1, first_version + 1 + len(writes)))
    if sorted(writes) != expected:
        sentences.append(
            f"{len(writes)} accepted writes made versions up to {max(writes)},"
            f" not one each from {first_version + 1} to {first_version + len(writes)}"
        )
    for operation in operations:
        if operation.wrote:
            continue
        source = writes.get(operation.version)
        if source is None and operation.version != first_version:
            sentences.append(f"{operation}, a version that nobody wrote")
        elif not same(operation.value, first_value if source is None else source.value, exact=False):
            sentences.append(
                f"{operation}, but that version holds {show(source.value if source else first_value)}"
            )
        elif source is not None and source.started > operation.ended:
            sentences.append(f"{operation} before its write had begun")
    return sentences + _backwards(operations)


def _backwards(operations: Sequence[Operation]) -> list[str]:
    """Return sentences about operations that read or made an older version than an operation before them."""
    sentences: list[str] = []
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
            sentences.append(f"{operation} after {newest} had ended")
    return sentences
