"""Tokens: who has one may call, and some may do only so much."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from varbridge.messages.traits import traits_of

from ..core.errors import PermissionDeniedError, StartupError

logger = logging.getLogger("server.rpc.tokens")

SHORTEST = 16
"""Characters of a token; a shorter one can be guessed."""


class Scope(NamedTuple):
    """What a token is good for.

    Attributes:
        sessions: what the ids of the sessions begin with that it may speak of; "" for all.
        reading: whether it may change nothing.
    """

    sessions: str = ""
    reading: bool = False

    def check(self, method: str, session_id: str, *, is_open: bool) -> None:
        """Refuse a call that it is not good for, in words that tell nothing of what is there.

        Args:
            method: the method's name.
            session_id: that the call names; "" for none.
            is_open: whether that session is open: a call that would open it changes something.

        Raises:
            PermissionDeniedError: naming what the token is for.
        """
        if session_id and not session_id.startswith(self.sessions):
            raise PermissionDeniedError(f"this token is for sessions whose ids begin with {self.sessions}")
        traits = traits_of(method)
        if self.reading and (not traits.reads or (traits.opens_session and not is_open)):
            raise PermissionDeniedError("this token is for reading")


SCOPE: ContextVar[Scope | None] = ContextVar("scope", default=None)
"""Of the call that is being answered; None where no token was asked for."""


class Tokens:
    """The tokens of a file, one on each line: ``TOKEN [sessions=PREFIX] [read]``; # begins a comment.

    The file is read again when it has changed, so that tokens can be exchanged while the server runs.

    Raises:
        StartupError: the file cannot be read, or a line is no token.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        try:
            self._stamp = self._look()
            self._tokens = self._read()
        except OSError as error:
            raise StartupError(f"cannot read {path}: {error.strerror}") from None

    def admit(self, authorization: str) -> Scope | None:
        """What an ``authorization`` header is good for; None where it bears none of the tokens."""
        from hmac import compare_digest  # only where tokens are asked for

        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        self._refresh()
        given = token.strip().encode()
        # All of them are compared, each in constant time: how long it takes tells nothing.
        found = [scope for known, scope in self._tokens if compare_digest(given, known)]
        return found[0] if found else None

    def _refresh(self) -> None:
        try:
            if (stamp := self._look()) != self._stamp:
                self._stamp = stamp
                self._tokens = self._read()
                logger.info("the tokens of %s are good from now on", self._path)
        except OSError:
            pass  # it is being replaced: the old ones are good until the new ones are there
        except StartupError as error:
            logger.error("the old tokens are good still: %s", error)

    def _look(self) -> tuple[int, int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[tuple[bytes, Scope]]:
        found = []
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            token, *rest = line.partition(b"#")[0].split() or [b""]
            if not token:
                continue
            # No word of the line is told: it may be a secret in the wrong place.
            where = f"{self._path}, line {number}"
            if len(token) < SHORTEST:
                raise StartupError(f"{where}: it holds no token of {SHORTEST} characters or more")
            found.append((token, _scope(rest, where)))
        if not found:
            raise StartupError(
                f"{self._path} holds no token of {SHORTEST} characters or more: one on each line"
            )
        return found


def _scope(words: list[bytes], where: str) -> Scope:
    scope = Scope()
    for word in words:
        name, _, value = word.decode("utf-8", "replace").partition("=")
        if name == "sessions" and value:
            scope = scope._replace(sessions=value)
        elif name == "read" and not value:
            scope = scope._replace(reading=True)
        else:
            raise StartupError(
                f"{where}: after the token, sessions=PREFIX and read can stand, and nothing else"
            )
    return scope
