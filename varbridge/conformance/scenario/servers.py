"""The server processes that only one scenario uses."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryDirectory

from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.target.target import Target
from varbridge.process import ServerProcess
from varbridge.worker import Worker


class Servers:
    """The server processes and the worker that end with the scenario.

    Args:
        target: the system under test.
    """

    process = FromStep[ServerProcess]("Given a new bridge")
    """The server process that was started last."""
    data_dir = FromStep[TemporaryDirectory[str]]("Given a new bridge with a data directory")
    worker = FromStep[Worker]("Given a worker with a running bridge")

    def __init__(self, target: Target) -> None:
        self.events: list[tuple[str, str]] = []
        """The events of the worker: the name and the sentence of each."""
        self._target = target
        self._processes: list[ServerProcess] = []
        self._flags: tuple[str, ...] = ()

    def start(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a server process with these flags, which is killed at the end of the scenario."""
        self.process = self._target.servers.launch(*flags, port=port, on_ready=on_ready)
        self._processes.append(self.process)
        return self.process

    def start_durable(self, *flags: str) -> ServerProcess:
        """Start a server with a data directory that only this scenario uses."""
        if Servers.data_dir.get(self) is None:
            self.data_dir = TemporaryDirectory(prefix="judge-")
        self._flags = flags
        return self.start("--data-dir", self.data_dir.name, *flags)

    def start_durable_again(self) -> ServerProcess:
        """Start the server with the data directory again, with the same flags."""
        return self.start_durable(*self._flags)

    def start_worker(self) -> Worker:
        """Start a worker, and record its events."""
        self.worker = Worker(
            self._target.servers.command_with(),
            connect=self._target.connections.connect,
            keep_port=False,  # a free port may be taken at once by another process that starts
            on_event=lambda *event: self.events.append(event),
        )
        return self.worker

    def close(self) -> None:
        """End the processes and the worker, and delete the data directory."""
        for process in self._processes:
            process.close()
        if (worker := Servers.worker.get(self)) is not None:
            worker.stop()
        if (data_dir := Servers.data_dir.get(self)) is not None:
            data_dir.cleanup()
