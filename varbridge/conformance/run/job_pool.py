"""The jobs of a run, as the process of the run sees them: it gives them parts, and receives the results."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from varbridge.conformance.run.job import CONFIRM, Began, Ended, Finished, NotReady, Ready, Said, start_job
from varbridge.conformance.run.schedule import Part, Schedule

_END_S = 15.0
"""The time in which a job must end its bridges and itself, in seconds."""


@dataclass(eq=False)
class _Worker:
    """A job's process.

    Attributes:
        process: the process.
        pipe: the connection to it.
        part: the part that it works at; None if it has none.
        number: the number of the scenario that it runs; None if it runs none.
        left: the number of scenarios of its part that have not ended.
        finished: True once it has sent its last message.
    """

    process: Any
    pipe: Connection
    part: Part | None = None
    number: int | None = None
    left: int = 0
    finished: bool = False


@dataclass
class JobPool:
    """A pool of jobs.

    Attributes:
        runner: behave's runner, with the run and its target, which shows the progress.
        schedule: the parts of the run.
        ended: the results of the scenarios that have ended, by number.
        lost: the sentence about a job that died; empty if none did.
    """

    runner: Any
    schedule: Schedule
    ended: dict[int, Ended] = field(default_factory=dict)
    lost: str = ""
    _workers: list[_Worker] = field(default_factory=list)
    _queue: list[Part] = field(default_factory=list)

    def start(self, count: int) -> str:
        """Start jobs, each with a bridge unless all ask the same one.

        Returns:
            The reason why only one job works: the bridge does not run twice at the same time. Else "".

        Raises:
            StartupError: the bridge does not become ready, for any job.
            TargetUnavailableError: no bridge answers any job.
        """
        for _ in range(count):
            self._fork()
        replies = [self._reply(worker) for worker in self._workers]
        if sum(isinstance(reply, Ready) for reply in replies) > 1:
            for worker, reply in zip(self._workers, replies, strict=True):
                if isinstance(reply, Ready):
                    worker.pipe.send(CONFIRM)
            replies = [
                self._reply(worker) if isinstance(reply, Ready) else reply
                for worker, reply in zip(self._workers, replies, strict=True)
            ]
        reason = _conflict(replies, self.runner.target.options.address is not None)
        ready = [
            worker for worker, reply in zip(self._workers, replies, strict=True) if isinstance(reply, Ready)
        ]
        if not ready:
            raise next(reply.error for reply in replies if isinstance(reply, NotReady))
        for worker in [worker for worker in self._workers if reason and worker is not ready[0]]:
            self._retire(worker)
        self._queue = [*self.schedule.parts]
        self._give()
        return reason

    def result_of(self, number: int) -> Ended | None:
        """Wait for the result of a scenario; return None if the run has ended before it."""
        while number not in self.ended and self._workers and not self.lost:
            self._receive()
        return self.ended.get(number)

    def skip_after(self, number: int) -> None:
        """Give no job a part whose scenarios all come after a number in the order of the run."""
        self._queue = [part for part in self._queue if min(part.numbers) < number]

    def stop(self) -> None:
        """End the jobs with all that they started; the target learns what they have observed."""
        for worker in self._workers:
            with suppress(OSError):
                worker.pipe.send(None)
            if worker.part is not None and not worker.finished:
                with suppress(ProcessLookupError):
                    os.kill(worker.process.pid, signal.SIGTERM)
        self._queue.clear()
        deadline = time.monotonic() + _END_S
        while self._workers and time.monotonic() < deadline:
            self._receive(deadline - time.monotonic())
        for worker in [*self._workers]:
            self._remove(worker)

    def _fork(self) -> None:
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        ours = [worker.pipe for worker in self._workers] + [here]
        process = context.Process(
            target=start_job, args=(self.runner, self.schedule.scenarios, there, ours), daemon=True
        )
        process.start()
        there.close()
        self._workers.append(_Worker(process, here))

    def _reply(self, worker: _Worker) -> Ready | NotReady:
        """Return the next message of a job about its bridge."""
        try:
            while True:
                message = worker.pipe.recv()
                if isinstance(message, Ready | NotReady):
                    return message
                self._handle(worker, message)
        except (EOFError, OSError):
            return NotReady(None, f"a job ended, with exit code {_exit_code(worker.process)}")

    def _give(self) -> None:
        """Give parts to the jobs that have none; end a job if there is nothing left for it."""
        for worker in [worker for worker in self._workers if worker.part is None and not worker.finished]:
            others_work = any(other.part is not None for other in self._workers)
            if not self._queue or (self._queue[0].exclusive and others_work):
                self._retire(worker)
            else:
                self._hand(worker)

    def _hand(self, worker: _Worker) -> None:
        worker.part = self._queue.pop(0)
        worker.left = len(worker.part.numbers)
        with suppress(OSError):  # it died, as its end of the pipe shows
            worker.pipe.send(worker.part.numbers)

    def _retire(self, worker: _Worker) -> None:
        worker.finished = True
        with suppress(OSError):
            worker.pipe.send(None)

    def _receive(self, timeout: float | None = None) -> None:
        """Handle what the jobs have sent; wait for it if they have sent nothing."""
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in wait([*pipes], timeout):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                self._remove(worker)
            else:
                self._handle(worker, message)

    def _handle(self, worker: _Worker, message: Any) -> None:
        match message:
            case Began(number):
                worker.number = number
                self.runner.began(self.schedule.scenarios[number])
            case Ended(number):
                again = number in self.ended
                self.ended[number] = message
                if not again:
                    self.runner.ended(self.schedule.scenarios[number], message.outcome)
                    worker.number = None
                    worker.left -= 1
                    if message.stopped:
                        self._queue.clear()
                        worker.finished = True
                    if not worker.left:
                        worker.part = None
                        self._give()
            case Said(text):
                self.runner.said(text)
            case Finished(observations):
                self.runner.target.add(observations)
                worker.finished = True
                worker.part = None

    def _remove(self, worker: _Worker) -> None:
        """Remove a job that has ended, and end what it left behind if it died."""
        self._workers.remove(worker)
        if not worker.finished and not self.lost:
            where = self.schedule.scenarios[worker.number].location if worker.number is not None else ""
            code = _exit_code(worker.process)
            self.lost = f"a job of the suite ended with exit code {code}{f' in {where}' if where else ''}"
        _kill_session(worker.process.pid)
        worker.process.join()
        worker.pipe.close()
        self._give()


def _conflict(replies: Sequence[Ready | NotReady], one_bridge: bool) -> str:
    """Return the reason why the bridge does not run more than once at a time; empty if it does."""
    addresses = [reply.address for reply in replies if isinstance(reply, Ready)]
    if not addresses or one_bridge:
        return ""
    if len({*addresses}) < len(addresses):
        return f"two bridges that were started with --port 0 have the same address, {addresses[0]}"
    return next((reply.reason for reply in replies if isinstance(reply, NotReady)), "")


def _exit_code(process: Any) -> int | None:
    process.join(1.0)
    code: int | None = process.exitcode
    return code


def _kill_session(leader: int) -> None:
    """Kill all processes of a session, which Linux's /proc lists; elsewhere, only its leader."""
    with suppress(ProcessLookupError):
        os.kill(leader, signal.SIGKILL)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                os.kill(int(stat.parent.name), signal.SIGKILL)
