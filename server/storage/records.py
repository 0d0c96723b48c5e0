"""The records that a store persists, one for each accepted change, and the states that it loads."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..core.change_log import Change
from ..core.registered_tools import RegisteredTool
from ..core.variables import Optimization, Variable


class Opened(NamedTuple):
    """A record that a session was opened.

    Attributes:
        created_at: the time of the opening, in ns since the epoch, UTC.
        ttl: the time to live, in seconds.
        start_sequence: the sequence after which the session's changes are numbered.
    """

    session_id: str
    metadata: Mapping[str, str]
    created_at: int
    ttl: float
    start_sequence: int


class Ended(NamedTuple):
    """A record that a session was ended.

    Attributes:
        last: the last sequence of the session; if a session is opened again with the same id, its sequences
            are higher.
        forgotten: the id of a session whose tombstone is deleted; "" for none.
        min_next_sequence: a number above the last sequences of all sessions whose tombstones are deleted.
    """

    session_id: str
    last: int
    forgotten: str = ""
    min_next_sequence: int = 0


class Changed(NamedTuple):
    """A record that variables of a session were changed. All of its changes are persisted or none.

    Attributes:
        changes: the changes, in the order of their sequences.
        request_id: the idempotency key under which the version of the first change is stored; "" for none.
        forgotten: the request id whose answer is deleted; "" for none.
    """

    session_id: str
    changes: Sequence[Change]
    request_id: str = ""
    forgotten: str = ""


class Depended(NamedTuple):
    """A record that a dependency between two variables, given by their ids, was added."""

    session_id: str
    followed: str
    follower: str
    dependency_type: str


class Held(NamedTuple):
    """A record that a variable was locked for an optimizer, or its lock was released (``holder`` is None)."""

    session_id: str
    variable_id: str
    holder: Optimization | None


class ToolsRegistered(NamedTuple):
    """A record that tools were registered in a session; a tool replaces another with the same name."""

    session_id: str
    tools: Sequence[RegisteredTool]


class Compacted(NamedTuple):
    """A record that changes and versions of a session are not needed any more; the store may delete them.

    Attributes:
        oldest: the oldest sequence that the log retains.
        versions: the oldest version needed, by variable id; None for a deleted variable of which no version
            is needed.
    """

    session_id: str
    oldest: int
    versions: Mapping[str, int | None]


Record = Opened | Ended | Changed | Depended | Held | ToolsRegistered | Compacted


class SessionState:
    """The persisted state of one session.

    Attributes:
        opened: the record of the session's opening.
        variables: the variables in order of registration, each with its retained changes, oldest first.
        log: the retained changes of all variables, in the order of their sequences.
        dependencies: the dependencies: followed id, follower id and type.
        answers: the versions that sets returned, by request id, oldest first.
        tools: the registered tools, in order of registration.
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.variables: list[tuple[Variable, list[Change]]] = []
        self.log: list[Change] = []
        self.dependencies: list[tuple[str, str, str]] = []
        self.answers: dict[str, int] = {}
        self.tools: list[RegisteredTool] = []


class StoreContent:
    """The persisted state of all sessions.

    Attributes:
        sessions: the open sessions.
        ended: the last sequences of ended sessions with tombstones, by id, in the order of their ends.
        min_next_sequence: a number above the last sequences of all sessions whose tombstones are deleted.
    """

    def __init__(self, min_next_sequence: int = 0) -> None:
        self.sessions: list[SessionState] = []
        self.ended: dict[str, int] = {}
        self.min_next_sequence = min_next_sequence
