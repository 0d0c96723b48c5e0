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
from varbridge.conformance import tags
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.faults import etcd
from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.run.known_failures import KnownFailures
from varbridge.conformance.run.selection import Selection
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

_FLAG = re.compile(r"--[a-z][a-z-]*")


@dataclass
class Note:
    """The suite's data about a scenario that behave's model lacks.

    Attributes:
        violations: sentences about violated invariants and crashed bridges; any of them fails the scenario.
        lacked: the reason why the scenario was skipped, before or while it ran; empty if it was not.
        exchange: the descriptions of its calls and messages, if it failed.
        declared: True if the profile declares the reason in ``lacked``.
        log: the lines that the server wrote on stderr, if it failed.
        series: the figures that it measured over time.
    """

    violations: list[str] = field(default_factory=list)
    lacked: str = ""
    declared: bool = True
    exchange: list[Exchange] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)


class ConformanceRun:
    """The state of a run.

    Args:
        target: the system under test.
        known: the expected failures of its profile.
        selection: the number of scenarios that the run selected.
        abort: the function that ends the run; it is called with the reason.
    """

    def __init__(self, target: Target, known: KnownFailures, selection: Selection, abort: Any) -> None:
        self.target = target
        self.known = known
        self.selection = selection
        self.notes: dict[int, Note] = {}
        self.broken = ""
        """The reason why the run is broken; empty if it is not."""
        self.stopped = False
        self._abort = abort
        self._world: World | None = None
        self._last: Note | None = None

    def begin(self, scenario: Any) -> World | None:
        """Return the world of a scenario; None if it is skipped or the run was stopped."""
        self._world = None
        self._attribute_crashes(self.target.servers.pop_crashes(), self._last)
        if self.stopped:
            scenario.skip()  # without a reason, so that it counts as not run
            return None
        reason, declared = self._lacks(scenario)
        if reason:
            self.notes[id(scenario)] = Note(lacked=reason, declared=declared)
            scenario.skip(reason)
            return None
        self._world = World(self.target)
        return self._world

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
        world, self._world = self._world, None
        if world is None:
            return
        note = self.notes[id(scenario)] = self._last = Note()
        note.series = [series.as_json(world.allowed.get(series.name)) for series in world.series]
        crashes: list[Crash] = []
        try:
            if lacked := self.target.servers.lacked_flag:
                note.lacked = f"the bridge does not take {lacked}, as its profile says"
            elif scenario.status == Status.passed:
                try:
                    world.check()
                except AssertionError as error:
                    note.violations.extend(str(error).splitlines())
            failed = note.violations or scenario.status != Status.passed
            silent = self.target.recorder.trace.lost if failed else ()
            crashes = self.target.servers.pop_crashes(silent)
            self._attribute_crashes(crashes, note)
            if unreachable := self.target.connections.unreachable_reason(silent):
                note.violations.append(unreachable)
                self.break_off(unreachable)
            self.target.coverage.judged(clauses_of(scenario.effective_tags))
        finally:
            failed = note.violations or scenario.status != Status.passed
            if failed and not note.lacked:
                note.exchange = self.target.recorder.trace.exchanges()
                note.log = [*(line for crash in crashes for line in crash.log), *world.evidence()]
            world.close()
        if note.violations:
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

    def _lacks(self, scenario: Any) -> tuple[str, bool]:
        """Return why a scenario is skipped ("" if it is not), and True if the profile declares the reason."""
        profile = self.target.options.profile
        lacking = sorted({*scenario.effective_tags} & tags.CAPABILITIES.keys() - self.target.capabilities)
        if lacking:
            reasons = [profile.lacking.get(name) or f"needs {tags.CAPABILITIES[name]}" for name in lacking]
            # Capabilities that the contract does not cover need no declaration.
            declared = {*profile.lacking, *tags.REFERENCE_ONLY}
            return "; ".join(reasons), declared.issuperset(lacking)
        if "requires_etcd" in scenario.effective_tags and (missing := etcd.missing()):
            return missing, False  # a lack of this machine, which no profile could declare
        for step in scenario.all_steps:
            for flag in _FLAG.findall(step.name):
                if profile.lacks_flag(flag):
                    return f"the bridge does not take {flag}, as its profile says", True
        return "", True

    def _attribute_crashes(self, crashes: list[Crash], note: Note | None) -> None:
        for crash in crashes:
            if note is not None:
                note.violations.append(crash.words)
            if crash.from_outside and not self.target.recorder.trace.tool_cut_off:
                self.break_off(f"{crash.words}: it was stopped from outside during the run")
