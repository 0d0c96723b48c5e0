"""The execution of a command on the command line: connection, errors and exit code."""

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
from varbridge.credentials import Tls, read_token
from varbridge.errors import BridgeError, MalformedReplyError, ToolFailedError, WorkerError
from varbridge.output import Out, visible

DONE, REFUSED, MISUSED, UNANSWERED, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes of the process; ``--help`` explains them."""

CALL_TIMEOUT_S = 10.0
"""The default timeout of a call, in seconds."""

Work = Callable[[Connection, argparse.Namespace, Out], object]
"""The function of a command, which gets the connection, the arguments and the output."""

_NO_ANSWER = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class UsageError(Exception):
    """Options with which no connection is possible, such as a certificate that cannot be read."""


def run(parse: Callable[[], argparse.Namespace]) -> int:
    """Parse the command line and execute its command; return the exit code of the process."""
    _separate_stderr()
    until_stopped = False
    try:
        try:
            arguments = parse()
            until_stopped = arguments.until_stopped
            out = Out(_stdout(), as_json=arguments.json)
            with _connect(arguments) as connection:
                arguments.work(connection, arguments, out)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return DONE if until_stopped else INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()  # the reader of the pipe has seen enough
        return DONE
    except SystemExit as end:  # raised by the parser
        return end.code if isinstance(end.code, int) else MISUSED
    except Exception as error:
        if isinstance(error, OSError):
            _discard_stdout()
        code, message = outcome(error)
        print(f"varbridge: {one_line(message)}", file=sys.stderr)
        return code
    return DONE


def one_line(text: str) -> str:
    """Return a text in one line, with its control characters escaped."""
    return visible(" ".join(text.split()))


def outcome(error: Exception) -> tuple[int, str]:
    """Return the exit code of the process and the message for an error."""
    match error:
        case UsageError():
            return MISUSED, str(error)
        case BridgeError():
            return UNANSWERED if error.code in _NO_ANSWER else REFUSED, str(error)
        case ToolFailedError():
            return REFUSED, f"the tool failed: {error}"
        case MalformedReplyError():
            return REFUSED, f"the bridge sent a malformed answer: {error}"
        case TimeoutError():
            return UNANSWERED, str(error)
        case WorkerError() | ModuleNotFoundError():  # numpy, or another extra
            return REFUSED, str(error)
        case OSError():
            return REFUSED, f"cannot write: {error.strerror}"
        case TypeError() | ValueError():  # the library cannot send a value or use an option
            return MISUSED, str(error)
        case RecursionError():
            return REFUSED, "the bridge sent a value that is nested too deep to be shown"
    return REFUSED, f"internal error: {type(error).__name__}: {error}"


def _connect(arguments: argparse.Namespace) -> Connection:
    try:
        tls = _tls(arguments.ca or None, arguments.cert or None, arguments.key or None)
        token = read_token(arguments.token_file) if arguments.token_file else ""
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        timeout = arguments.timeout or CALL_TIMEOUT_S
        return Connection(arguments.address, timeout=timeout, tls=tls, token=token)
    except ValueError as error:
        raise UsageError(str(error)) from None
    except OSError as error:  # the name of one of several addresses is unknown
        raise BridgeError(grpc.StatusCode.UNAVAILABLE, f"{arguments.address}: {error.strerror}") from None


def _tls(ca: str | None, cert: str | None, key: str | None) -> Tls | None:
    return Tls(ca, cert=cert, key=key) if ca or cert or key else None


def _stdout() -> TextIO:
    """Return the stream for output; a null device if the process was started without stdout."""
    if sys.stdout is None:
        return Path(os.devnull).open("w")
    if isinstance(sys.stdout, TextIOWrapper):  # shows the number of a character that the terminal lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout


def _discard_stdout() -> None:
    """Redirect stdout to a null device: Python would retry the failed write when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _separate_stderr() -> None:
    """Discard gRPC's own log unless GRPC_VERBOSITY is set: the command itself reports errors of calls.

    gRPC's core writes to the file descriptor of stderr, and has read its log level before this code runs.
    """
    if sys.stderr is None or "GRPC_VERBOSITY" in os.environ:
        return
    copy = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    sys.stderr = os.fdopen(copy, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
