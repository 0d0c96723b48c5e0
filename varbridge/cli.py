"""A command at a terminal: from the flags to the exit code, and no traceback on the way."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import grpc

from varbridge.connection import Connection
from varbridge.credentials import Tls
from varbridge.errors import BridgeError, MalformedReplyError, ToolFailedError
from varbridge.output import Out, visible

DONE, REFUSED, MISUSED, UNANSWERED, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes."""

ANSWER_WITHIN = 10.0
"""Seconds that a call may take where the flags do not say."""

Work = Callable[[Connection, argparse.Namespace, Out], object]
"""What a command does: with a connection and its flags, writing as it goes."""

_NO_ANSWER = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class UsageError(Exception):
    """Flags that lead to no connection."""


def run(parse: Callable[[], argparse.Namespace]) -> int:
    """Do what the flags say, and return the exit code of the process."""
    _keep_stderr_for_us()
    until_stopped = False
    try:
        try:
            given = parse()
            until_stopped = given.until_stopped
            out = Out(_stdout(), as_json=given.json)
            with _connect(given) as connection:
                given.work(connection, given, out)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return DONE if until_stopped else INTERRUPTED
    except BrokenPipeError:
        _leave_stdout()  # whoever read has seen enough
        return DONE
    except SystemExit as end:  # of the parser
        return end.code if isinstance(end.code, int) else MISUSED
    except Exception as error:
        if isinstance(error, OSError):
            _leave_stdout()
        code, words = _outcome(error)
        print(f"varbridge: {one_line(words)}", file=sys.stderr)
        return code
    return DONE


def one_line(text: str) -> str:
    """A text from elsewhere as one line, which does nothing to a terminal."""
    return visible(" ".join(text.split()))


def _outcome(error: Exception) -> tuple[int, str]:
    """The exit code that an error leads to, and what is said of it."""
    match error:
        case UsageError():
            return MISUSED, str(error)
        case BridgeError():
            return UNANSWERED if error.code in _NO_ANSWER else REFUSED, str(error)
        case ToolFailedError():
            return REFUSED, f"the tool failed: {error}"
        case MalformedReplyError():
            return REFUSED, f"an answer that no bridge may give: {error}"
        case TimeoutError():
            return UNANSWERED, str(error)
        case OSError():
            return REFUSED, f"cannot write: {error.strerror}"
    return REFUSED, f"this should not happen: {type(error).__name__}: {error}"


def _connect(given: argparse.Namespace) -> Connection:
    try:
        tls = _tls(given.ca or None, given.cert or None, given.key or None)
        token = _token(given.token_file) if given.token_file else ""
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        return Connection(given.address, timeout=given.timeout or ANSWER_WITHIN, tls=tls, token=token)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except OSError as error:  # of several addresses, one whose name is not known
        raise BridgeError(grpc.StatusCode.UNAVAILABLE, f"{given.address}: {error.strerror}") from None


def _tls(ca: str | None, cert: str | None, key: str | None) -> Tls | None:
    return Tls(ca, cert=cert, key=key) if ca or cert or key else None


def _token(path: str) -> str:
    """The token in a file that a server may have as well.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds none.
    """
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    found = next((line for line in lines if line and not line.startswith("#")), "")
    if not found:
        raise ValueError(f"{path} holds no token")
    return found


def _stdout() -> TextIO:
    """Where to write to; nowhere, where the process was started without a stdout."""
    if sys.stdout is None:
        return Path(os.devnull).open("w")
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal that lacks a character is shown its number
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout


def _leave_stdout() -> None:
    """Let what could not be written go nowhere: the end of the process would try again, and fail loudly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _keep_stderr_for_us() -> None:
    """Keep gRPC's own log off stderr, unless it was asked for: what it knows comes as a status as well.

    Its core writes to the file descriptor, and was told its level before any of our code could tell it.
    """
    if sys.stderr is None or "GRPC_VERBOSITY" in os.environ:
        return
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(ours, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
