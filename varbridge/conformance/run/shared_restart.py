"""Restarts that several scenarios share, since the start of a bridge takes longer than most scenarios.

A scenario such as "a value survives a crash" begins with a bridge with a data directory, changes something,
and kills and restarts the bridge. The first of them that runs executes the steps before the restart of all
of them, each in a session and with connections of its own, and restarts the bridge once. Each scenario then
continues in its turn. If anything goes wrong before, each scenario restarts the bridge by itself, so that a
failure is found in the scenario to which it belongs.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from typing import Any

from varbridge.conformance.run.lacks import lack_before
from varbridge.conformance.run.run import ConformanceRun
from varbridge.conformance.run.second_try import RunOnce
from varbridge.conformance.scenario.processes import ENDINGS, named
from varbridge.conformance.scenario.world import World

_SHARED = re.compile(r"a bridge with a data directory")
_RESTART = re.compile(r"the bridge (?:is|was) (killed|stopped) and restarted")


def group_of(scenario: Any) -> Hashable:
    """Return a key that is equal for scenarios that can share a restart; None if a scenario shares none."""
    index, ending = _restart_of(scenario)
    return (scenario.filename, ending) if index else None


def _restart_of(scenario: Any) -> tuple[int, str]:
    """Return the index of the step with the only restart of a shared bridge, and how it ends; 0 for none."""
    names = [step.name for step in scenario.all_steps]
    restarts = [(index, match[1]) for index, name in enumerate(names) if (match := _RESTART.fullmatch(name))]
    return restarts[0] if len(restarts) == 1 and _SHARED.fullmatch(names[0]) else (0, "")


class SharedRestarts:
    """The shared restarts of a run.

    Args:
        run: the run.
        runner: behave's runner, whose registry of steps is replaced.
    """

    def __init__(self, run: ConformanceRun, runner: Any) -> None:
        self._run = run
        self._runner = runner
        self._groups: dict[Hashable, list[Any]] = {}
        self._steps = runner.step_registry = _Steps(runner.step_registry)

    def prepare(self, scenarios: Iterable[Any]) -> None:
        """Replace the functions that run these scenarios, as far as they share restarts."""
        for scenario in scenarios:
            if (group := group_of(scenario)) is not None:
                self._groups.setdefault(group, []).append(scenario)
                scenario.run = partial(self._run_member, group, scenario, scenario.run)

    def _run_member(self, group: Hashable, scenario: Any, run_once: RunOnce, runner: Any) -> bool:
        members = self._groups.pop(group, [])
        if len(members) > 1 and not self._run.stopped:
            try:
                self._share(members)
            except Exception:  # each scenario meets it by itself, so that its failure is found there
                self._forget(members)
        world = self._run.suspended.get(id(scenario))
        if world is not None and world.servers.process.exit_code is not None:
            self._forget([scenario])  # another scenario has ended the bridge
        failed = run_once(runner)
        self._steps.finish(scenario)
        return failed

    def _share(self, members: Sequence[Any]) -> None:
        """Execute the steps before the restart of each scenario that can share it; restart their bridge."""
        pool = self._run.target.servers
        worlds: list[World] = []
        restarts = []
        try:
            for scenario in members:
                if lack_before(scenario, self._run.target) is None:
                    world = self._run.suspend(scenario)
                    try:
                        restarts.append(self._execute(scenario, world))
                    except Exception:
                        self._forget([scenario])
                    else:
                        worlds.append(world)
                        pool.common = world.servers.shared
        finally:
            pool.common = None
        began = time.time()
        named(worlds[0], "the bridge").end(ENDINGS[_restart_of(members[0])[1]])
        worlds[0].start_again()
        for world in worlds[1:]:
            world.join()
        for step in restarts:
            self._steps.add(step, (time.time() - began) / len(restarts))

    def _execute(self, scenario: Any, world: World) -> Any:
        """Execute the steps of a scenario before its restart, and return the step with the restart."""
        index, _ = _restart_of(scenario)
        steps = [*scenario.all_steps]
        context = self._runner.context
        for step in steps[:index]:
            began = time.time()
            with context.use_with_user_mode():
                context.world, context.text, context.table = world, step.text, step.table
                world.step_type = step.step_type
                self._steps.find_match(step).run(context)
            self._steps.add(step, time.time() - began)
        return steps[index]

    def _forget(self, scenarios: Iterable[Any]) -> None:
        for scenario in scenarios:
            self._run.forget(scenario)
            self._steps.forget(scenario)


class _Steps:
    """The registry of steps, in which the steps that were executed already do nothing.

    Args:
        registry: the registry that finds the matches of steps.
    """

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self._seconds: dict[int, float] = {}

    def add(self, step: Any, seconds: float) -> None:
        """Record that a step was executed in this time."""
        self._seconds[id(step)] = seconds

    def finish(self, scenario: Any) -> None:
        """Give the steps of a scenario that was run their durations, and execute them if it runs again."""
        for step in scenario.all_steps:
            step.duration = self._seconds.pop(id(step), step.duration)

    def forget(self, scenario: Any) -> None:
        """Execute the steps of a scenario again."""
        for step in scenario.all_steps:
            self._seconds.pop(id(step), None)

    def find_match(self, step: Any) -> Any:
        """Return the match of a step, as behave's registry does."""
        match = self._registry.find_match(step)
        if id(step) in self._seconds:
            match = copy.copy(match)
            match.run = lambda _: None
        return match

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)
