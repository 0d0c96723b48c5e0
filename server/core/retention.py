"""The bytes that a bridge retains for its clients: values, histories, logs, metadata, tools and watches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .constraints import MAX_PATTERN_BYTES
from .errors import ResourceExhaustedError
from .limits import Limits
from .registered_tools import RegisteredTool
from .variables import Variable

SESSION_BYTES = 5_000
"""The approximate memory of an empty session."""

VERSION_BYTES = 700
"""The approximate memory of a version of a variable without its value and metadata."""

DEPENDENCY_BYTES = 700
"""The approximate memory of a dependency."""

REQUEST_ID_BYTES = 150
"""The approximate memory of a retained request id without its text."""

WATCH_BYTES = 1_000
"""The approximate memory of a watch without the variables that it names."""

WATCHED_BYTES = 500
"""The approximate memory of a variable that a watch names, without the identifier."""

TOOL_BYTES = 500
"""The approximate memory of a tool, or of one of its parameters, without its texts."""


class RetainedBytes:
    """The number of bytes that all sessions of a bridge retain, and its maximum.

    Args:
        limit: the maximum; what would exceed it is refused.
    """

    def __init__(self, limit: int = Limits().bytes) -> None:
        self.total = 0
        self._limit = limit

    def check(self, more: int) -> None:
        """Refuse a change that retains so many bytes more, if that exceeds the maximum."""
        if self.total + more > self._limit:
            raise ResourceExhaustedError(
                f"memory: values, histories, logs, metadata, tools and watches take at most {self._limit}"
                f" bytes (--max-bytes), {self.total} are in use, and this would take {more} more"
            )


class SessionBytes:
    """The number of bytes that one session retains, which counts towards the total of the bridge."""

    def __init__(self, bridge: RetainedBytes) -> None:
        self.check = bridge.check
        self._bridge = bridge
        self._total = 0
        self._is_open = True

    def add(self, count: int) -> None:
        """Count so many bytes more; less if the number is negative."""
        if self._is_open:
            self._total += count
            self._bridge.total += count

    def begin(self) -> None:
        """Begin to count, from 0."""
        self._bridge.total -= self._total
        self._total = 0
        self._is_open = True

    def end(self) -> None:
        """Count nothing any more, because the session has ended."""
        self.begin()
        self._is_open = False


def bytes_of(metadata: Mapping[str, str]) -> int:
    """Return the approximate memory of metadata."""
    return sum(len(key) + len(text) + 150 for key, text in metadata.items())


def version_bytes(variable: Variable) -> int:
    """Return the approximate memory of a version of a variable, twice that of its value: readers get a
    serialized copy, which is cached."""
    size = VERSION_BYTES + 2 * len(variable.data) + 2 * len(variable.array)
    if variable.metadata:
        size += bytes_of(variable.metadata)
    return size


def constraint_bytes(variable: Variable) -> int:
    """Return the approximate memory of the constraints of a variable, as a text and as parsed."""
    size = 4 * len(variable.rules.constraints_json)
    return size + MAX_PATTERN_BYTES if getattr(variable.rules.constraints, "pattern", None) else size


def watch_bytes(identifiers: Collection[str]) -> int:
    """Return the approximate memory of a watch that names variables by these identifiers."""
    return WATCH_BYTES + WATCHED_BYTES * len(identifiers) + sum(map(len, identifiers))


def tool_bytes(tools: Iterable[RegisteredTool]) -> int:
    """Return the approximate memory of tools."""
    size = 0
    for tool in tools:
        size += TOOL_BYTES + len(tool.name) + len(tool.description) + bytes_of(tool.metadata)
        for parameter in tool.parameters:
            size += TOOL_BYTES + sum(map(len, (parameter.name, parameter.description)))
            size += 2 * len(parameter.constraints_json)
            if parameter.default is not None:
                size += len(parameter.default.data)
    return size
