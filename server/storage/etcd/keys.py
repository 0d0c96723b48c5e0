"""The keys of a cluster in etcd.

======================================  ==========================================================
``PREFIX/live/bridge/ID``               the liveness record of a bridge: ``Bridge``
``PREFIX/live/owner/SESSION``           the id of the bridge that owns a session
``PREFIX/last/SESSION``                 the last write of its owner; see ``pipeline``
``PREFIX/ended/SESSION``                the tombstone of a session: its last sequence
``PREFIX/floor``                        a number above the last sequences without tombstones
``PREFIX/state/SESSION/session``        an open session: ``Session``
``PREFIX/state/SESSION/variable/V``     the definition of a variable: ``Definition``
``PREFIX/state/SESSION/holder/V``       the holder of its optimization lock: ``Holder``
``PREFIX/state/SESSION/change/N``       changes, by the sequence of the first: ``Changes``
``PREFIX/state/SESSION/follows/V/W``    the type of the dependency of W on V
``PREFIX/state/SESSION/answer/R``       the answer to a request id: ``Answer``
``PREFIX/state/SESSION/tools/N``        tools that were registered together: ``Tools``
``PREFIX/state/SESSION/part/TOKEN/N``   a chunk of a large value
======================================  ==========================================================

SESSION and R are quoted as in a URL, so that they contain no slash. V and W are the unique suffixes of ids of
variables.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

ID_SUFFIX_LENGTH = 16
"""The number of characters at the end of a variable's id that make it unique."""


def number(n: int) -> str:
    """Return a number with leading zeros, so that keys are in the order of their numbers."""
    return f"{n:020d}"


def id_suffix(variable_id: str) -> str:
    """Return the unique suffix of a variable's id."""
    return variable_id[-ID_SUFFIX_LENGTH:]


class Keys:
    """The keys of one cluster of bridges.

    Args:
        prefix: the common prefix of all keys; clusters in the same etcd have different ones.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.encode() + b"/"
        self.live = self._prefix + b"live/"
        self.bridges = self.live + b"bridge/"
        self.owners = self.live + b"owner/"
        self.ended_all = self._prefix + b"ended/"
        self.min_next_sequence = self._prefix + b"floor"

    def bridge(self, bridge_id: str) -> bytes:
        return self.bridges + bridge_id.encode()

    def owner(self, session_id: str) -> bytes:
        return self.owners + _quoted(session_id)

    def last(self, session_id: str) -> bytes:
        return self._prefix + b"last/" + _quoted(session_id)

    def ended(self, session_id: str) -> bytes:
        return self.ended_all + _quoted(session_id)

    def state(self, session_id: str) -> SessionKeys:
        return SessionKeys(self._prefix + b"state/" + _quoted(session_id) + b"/")


class SessionKeys:
    """The keys of one session's state.

    Attributes:
        prefix: the common prefix of these keys.
    """

    def __init__(self, prefix: bytes) -> None:
        self.prefix = prefix
        self.session = prefix + b"session"
        self.parts = prefix + b"part/"

    def variable(self, variable_id: str) -> bytes:
        return self.prefix + f"variable/{id_suffix(variable_id)}".encode()

    def holder(self, variable_id: str) -> bytes:
        return self.prefix + f"holder/{id_suffix(variable_id)}".encode()

    def change(self, sequence: int) -> bytes:
        return self.prefix + f"change/{number(sequence)}".encode()

    def follows(self, followed: str, follower: str) -> bytes:
        return self.prefix + f"follows/{id_suffix(followed)}/{id_suffix(follower)}".encode()

    def answer(self, request_id: str) -> bytes:
        return self.prefix + b"answer/" + _quoted(request_id)

    def tools(self, n: int) -> bytes:
        return self.prefix + f"tools/{number(n)}".encode()

    def part(self, token: str, n: int) -> bytes:
        return self.parts + f"{token}/{n:06d}".encode()

    def parts_of(self, token: str) -> bytes:
        return self.parts + f"{token}/".encode()


def _quoted(text: str) -> bytes:
    return quote(text, safe="").encode()


def unquoted(key: bytes) -> str:
    """Return the id that a part of a key contains, without its quoting."""
    return unquote(key.decode())
