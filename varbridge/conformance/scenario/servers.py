"""The server processes that a scenario has for itself."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryDirectory

from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.target.target import Target
from varbridge.process import ServerProcess
from varbridge.worker import Worker

_END = 5.0
"""Seconds that a process may take to end once it is killed."""


class Servers:
    """Processes that end with the scenario, one of them with a data directory, and the worker.

    Args:
        target: the bridge that is judged.
    """

    process = FromStep[ServerProcess]("Given a new bridge")
    """The one that was started last."""
    data_dir = FromStep[TemporaryDirectory[str]]("Given a new bridge with a data directory")
    worker = FromStep[Worker]("Given a worker with a running bridge")

    def __init__(self, target: Target) -> None:
        self.events: list[tuple[str, str]] = []
        """The words and sentences of the worker."""
        self._target = target
        self._processes: list[ServerProcess] = []
        self._flags: tuple[str, ...] = ()

    def start(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a server process that ends with the scenario."""
        self.process = self._target.servers.launch(*flags, port=port, on_ready=on_ready)
        self._processes.append(self.process)
        return self.process

    def start_durable(self, *flags: str) -> ServerProcess:
        """Start a server with a data directory of the scenario's own."""
        if Servers.data_dir.get(self) is None:
            self.data_dir = TemporaryDirectory(prefix="judge-")
        self._flags = flags
        return self.start("--data-dir", self.data_dir.name, *flags)

    def start_durable_again(self) -> ServerProcess:
        """Start the server with the data directory again, with the flags that it had."""
        return self.start_durable(*self._flags)

    def start_worker(self) -> Worker:
        """Start a worker whose events are kept."""
        self.worker = Worker(
            self._target.servers.command_with(),
            service=self._target.options.service,
            keep_port=False,  # a port that is left may be taken by another start at once
            on_event=lambda *event: self.events.append(event),
        )
        return self.worker

    def close(self) -> None:
        """End them, and remove the data directory."""
        for process in self._processes:
            if process.exit_code is None:
                process.kill()
                process.wait_ended(_END)
        if (worker := Servers.worker.get(self)) is not None:
            worker.stop()
        if (data_dir := Servers.data_dir.get(self)) is not None:
            data_dir.cleanup()
