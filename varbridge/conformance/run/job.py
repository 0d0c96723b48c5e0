"""A job: a process that runs scenarios with bridges and connections of its own, and sends their results.

It is forked from the process of the run, so that it has the features and the steps already. It is the leader
of a session of its own: only the process of the run gets the terminal's Ctrl-C, and what a job leaves behind
when it dies can be found.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from varbridge.conformance.run.results import outcome_of
from varbridge.conformance.run.run import Note
from varbridge.conformance.run.scenario_state import ScenarioState
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.startup import StartupError, StartupFailure
from varbridge.conformance.target.target import Observations

CONFIRM = "confirm"
"""The message that asks a job whether its bridge still runs, now that those of the others have started."""


@dataclass(frozen=True)
class Ready:
    """The message that the bridge of a job answers.

    Attributes:
        address: the host:port of the bridge.
    """

    address: str


@dataclass(frozen=True)
class NotReady:
    """The message that a job has no bridge.

    Attributes:
        startup: the failure of a bridge that the job has started; None if it says nothing about a bridge.
        reason: the reason, as a sentence.
    """

    startup: StartupFailure | None
    reason: str

    @property
    def error(self) -> Exception:
        """The error that the job met."""
        return StartupError(self.startup) if self.startup else TargetUnavailableError(self.reason)


@dataclass(frozen=True)
class Began:
    """The message that a scenario begins."""

    number: int


@dataclass(frozen=True)
class Ended:
    """The message that a scenario has ended; a later one about the same scenario replaces it.

    Attributes:
        number: the number of the scenario.
        state: the state of behave's model of the scenario.
        note: the suite's data about it.
        outcome: its outcome, as in its record.
        broken: the reason why the run is broken; empty if it is not.
        hung: the sentence about a bridge that does not answer any more; else empty.
        stopped: True if the run ends here.
    """

    number: int
    state: ScenarioState
    note: Note
    outcome: str | None
    broken: str
    hung: str
    stopped: bool


@dataclass(frozen=True)
class Said:
    """The message with a text that the job wrote on stdout."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The last message of a job, with what it observed of the bridge in all of its scenarios."""

    observations: Observations


class Job:
    """The job of this process.

    Args:
        runner: behave's runner, with the run and its target.
        scenarios: the scenarios of the run, in its order.
        pipe: the connection to the process of the run.
    """

    def __init__(self, runner: Any, scenarios: Sequence[Any], pipe: Connection) -> None:
        self._runner = runner
        self._run = runner.conformance_run
        self._target = runner.target
        self._scenarios = scenarios
        self._pipe = pipe
        self._last: tuple[int, int] | None = None
        """The number of the last scenario, and the number of failures in its note when it was sent."""

    def work(self) -> None:
        """Run the parts that arrive, until None arrives or the process of the run has ended."""
        os.setsid()
        sys.stdout = sys.__stdout__ = _Pipe(self._pipe)  # type: ignore[misc, assignment]
        self._runner.formatters = []
        with suppress(EOFError, OSError, KeyboardInterrupt):
            if self._start():
                self._run_parts()
        with suppress(KeyboardInterrupt):
            self._run.close()
            self._target.stop()
        with suppress(OSError):
            self._pipe.send(Finished(self._target.observations()))

    def _start(self) -> bool:
        try:
            connection = self._target.connections.shared()
        except (StartupError, TargetUnavailableError) as error:
            self._pipe.send(NotReady(getattr(error, "failure", None), str(error)))
            return False
        self._pipe.send(Ready(connection.address))
        return True

    def _run_parts(self) -> None:
        while (numbers := self._pipe.recv()) is not None:
            if numbers == CONFIRM:
                self._confirm()
                continue
            for number, following in zip(numbers, [*numbers[1:], None], strict=True):
                if following is not None:
                    self._run.start_ahead(self._scenarios[following])
                self._run_scenario(number)
                if self._run.stopped or self._runner.aborted:
                    return

    def _confirm(self) -> None:
        usual = self._target.servers.usual
        if usual is not None and usual.exit_code is not None:
            self._pipe.send(NotReady(None, f"the bridge ended with exit code {usual.exit_code}"))
        else:
            self._pipe.send(Ready(self._target.connections.shared().address))

    def _run_scenario(self, number: int) -> None:
        scenario = self._scenarios[number]
        self._pipe.send(Began(number))
        with _layers(self._runner.context, scenario):
            scenario.run(self._runner)
        self._run.explain(scenario)
        if self._last is not None:
            # The end of a bridge is noticed, at the latest, when the next scenario begins.
            earlier, failures = self._last
            if len(self._note(earlier).failures) != failures:
                self._send(earlier)
        self._last = number, len(self._note(number).failures)
        self._send(number)

    def _note(self, number: int) -> Note:
        note: Note = self._run.notes.get(id(self._scenarios[number]), Note())
        return note

    def _send(self, number: int) -> None:
        scenario, note = self._scenarios[number], self._note(number)
        self._pipe.send(
            Ended(
                number,
                ScenarioState.of(scenario),
                note,
                outcome_of(scenario, self._run),
                self._run.broken,
                self._run.hung,
                self._run.stopped or self._runner.aborted,
            )
        )


class _Pipe:
    """A stream that sends what is written to the process of the run, which prints it."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def write(self, text: str) -> int:
        self._pipe.send(Said(text))
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def isatty(self) -> bool:
        return False


@contextmanager
def _layers(context: Any, scenario: Any) -> Iterator[None]:
    """Give behave's context the feature and the rule of a scenario, as behave does around its scenarios."""
    rule = scenario.parent if getattr(scenario.parent, "type", "") == "rule" else None
    layers = [("feature", scenario.feature), *([("rule", rule)] if rule else [])]
    for name, entity in layers:
        context._push(layer=name)
        context.tags = {*entity.tags}
        setattr(context, name, entity)
    try:
        yield
    finally:
        for _ in layers:
            context._pop()


def start_job(runner: Any, scenarios: Sequence[Any], pipe: Connection, others: Sequence[Connection]) -> None:
    """Work as a job in a process that was just forked.

    Args:
        runner: behave's runner, with the run and its target.
        scenarios: the scenarios of the run, in its order.
        pipe: the connection to the process of the run.
        others: the ends of pipes that only the process of the run uses.
    """
    for other in others:
        other.close()
    try:
        Job(runner, scenarios, pipe).work()
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None
