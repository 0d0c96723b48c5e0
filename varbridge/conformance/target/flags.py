"""The flags that a bridge does not take, which are found out by starting it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from varbridge.conformance.target.startup import START_TIMEOUT_S
from varbridge.errors import WorkerError
from varbridge.process import ServerProcess

UNKNOWN = "--no-such-flag-at-all"
"""A flag that no bridge takes. A scenario judges its refusal, so that it is never the reason to skip one."""

_NUMBERS = re.compile(r"\d+")


class RefusedFlags:
    """The flags that a bridge refuses; the answer about a flag is remembered.

    A bridge refuses a flag if it ends before it is ready, with the same message as for a flag that no bridge
    takes. A flag that it takes and a wrong value have other messages.

    Args:
        command: the command that starts the bridge, with ``--port 0``.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._refused: dict[str, bool] = {}

    def first_of(self, flags: Sequence[str]) -> str:
        """Return the first refused flag of a command line; empty if there is none."""
        return next((words[0] for words in _groups(flags) if self._refuses(*words)), "")

    def add(self, flags: Iterable[str]) -> None:
        """Add flags that the bridge has refused in another process."""
        self._refused.update(dict.fromkeys(flags, True))

    @property
    def names(self) -> list[str]:
        """The flags that the bridge has refused."""
        return [flag for flag, refused in self._refused.items() if refused]

    def _refuses(self, flag: str, *values: str) -> bool:
        if flag == UNKNOWN:
            return False
        if flag not in self._refused:
            message = self._refusal(flag, *values)
            alike = bool(message) and message == self._refusal(UNKNOWN, *values)
            self._refused[flag] = alike and not self._refusal()
        return self._refused[flag]

    def _refusal(self, flag: str = "", *values: str) -> str:
        """Return the stderr of a bridge that does not start with a flag, without the flag; or empty."""
        process = ServerProcess([*self._command, *([flag] if flag else []), *values])
        try:
            process.wait_ready(START_TIMEOUT_S)
        except WorkerError:
            if process.exit_code is None:
                return ""
            process.read_all()
            return _NUMBERS.sub("", "\n".join(process.stderr).replace(flag.lstrip("-"), "")) or " "
        finally:
            process.close()
        return ""


def _groups(flags: Sequence[str]) -> Iterator[list[str]]:
    """Yield each flag of a command line with its values, of which one may follow it after ``=``."""
    values: list[str] = []
    for word in reversed(flags):
        if word.startswith("--"):
            flag, _, value = word.partition("=")
            yield [flag, *filter(None, [value]), *values[::-1]]
            values = []
        else:
            values.append(word)
