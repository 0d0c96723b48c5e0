"""The surroundings of a run that others decide on: signals, behave's hooks, and formatters."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from traceback import walk_tb
from typing import Any

from behave.formatter.base import Formatter

from varbridge.conformance.report.verdict import EXIT_CODES, NOT_JUDGED
from varbridge.conformance.run.mistakes import InvalidRunError

RUNNER = "varbridge.conformance.run.runner:ConformanceRunner"

HOOKS = ("before_all", "before_scenario", "before_step", "after_step", "after_scenario")
"""The hooks of the suite's environment.py."""


def restore_signals() -> None:
    """Handle SIGTERM and SIGHUP like SIGINT, so that they yield a verdict, and restore SIGCHLD.

    Exit codes of bridges are lost while SIGCHLD is ignored. SIGHUP stays ignored under ``nohup``.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def require_runner(context: Any) -> None:
    """Print that nothing is judged, and end the process with that exit code, if another runner is in charge.

    Args:
        context: behave's context, which the suite's runner has prepared.
    """
    if "conformance_run" in context:
        return
    print(
        f"{NOT_JUDGED}: another runner than the suite's is in charge. Run behave in the folder of the suite,"
        f" whose pyproject.toml names its runner, or add --runner {RUNNER}"
    )
    atexit.register(_exit_not_judged)
    context.abort("nothing is judged")


def _exit_not_judged() -> None:
    """End the process, which would have behave's own exit code, 1."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):
            stream.flush()
    os._exit(EXIT_CODES[NOT_JUDGED])


def check_hooks(hooks: Collection[str], folder: str) -> None:
    """Refuse a run whose environment.py is not that of the suite.

    Args:
        hooks: the names of the hooks that environment.py defines.
        folder: the folder in which behave has looked for environment.py.

    Raises:
        InvalidRunError: a hook is missing.
    """
    missing = [name for name in HOOKS if name not in hooks]
    if missing:
        raise InvalidRunError(
            f"{folder}/environment.py is not that of the suite, since it lacks {', '.join(missing)}:"
            " run the suite in its own folder"
        )


def formatter_at_fault(error: BaseException) -> str:
    """Return the name of the formatter in which an error was raised; empty if it was elsewhere."""
    for frame, _ in walk_tb(error.__traceback__):
        formatter = frame.f_locals.get("self")
        if isinstance(formatter, Formatter):
            return f"{type(formatter).__module__}:{type(formatter).__name__}"
    return ""
