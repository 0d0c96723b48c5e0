"""Where things stand in etcd.

======================================  ==========================================================
``PREFIX/live/bridge/ID``               a bridge that lives: ``Bridge``
``PREFIX/live/owner/SESSION``           the id of the bridge that has a session
``PREFIX/last/SESSION``                 the last write of its owner; see ``pipeline``
``PREFIX/ended/SESSION``                the last sequence of a session that has ended
``PREFIX/floor``                        above the last sequences of all that are forgotten
``PREFIX/state/SESSION/session``        an open session: ``Session``
``PREFIX/state/SESSION/variable/V``     what registration fixed of a variable: ``Definition``
``PREFIX/state/SESSION/holder/V``       who optimizes it: ``Holder``
``PREFIX/state/SESSION/change/N``       changes, by the sequence of the first: ``Changes``
``PREFIX/state/SESSION/follows/V/W``    that W follows V: the type
``PREFIX/state/SESSION/answer/R``       the answer to a request_id: ``Answer``
``PREFIX/state/SESSION/tools/N``        tools that were registered together: ``Tools``
``PREFIX/state/SESSION/part/TOKEN/N``   a part of a long value
======================================  ==========================================================

SESSION and R are quoted as in a URL, so that no id has a slash. V and W are what makes an id unique.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

ID_SUFFIX = 16
"""Characters at the end of a variable's id that no other variable has."""


def number(n: int) -> str:
    """A number whose keys are in its order."""
    return f"{n:020d}"


def id_suffix(variable_id: str) -> str:
    """What of a variable's id tells it from all others."""
    return variable_id[-ID_SUFFIX:]


class Keys:
    """The keys of one cluster of bridges.

    Args:
        prefix: what all of them begin with; another prefix is another cluster.
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
        prefix: what all of them begin with.
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
    """The id that a quoted part of a key stands for."""
    return unquote(key.decode())
