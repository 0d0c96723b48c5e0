"""The second try of a scenario in which a bridge ended as if it had been stopped from outside.

A bridge that ends with exit code 0, or by a signal such as SIGTERM or SIGKILL, may have been stopped by somebody,
or may have ended itself at a request. A fresh bridge tells the two apart: if it ends in the same scenario again,
the scenario fails; otherwise the run is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from varbridge.conformance.run.run import ConformanceRun
from varbridge.conformance.run.validation import scenarios

RunOnce = Callable[[Any], bool]
"""A scenario's own function, which runs it and returns True if it failed."""


class SecondTry:
    """The scenarios of a run, each of which is run once more if a bridge ended in it.

    Args:
        run: the run.
        runner: behave's runner.
    """

    def __init__(self, run: ConformanceRun, runner: Any) -> None:
        self._run = run
        self._runner = runner
        self._last: tuple[Any, RunOnce] | None = None

    def prepare(self, features: Iterable[Any]) -> None:
        """Replace the function that runs a scenario in all scenarios of these features."""
        for scenario in scenarios(features):
            scenario.run = partial(self._try, scenario, scenario.run)

    def settle(self) -> None:
        """Run the last scenario once more if a bridge has ended since."""
        self._run.collect_late_crashes()
        if self._last is not None and self._suspected():
            self._repeat(*self._last)

    def _try(self, scenario: Any, run_once: RunOnce, runner: Any) -> bool:
        self.settle()
        self._run.crashes.clear()
        failed = run_once(runner)
        self._last = scenario, run_once
        return self._repeat(scenario, run_once) if self._suspected() else failed

    def _suspected(self) -> bool:
        return not self._run.stopped and any(crash.from_outside for crash in self._run.crashes)

    def _repeat(self, scenario: Any, run_once: RunOnce) -> bool:
        first = self._run.crashes[0]
        self._run.crashes.clear()
        print(f"{first.words} in {scenario.location}: asked once more", flush=True)
        for step in scenario.all_steps:
            step.reset()
        failed = run_once(self._runner)
        self._run.collect_late_crashes(patient=True)
        if self._run.crashes:
            self._run.crashes.clear()
            self._run.add_violation(scenario, "a fresh bridge ended in this scenario again")
            return True
        self._run.break_off(f"{first.words}: it was stopped from outside during the run")
        return failed
