"""The log of the server on stderr: as text, or as one JSON object per line."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

from ..core.errors import StartupError
from .call_record import CallRecord, Observer

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

MAX_MESSAGE_LENGTH = 2_000
"""The maximum number of characters of a message; longer ones are cut off."""

MAX_ID_LENGTH = 256
"""The maximum number of characters of a session id in the log, that of a valid one."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

SUCCESSFUL = {"OK", "CANCELLED"}
"""The names of the gRPC statuses of calls that did not fail."""

logger = logging.getLogger("server.calls")


class _Bound(logging.Filter):
    """A filter that cuts off long messages: clients choose the length of ids and of tools' errors."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if len(message) > MAX_MESSAGE_LENGTH:
            record.msg, record.args = f"{message[:MAX_MESSAGE_LENGTH]}… (cut off)", ()
        return True


class _Lines(logging.Formatter):
    """A formatter that writes each message in one line, and indents the lines of a traceback.

    Control characters are escaped: clients could write lines of their own otherwise.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # the name in logging
        record.message = _escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # the name in logging
        return _indented(super().formatException(ei))

    def format(self, record: logging.LogRecord) -> str:
        # The attribute ``trace`` is a traceback of another process.
        trace = getattr(record, "trace", "")
        return super().format(record) + (f"\n{_indented(trace)}" if trace else "")


def _indented(trace: str) -> str:
    return "\n".join(f"  | {_escaped(line[:MAX_MESSAGE_LENGTH])}" for line in trace.rstrip("\n").split("\n"))


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def begin(level: str, form: str) -> None:
    """Configure the log on stderr.

    Args:
        level: the lowest level of messages that are logged.
        form: the format, "text" or "json".

    Raises:
        StartupError: the library for JSON logs is not installed.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if form == "json" else _Lines(TEXT))
    handler.addFilter(_Bound())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def calls(selection: str) -> Observer:
    """Return an observer that logs ended calls: all if ``selection`` is "all", otherwise failed ones."""

    def record(call: CallRecord) -> None:
        if selection == "failed" and call.status in SUCCESSFUL:
            return
        session_id = call.session_id[:MAX_ID_LENGTH]
        logger.info(
            "%s %s %.1f ms%s",
            call.method,
            call.status,
            call.seconds * 1000,
            f" in {session_id}" if session_id else "",
            extra={
                "call": call.method,
                "session": session_id,
                "status": call.status,
                "ms": round(call.seconds * 1000, 3),
            },
        )

    return record


def _json() -> logging.Formatter:
    try:
        from pythonjsonlogger.json import JsonFormatter
    except ImportError:
        raise StartupError(
            "--log-format json needs python-json-logger: pip install 'varbridge[observe]'"
        ) from None
    return JsonFormatter(
        "{levelname}{name}{message}",
        style="{",
        timestamp=True,
        rename_fields={"levelname": "level", "name": "logger"},
    )
