"""One run, from its first scenario to its last: notes about each scenario, and whether the run is broken."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from behave.model_type import Status

from varbridge import BridgeError, WorkerError
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.report.record import DivergenceRecord, Failure, Figure
from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.run.explanation import explanation, failure_of
from varbridge.conformance.run.known_failures import KnownFailures
from varbridge.conformance.run.lacks import Lack, lack_after, lack_before
from varbridge.conformance.scenario.world import World
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.server_pool import Crash, UnsupportedFlagError
from varbridge.conformance.target.target import Target
from varbridge.errors import MalformedReplyError, ToolFailedError

_OF_THE_BRIDGE = (
    *(AssertionError, BridgeError, MalformedReplyError, ToolFailedError, WorkerError),
    *(TargetUnavailableError, UnsupportedFlagError),
    TimeoutError,  # such as a watch that the bridge does not confirm in time
    *(grpc.RpcError, grpc.FutureTimeoutError, grpc.FutureCancelledError),
)
"""The exceptions of a step that say something about the bridge; any other one is a defect of the suite."""


_NEW_BRIDGE = re.compile(r'a new bridge(?: with the flags "([^"]*)")?')


@dataclass
class Note:
    """The suite's data about a scenario that behave's model lacks.

    Attributes:
        explanation: the lines that explain its failure, from its steps.
        failures: sentences about crashed bridges and unexamined refusals; any of them fails the scenario.
        ended: True if the bridge ended by itself, or did not answer any more.
        violations: sentences about violated invariants, which do not fail the scenario.
        methods: the methods that it called.
        failure: the place and the kind of its failure; None if it did not fail.
        lack: the reason why the scenario does not count, before or after it ran; None if it counts.
        exchange: the descriptions of its calls and messages, if it failed.
        log: the lines that the server wrote on stderr, if it failed.
        series: the figures that it measured over time.
        figures: the other figures that it measured.
        divergences: the cases in which its random walks diverged.
        interrupted: True if a signal to the run interrupted it, so that it counts as not run.
    """

    explanation: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ended: bool = False
    violations: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    failure: Failure | None = None
    lack: Lack | None = None
    exchange: list[Exchange] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    divergences: list[DivergenceRecord] = field(default_factory=list)
    interrupted: bool = False


class ConformanceRun:
    """The state of a run.

    Args:
        target: the system under test.
        known: the expected failures of its profile.
        abort: the function that ends the run; it is called with the reason.
    """

    def __init__(self, target: Target, known: KnownFailures, abort: Any) -> None:
        self.target = target
        self.known = known
        self.notes: dict[int, Note] = {}
        self.broken = ""
        """The reason why the run is broken; empty if it is not."""
        self.hung = ""
        """The sentence about a bridge that does not answer any more, so that the run ended; else empty."""
        self.crashes: list[Crash] = []
        """The ends of shared bridges that nobody has considered yet; see ``SecondTry``."""
        self.stopped = False
        self.suspended: dict[int, World] = {}
        """The worlds of the scenarios whose first steps were executed; see ``SharedRestarts``."""
        self._abort = abort
        self._world: World | None = None
        self._last: Note | None = None

    def begin(self, scenario: Any) -> World | None:
        """Return the world of a scenario; None if it is skipped or the run was stopped."""
        self._world = None
        if self.stopped:
            scenario.skip()  # without a reason, so that it counts as not run
            return None
        if (lack := lack_before(scenario, self.target)) is not None:
            self.notes[id(scenario)] = Note(lack=lack)
            scenario.skip()  # behave would log a line with the reason
            scenario.skip_reason = lack.reason
            return None
        clauses = clauses_of(scenario.effective_tags)
        self._world = self.suspended.pop(id(scenario), None)
        if self._world is None:
            self._world = World(self.target, clauses)
        else:
            self.target.begin_scenario(clauses, self._world.recorder)
        return self._world

    def start_ahead(self, scenario: Any) -> None:
        """Start the bridge of the scenario that runs next, if it begins with a new one with flags or none."""
        step = next(scenario.all_steps, None)
        match = _NEW_BRIDGE.fullmatch(step.name) if step is not None else None
        if match and self.target.options.command and lack_before(scenario, self.target) is None:
            self.target.servers.launch_ahead(*(match[1] or "").split())

    def suspend(self, scenario: Any) -> World:
        """Return the world of a scenario whose first steps are executed now, and the others in its turn."""
        world = self.suspended[id(scenario)] = World(self.target, clauses_of(scenario.effective_tags))
        return world

    def forget(self, scenario: Any) -> None:
        """Release what the first steps of a scenario created, so that it begins again in its turn."""
        if (world := self.suspended.pop(id(scenario), None)) is not None:
            world.close(passed=False)

    def close(self) -> None:
        """Release everything that scenarios created, also if the run was interrupted."""
        self.close_world()
        for world in self.suspended.values():
            world.close(passed=False)
        self.suspended.clear()

    def end_step(self, step: Any) -> None:
        """Record the run as broken if the step raised an exception that no behaviour of a bridge explains."""
        error = step.exception
        if not isinstance(error, Exception) or isinstance(error, _OF_THE_BRIDGE):
            return
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}"
        self.broken = self.broken or (
            f"the suite itself failed at {step.location}, {step.name!r}:"
            f" {type(error).__name__}: {error} ({place})"
        )

    def end(self, scenario: Any) -> None:
        """Check the invariants that every scenario must satisfy, and record what explains a failure."""
        world = self._world
        if world is None:
            return
        note = self.notes[id(scenario)] = self._last = Note()
        if any(isinstance(step.exception, KeyboardInterrupt) for step in scenario.all_steps):
            note.interrupted = True
            self.close_world()
            return
        note.figures = world.figures
        note.divergences = world.divergences
        note.series = [series.as_json(world.allowed.get(series.name)) for series in world.series]
        crashes: list[Crash] = []
        try:
            note.lack = lack_after(self.target)
            if note.lack is None and scenario.status == Status.passed:
                try:
                    world.check()
                except AssertionError as error:
                    note.failures.extend(str(error).splitlines())
            if note.lack is None:
                note.violations = world.violations()
            note.methods = [*self.target.recorder.trace.methods]
            failed = note.failures or scenario.status != Status.passed
            silent = self.target.recorder.trace.lost if failed else ()
            crashes = self.target.servers.pop_crashes(silent)
            self._attribute_crashes(crashes, note)
            if unreachable := self.target.connections.unreachable_reason(silent):
                note.failures.append(unreachable)
                note.ended = True
                self.break_off(unreachable)
            if note.lack is None:
                self.target.coverage.judged(clauses_of(scenario.effective_tags))
        finally:
            failed = note.failures or scenario.status != Status.passed
            if failed and note.lack is None:
                note.failure = failure_of(scenario, note.failures, note.ended, self.target.recorder.trace)
            if (failed or note.violations) and note.lack is None:
                note.exchange = self.target.recorder.trace.exchanges()
                note.log = [*(line for crash in crashes for line in crash.log), *world.evidence()]
            self.close_world(passed=not failed and not note.violations)
        if note.failures:
            scenario.set_status(Status.failed)
        if hung := self.target.liveness.end_scenario():
            self.hung, self.stopped = hung, True
            self._abort(hung)

    def explain(self, scenario: Any) -> None:
        """Record the lines that explain the failure of a scenario that has ended, if it failed."""
        self.notes.setdefault(id(scenario), Note()).explanation = explanation(scenario)

    def close_world(self, passed: bool = False) -> None:
        """Release everything that the present scenario created."""
        world, self._world = self._world, None
        if world is not None:
            world.close(passed)

    def collect_late_crashes(self, *, patient: bool = False) -> None:
        """Attribute the ends of bridges since the last scenario to it; if ``patient``, wait a moment."""
        self._attribute_crashes(self.target.servers.pop_crashes(patient=patient), self._last)

    def add_failure(self, scenario: Any, sentence: str) -> None:
        """Add a sentence about a bridge that ended to a scenario that has run, which fails by it."""
        note = self.notes[id(scenario)]
        note.failures.append(sentence)
        note.ended = True
        note.failure = note.failure or Failure("end", ended=True)
        scenario.set_status(Status.failed)

    def break_off(self, reason: str) -> None:
        """End the run, and record the reason why it is broken."""
        self.broken = self.broken or reason
        self.stopped = True
        self._abort(reason)

    def hook_failed(self, hook: str, error: BaseException) -> None:
        """Record that the suite itself failed, so that its results say nothing about the bridge."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        self.broken = self.broken or (
            f"the suite itself failed in {hook}: {type(error).__name__}: {error}"
            f" ({frame.name}, line {frame.lineno})"
        )

    def _attribute_crashes(self, crashes: list[Crash], note: Note | None) -> None:
        self.crashes.extend(crashes)
        if note is not None and crashes:
            note.failures.extend(crash.words for crash in crashes)
            note.ended = True
            note.failure = note.failure or Failure("end", ended=True)
