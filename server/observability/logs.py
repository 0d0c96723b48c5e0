"""The log of the server on stderr: as text, or as one JSON object per line."""

from __future__ import annotations

import logging
import sys

from ..core.errors import StartupError
from .call_record import CallRecord, Observer

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

SUCCESSFUL = {"OK", "CANCELLED"}
"""The names of the gRPC statuses of calls that did not fail."""

logger = logging.getLogger("server.calls")


def begin(level: str, form: str) -> None:
    """Configure the log on stderr.

    Args:
        level: the lowest level of messages that are logged.
        form: the format, "text" or "json".

    Raises:
        StartupError: the library for JSON logs is not installed.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def calls(selection: str) -> Observer:
    """Return an observer that logs ended calls: all if ``selection`` is "all", otherwise failed ones."""

    def record(call: CallRecord) -> None:
        if selection == "failed" and call.status in SUCCESSFUL:
            return
        logger.info(
            "%s %s %.1f ms%s",
            call.method,
            call.status,
            call.seconds * 1000,
            f" in {call.session_id}" if call.session_id else "",
            extra={
                "call": call.method,
                "session": call.session_id,
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
