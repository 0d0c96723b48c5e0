"""The flags that a bridge does not take, which are found out by starting it."""

from __future__ import annotations

from varbridge.conformance.target.server_pool import ServerPool
from varbridge.conformance.target.startup import START_TIMEOUT_S
from varbridge.errors import WorkerError
from varbridge.process import ServerProcess


class RefusedFlags:
    """The flags that a bridge refuses; the answer about a flag is remembered.

    Args:
        servers: the pool that starts the bridge.
    """

    def __init__(self, servers: ServerPool) -> None:
        self._servers = servers
        self._refused: dict[str, bool] = {}
        self._starts: bool | None = None

    def refuses(self, flag: str, value: str = "") -> bool:
        """Return True if a bridge refuses a flag.

        A bridge refuses a flag if, started with only this flag, it ends before it is ready, and its stderr
        names the flag, although it starts without the flag.

        Args:
            flag: the flag, such as ``--grace``.
            value: a valid value of the flag; empty if it takes none.
        """
        if flag not in self._refused:
            ready, stderr = self._start(flag, *([value] if value else []))
            self._refused[flag] = not ready and flag.lstrip("-") in stderr and self._starts_without()
        return self._refused[flag]

    def _starts_without(self) -> bool:
        if self._starts is None:
            self._starts, _ = self._start()
        return self._starts

    def _start(self, *flags: str) -> tuple[bool, str]:
        """Start the bridge and end it; return True if it became ready, and its stderr."""
        process = self._servers.launch(*flags)
        try:
            return _became_ready(process), "\n".join(process.stderr)
        finally:
            process.close()


def _became_ready(process: ServerProcess) -> bool:
    """Return False if a process ended before it was ready; one that is only late counts as ready."""
    try:
        process.wait_ready(START_TIMEOUT_S)
    except WorkerError:
        return process.exit_code is None
    return True
