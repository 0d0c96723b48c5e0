"""The second try of a scenario in which a bridge ended as if it had been stopped from outside.

A bridge that ends with exit code 0, or by a signal such as SIGKILL, may have been stopped by somebody, or may
have ended itself at a request. A fresh bridge shows which: if it ends in the same scenario again, that fails;
otherwise the run is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from varbridge.conformance.run.run import ConformanceRun

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

    def prepare(self, scenarios: Iterable[Any]) -> None:
        """Replace the functions that run these scenarios."""
        for scenario in scenarios:
            scenario.run = partial(self._try, scenario, scenario.run)

    def _try(self, scenario: Any, run_once: RunOnce, runner: Any) -> bool:
        self._run.collect_late_crashes()
        if self._last is not None and self._suspected():
            self._repeat(self._last)
        self._run.crashes.clear()
        failed = run_once(runner)
        before, self._last = self._last, (scenario, run_once)
        if self._suspected():
            # A bridge may also end some time after the request that ends it, in the scenario after.
            self._repeat(self._last, *([before] if before else []))
        return failed

    def _suspected(self) -> bool:
        return not self._run.stopped and any(crash.from_outside for crash in self._run.crashes)

    def _repeat(self, *tries: tuple[Any, RunOnce]) -> None:
        """Run scenarios once more until a bridge ends in one again, which fails; else break the run off."""
        first = self._run.crashes[0]
        for scenario, run_once in tries:
            print(f"{first.words}; {scenario.location} is asked once more", flush=True)
            self._run.crashes.clear()
            for step in scenario.all_steps:
                step.reset()
            run_once(self._runner)
            self._run.collect_late_crashes(patient=True)
            if self._run.crashes:
                self._run.crashes.clear()
                self._run.add_failure(scenario, "a fresh bridge ended in this scenario again")
                return
        self._run.break_off(f"{first.words}: it was stopped from outside during the run")
