"""One run, from its first scenario to its last: what each showed, and whether the run itself is whole."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field
from typing import Any

from behave.model_type import Status

from harness import etcd, tags
from harness.known import Known
from harness.selection import Selection
from harness.target import Death, Target
from harness.world import World

_FLAG = re.compile(r"--[a-z][a-z-]*")
_PATIENCE = 1.0  # seconds that a bridge that went silent has to be gone


@dataclass
class Note:
    """What the harness knows of a scenario beside what behave does.

    Attributes:
        complaints: guarantees that it broke whatever it looked at, and a bridge that died; each fails it.
        lacked: why it was left out in the midst of it; empty where it was not.
        exchange: what passed, in words, of one that failed.
        declared: whether that is what the profile says.
        log: what the server wrote on stderr, of one that failed.
        series: figures that it took over time.
    """

    complaints: list[str] = field(default_factory=list)
    lacked: str = ""
    declared: bool = True
    exchange: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)


class Judging:
    """What a run found.

    Args:
        target: the bridge.
        known: what its profile declares to fail.
        selection: what the run takes.
        abort: ends the run; called with the reason.
    """

    def __init__(self, target: Target, known: Known, selection: Selection, abort: Any) -> None:
        self.target = target
        self.known = known
        self.selection = selection
        self.notes: dict[int, Note] = {}
        self.broken = ""
        """Why the run is broken; empty where it is whole."""
        self.stopped = False
        self._abort = abort
        self._world: World | None = None
        self._last: Note | None = None

    def begin(self, scenario: Any) -> World | None:
        """Make the world of a scenario; None where it is not to run."""
        self._world = None
        self._blame(self.target.take_deaths(), self._last)
        if self.stopped:
            scenario.skip()  # without a reason of its own: it was not run
            return None
        reason, declared = self._lacks(scenario)
        if reason:
            self.notes[id(scenario)] = Note(lacked=reason, declared=declared)
            scenario.skip(reason)
            return None
        self._world = World(self.target)
        return self._world

    def end(self, scenario: Any) -> None:
        """Hold a scenario to what all are held to, and keep what explains its failure."""
        world, self._world = self._world, None
        if world is None:
            return
        note = self.notes[id(scenario)] = self._last = Note()
        note.series = [one.as_json(world.allowed.get(one.name)) for one in world.series]
        deaths: list[Death] = []
        try:
            if self.target.lacked_flag:
                note.lacked = f"the bridge does not take {self.target.lacked_flag}, as its profile says"
            elif scenario.status == Status.passed:
                try:
                    world.check()
                except AssertionError as error:
                    note.complaints.extend(str(error).splitlines())
            failed = note.complaints or scenario.status != Status.passed
            deaths = self.target.take_deaths(_PATIENCE if failed else 0.0)
            self._blame(deaths, note)
            if failed and (silence := self.target.silence()):
                note.complaints.append(silence)
                self.break_off(silence)
            self.target.ledger.judged(tags.clauses(scenario.effective_tags))
        finally:
            failed = note.complaints or scenario.status != Status.passed
            if failed and not note.lacked:
                note.exchange = self.target.exchange.told()
                note.log = [*(line for death in deaths for line in death.log), *world.evidence()]
            world.close()
        if note.complaints:
            scenario.set_status(Status.failed)

    def break_off(self, reason: str) -> None:
        """End the run, which is broken for this reason."""
        self.broken = self.broken or reason
        self.stopped = True
        self._abort(reason)

    def hook_failed(self, hook: str, error: BaseException) -> None:
        """Keep that the suite itself failed: what it says of the bridge cannot be relied on."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        self.broken = self.broken or (
            f"the suite itself failed in {hook}: {type(error).__name__}: {error}"
            f" ({where.name}, line {where.lineno})"
        )

    def _lacks(self, scenario: Any) -> tuple[str, bool]:
        """Why the bridge cannot be asked this, and whether its profile says so; empty where it can."""
        profile = self.target.profile
        lacking = sorted({*scenario.effective_tags} & tags.CAPABILITIES.keys() - self.target.capabilities)
        if lacking:
            reasons = [profile.lacking.get(name) or f"needs {tags.CAPABILITIES[name]}" for name in lacking]
            # What the contract does not speak of needs no declaration.
            declared = {*profile.lacking, *tags.REFERENCE_ALONE}
            return "; ".join(reasons), declared.issuperset(lacking)
        if "requires_etcd" in scenario.effective_tags and (missing := etcd.missing()):
            return missing, False  # no bridge's fault, and nothing that a profile could declare
        for step in scenario.all_steps:
            for flag in _FLAG.findall(step.name):
                if profile.lacks_flag(flag):
                    return f"the bridge does not take {flag}, as its profile says", True
        return "", True

    def _blame(self, deaths: list[Death], note: Note | None) -> None:
        for death in deaths:
            if note is not None:
                note.complaints.append(death.words)
            if death.from_outside and not self.target.exchange.tool_cut_off:
                self.break_off(f"{death.words}: it was stopped from outside in the middle of the run")
