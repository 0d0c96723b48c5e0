"""The values that calls answer, with the type_urls that name their types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge import Session
from varbridge.caller import Caller
from varbridge.conformance.vocabulary.encoding import decode
from varbridge.wire import split_url


class AnsweredValue(NamedTuple):
    """A value that was answered: the result of a tool, or the final value of a variable.

    Attributes:
        value: the decoded value.
        url: the type_url.
    """

    value: Any
    url: str

    @property
    def type(self) -> str:
        """The type that the type_url names; json for a value of none of the eight types."""
        return split_url(self.url)[0]


def answered_value(message: AnyMessage, array: bytes = b"") -> AnsweredValue:
    """Return the value of a message. Raises ``MalformedReplyError``."""
    kind, _ = split_url(message.type_url)
    return AnsweredValue(decode(kind, message, array), message.type_url)


def release(session: Session, identifier: str, optimizer: str, *, force: bool = False) -> AnsweredValue:
    """Release the lock of a variable, and return its final value."""
    reply = reply_of(session, lambda other: other.stop_optimization(identifier, optimizer, force=force))
    return answered_value(reply.final_value, reply.final_binary_value)


def reply_of(session: Session, call: Callable[[Session], object]) -> Any:
    """Make a call in a session, and return the message with which it is answered."""
    caller = _LastReply(session.connection)
    call(Session(caller, session.id))
    return caller.reply


class _LastReply:
    """A caller that keeps the last reply."""

    def __init__(self, caller: Caller) -> None:
        self.reply: Any = None
        self._caller = caller

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        self.reply = self._caller.call(method, request, timeout=timeout)
        return self.reply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._caller, name)
