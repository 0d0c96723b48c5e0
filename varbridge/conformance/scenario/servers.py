"""The server processes that only one scenario uses."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from varbridge.conformance.faults.faulty_disk import ALL, FaultyDisk, Plan
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.target.server_pool import DataDirectory, DurableBridge
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
    data_dir = FromStep[DataDirectory]("Given a bridge with a data directory")
    worker = FromStep[Worker]("Given a worker with a running bridge")
    disk = FromStep[FaultyDisk]("Given a bridge with a data directory on a disk that can fail")

    def __init__(self, target: Target) -> None:
        self.events: list[tuple[str, str]] = []
        """The events of the worker: the name and the sentence of each."""
        self._crashes_at: list[float] = []
        self._changed = threading.Condition()
        self._target = target
        self._processes: list[ServerProcess] = []
        self._flags: tuple[str, ...] = ()
        self._shared: DurableBridge | None = None

    def start(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a server process with these flags, which is killed at the end of the scenario."""
        disk = Servers.disk.get(self)
        prefix = disk.command() if disk is not None else ()
        self.process = self._target.servers.launch(*flags, port=port, on_ready=on_ready, prefix=prefix)
        self._processes.append(self.process)
        return self.process

    def start_durable(self, *flags: str) -> ServerProcess:
        """Start a server with a data directory that only this scenario uses."""
        if Servers.data_dir.get(self) is None:
            self.data_dir = DataDirectory(prefix="judge-")
        self._flags = flags
        return self.start("--data-dir", self.data_dir.name, *flags)

    def start_on_faulty_disk(self) -> ServerProcess:
        """Start a server with a data directory that only this scenario uses, on a disk that can fail."""
        self.data_dir = DataDirectory(prefix="judge-")
        self._disk_plan = DataDirectory(prefix="judge-")
        self.disk = FaultyDisk(Path(self.data_dir.name), Path(self._disk_plan.name) / "plan")
        self.disk.follow(Plan(ALL))
        return self.start_durable()

    def require_faulty_disk(self) -> None:
        """Skip the scenario if the disk has met no call of the bridge, which has opened its files by now."""
        if not self.disk.calls:
            self._target.servers.lacked = "the bridge does not use files through the C library"

    def share_durable(self, *flags: str) -> ServerProcess:
        """Return a server with a data directory that earlier scenarios have used, or else a new one."""
        pool = self._target.servers
        self._shared = pool.take_durable(*flags)
        if self._shared is None:
            directory = DataDirectory(prefix="judge-")
            process = pool.launch("--data-dir", directory.name, *flags)
            self._shared = DurableBridge(process, directory, flags)
        self.process, self.data_dir = self._shared.process, self._shared.directory
        return self.process

    def start_durable_again(self) -> ServerProcess:
        """Start the server with the data directory again, with the same flags."""
        if self._shared is None:
            return self.start_durable(*self._flags)
        self._shared.process.close()
        self.process = self._shared.process = self._target.servers.launch(
            "--data-dir", self._shared.directory.name, *self._shared.flags
        )
        return self.process

    def join(self) -> ServerProcess:
        """Return the server with the data directory, which another scenario has restarted."""
        assert self._shared is not None
        self.process = self._shared.process
        return self.process

    @property
    def shared(self) -> DurableBridge | None:
        """The server with a data directory that the scenario shares with others; None if it shares none."""
        return self._shared

    def start_worker(self) -> Worker:
        """Start a worker, and record its events."""
        self.worker = Worker(
            self._target.servers.command_with(),
            connect=self._target.connections.connect,
            keep_port=False,  # a free port may be taken at once by another process that starts
            on_event=self._add_event,
        )
        return self.worker

    def noticed_after_ms(self, killed_at: float, timeout: float) -> float:
        """Return the time from a kill to the worker's event about it, in ms; infinity if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: any(at > killed_at for at in self._crashes_at), timeout)
            return min((at - killed_at for at in self._crashes_at if at > killed_at), default=math.inf) * 1000

    def _add_event(self, name: str, sentence: str) -> None:
        with self._changed:
            self.events.append((name, sentence))
            if name == "crashed":
                self._crashes_at.append(time.monotonic())
            self._changed.notify_all()

    def close(self, passed: bool) -> None:
        """End the processes and the worker, and delete the data directory.

        Args:
            passed: True if the scenario passed, so that later ones may share its bridge.
        """
        for process in self._processes:
            process.close()
        if (worker := Servers.worker.get(self)) is not None:
            worker.stop()
        if self._shared is not None:
            self._target.servers.give_back_durable(self._shared, passed=passed)
        elif (data_dir := Servers.data_dir.get(self)) is not None:
            data_dir.cleanup()
        if Servers.disk.get(self) is not None:
            self._disk_plan.cleanup()
