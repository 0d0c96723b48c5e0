"""The tokens that admit clients, and the scopes that limit their calls."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from itertools import takewhile
from typing import NamedTuple

from varbridge.messages.traits import traits_of

from ..core.errors import PermissionDeniedError, StartupError

logger = logging.getLogger("server.rpc.tokens")

MIN_TOKEN_LENGTH = 16
"""The minimum number of characters of a token; a shorter one can be guessed."""


class Scope(NamedTuple):
    """The scope of a token: the calls that it permits.

    Attributes:
        sessions: the common prefix of the ids of permitted sessions; "" for all.
        reading: True if only calls that change nothing are permitted.
    """

    sessions: str = ""
    reading: bool = False

    def check(self, method: str, session_id: str, *, is_open: bool) -> None:
        """Refuse a call outside the scope, without revealing which sessions exist.

        Args:
            method: the name of the method.
            session_id: the id of the call's session; "" for none.
            is_open: True if that session is open; a call that opens a session is not permitted for reading.

        Raises:
            PermissionDeniedError: the call is outside the scope; the message describes the scope.
        """
        if session_id and not session_id.startswith(self.sessions):
            raise PermissionDeniedError(f"this token is for sessions whose ids begin with {self.sessions}")
        traits = traits_of(method)
        if self.reading and (not traits.reads or (traits.opens_session and not is_open)):
            raise PermissionDeniedError("this token is for reading only")


SCOPE: ContextVar[Scope | None] = ContextVar("scope", default=None)
"""The scope of the current call's token; None if no tokens are required."""


class Tokens:
    """The tokens in a file, one per line: ``TOKEN [sessions=PREFIX] [read]``.

    A # at the beginning of a line or after a blank begins a comment. The file is read again after it has
    changed, so that tokens can be replaced while the server runs. While it cannot be read, or is invalid, the
    tokens stay valid, and the log says so.

    Raises:
        StartupError: the file cannot be read, or a line is invalid.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._unreadable = ""
        try:
            self._stamp = self._read_stamp()
            self._tokens = self._read()
        except OSError as error:
            raise StartupError(f"cannot read {path}: {error.strerror}") from None

    def admit(self, authorization: str) -> Scope | None:
        """Return the scope of the token in an ``authorization`` header; None if it has no valid token."""
        from hmac import compare_digest  # not at the top: only servers with tokens need it

        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        self._refresh()
        candidate = token.strip().encode()
        # All tokens are compared, each in constant time, so that the duration reveals nothing.
        scopes = [scope for valid, scope in self._tokens if compare_digest(candidate, valid)]
        return scopes[0] if scopes else None

    def _refresh(self) -> None:
        try:
            if (stamp := self._read_stamp()) != self._stamp:
                self._stamp = stamp
                self._tokens = self._read()
                logger.info("the tokens in %s are valid from now on", self._path)
            self._unreadable = ""
        except OSError as error:
            # The file may be about to be replaced. Each call of a client comes here.
            reason = error.strerror or str(error)
            if reason != self._unreadable:
                self._unreadable = reason
                logger.error("cannot read %s (%s), so its old tokens stay valid", self._path, reason)
        except StartupError as error:
            logger.error("cannot reload the tokens, so the old ones stay valid: %s", error)

    def _read_stamp(self) -> tuple[int, int, int]:
        status = os.stat(self._path)
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[tuple[bytes, Scope]]:
        tokens = []
        with open(self._path, "rb") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines, 1):
            words = [*takewhile(lambda word: not word.startswith(b"#"), line.split())]
            if not words:
                continue
            token, *options = words
            # The message quotes nothing of the line, which may be a secret in the wrong place.
            where = f"{self._path}, line {number}"
            if len(token) < MIN_TOKEN_LENGTH:
                raise StartupError(f"{where}: no token of {MIN_TOKEN_LENGTH} characters or more")
            tokens.append((token, _scope(options, where)))
        if not tokens:
            raise StartupError(
                f"{self._path} has no token of {MIN_TOKEN_LENGTH} characters or more: write one per line"
            )
        return tokens


def _scope(options: list[bytes], where: str) -> Scope:
    scope = Scope()
    for option in options:
        name, _, value = option.decode("utf-8", "replace").partition("=")
        if name == "sessions" and value:
            scope = scope._replace(sessions=value)
        elif name == "read" and not value:
            scope = scope._replace(reading=True)
        else:
            raise StartupError(f"{where}: after the token, only sessions=PREFIX and read are allowed")
    return scope
