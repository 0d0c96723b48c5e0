"""The server's own log, on stderr: for people, or a JSON object on each line for machines."""

from __future__ import annotations

import logging
import sys

from ..core.errors import StartupError
from .call_record import CallRecord, Observer

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

FINE = {"OK", "CANCELLED"}
"""What no caller has to be told of."""

logger = logging.getLogger("server.calls")


def begin(level: str, form: str) -> None:
    """Begin to log.

    Args:
        level: from which on.
        form: "text" or "json".

    Raises:
        StartupError: what writes JSON is not installed.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def calls(which: str) -> Observer:
    """Log calls: "all", or those that "failed"."""

    def record(call: CallRecord) -> None:
        if which == "failed" and call.status in FINE:
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
