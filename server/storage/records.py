"""What a store keeps of a session: each accepted change as a record, and all of them as a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..core.change_log import Change
from ..core.registered_tools import RegisteredTool
from ..core.variables import Optimization, Variable


class Opened(NamedTuple):
    """A session was opened.

    Attributes:
        created_at: ns since the epoch, UTC.
        ttl: its time to live in seconds.
        start_sequence: the sequence that its changes go on from.
    """

    session_id: str
    metadata: Mapping[str, str]
    created_at: int
    ttl: float
    start_sequence: int


class Ended(NamedTuple):
    """A session was ended.

    Attributes:
        last: its last sequence, which a session opened again under its id goes on above.
        forgotten: the id of a session ended long ago whose last sequence is not needed any more; or "".
        min_next_sequence: above the last sequences of all that are forgotten.
    """

    session_id: str
    last: int
    forgotten: str = ""
    min_next_sequence: int = 0


class Changed(NamedTuple):
    """Variables of a session changed, all of them or none.

    Attributes:
        changes: in the order of their sequences.
        request_id: under which the answer, the version of the first change, is to be remembered; or "".
        forgotten: a request_id that is to be remembered no more; or "".
    """

    session_id: str
    changes: Sequence[Change]
    request_id: str = ""
    forgotten: str = ""


class Depended(NamedTuple):
    """One variable follows another, by their ids."""

    session_id: str
    followed: str
    follower: str
    dependency_type: str


class Held(NamedTuple):
    """A variable was given to an optimizer, or freed from it (None)."""

    session_id: str
    variable_id: str
    holder: Optimization | None


class ToolsRegistered(NamedTuple):
    """Tools were registered in a session; one whose name was taken takes that one's place."""

    session_id: str
    tools: Sequence[RegisteredTool]


class Compacted(NamedTuple):
    """What the limits let go: it may be forgotten now, or later.

    Attributes:
        oldest: the oldest sequence that the log still keeps.
        versions: by the id of a variable, the oldest version that is needed; None where the variable is
            deleted and nothing of it is.
    """

    session_id: str
    oldest: int
    versions: Mapping[str, int | None]


Record = Opened | Ended | Changed | Depended | Held | ToolsRegistered | Compacted


@dataclass(slots=True)
class SessionState:
    """All that is kept of one session.

    Attributes:
        variables: the present ones in order of registration, each with its kept changes, oldest first.
        log: the kept changes of all variables, by sequence.
        dependencies: followed id, follower id and type of each.
        answers: the versions that were answered, by request_id, oldest first.
        tools: the registered ones, in order of registration.
    """

    opened: Opened
    variables: list[tuple[Variable, list[Change]]] = field(default_factory=list)
    log: list[Change] = field(default_factory=list)
    dependencies: list[tuple[str, str, str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    tools: list[RegisteredTool] = field(default_factory=list)


@dataclass(slots=True)
class Kept:
    """All that a store keeps.

    Attributes:
        ended: the last sequences of sessions that have ended, in the order of their ends.
        min_next_sequence: above the last sequences of those that are forgotten.
    """

    sessions: list[SessionState] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    min_next_sequence: int = 0
