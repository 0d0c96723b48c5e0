"""The suite's runner for behave: it validates a run before the first scenario, and judges it after the last.

behave reads its name from ``[tool.behave] runner`` in pyproject.toml. behave has the exit codes 0 and 1; a
verdict has four, so 2 and 3 are raised as ``SystemExit``, which behave does not catch.
"""

from __future__ import annotations

import gc
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from behave import exception
from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.runner import Runner, the_step_registry

from varbridge.conformance import tags
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.invariants.coverage import BY_FLAGS
from varbridge.conformance.report.causes import find_causes, hang_cause, startup_cause
from varbridge.conformance.report.progress import ProgressFormatter
from varbridge.conformance.report.terminal import print_verdict
from varbridge.conformance.report.verdict import BROKEN, Verdict
from varbridge.conformance.run import environment, reports, selection, validation
from varbridge.conformance.run.context import RunContext
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.run.files import FeatureFiles
from varbridge.conformance.run.job import Ended
from varbridge.conformance.run.job_pool import JobPool
from varbridge.conformance.run.known_failures import KnownFailures
from varbridge.conformance.run.mistakes import InvalidRunError, refuse
from varbridge.conformance.run.output import Output
from varbridge.conformance.run.results import descriptions, outcome_of, records
from varbridge.conformance.run.run import ConformanceRun
from varbridge.conformance.run.scenario_state import show
from varbridge.conformance.run.schedule import Schedule
from varbridge.conformance.run.second_try import RunOnce, SecondTry
from varbridge.conformance.run.shared_restart import SharedRestarts
from varbridge.conformance.target.options import REFERENCE, TargetUnavailableError
from varbridge.conformance.target.profile import ProfileError
from varbridge.conformance.target.startup import StartupError, keep_byte_code
from varbridge.conformance.target.target import Target
from varbridge.conformance.vocabulary.expressions import Definitions

REFUSALS = (
    InvalidRunError,
    tags.UnknownTagError,
    ProfileError,
    TargetUnavailableError,
    ParserError,
    OSError,  # such as a missing folder or file
    exception.ConfigError,
    exception.ConstraintError,
    exception.InvalidFileLocationError,
    exception.InvalidFilenameError,
)
"""The errors before the first scenario that make a run "not judged": an invalid run, or no target."""


class ConformanceRunner(Runner):  # type: ignore[misc]  # behave is not typed
    """The runner that runs the features against a bridge and prints the verdict."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.conformance_run: ConformanceRun | None = None
        self.target: Target | None = None
        self._selection = selection.NOTHING
        self._output = Output.replace_stdout(config)
        self._files = FeatureFiles()
        self._began = False
        """True once the first scenario may begin."""
        self._jobs: JobPool | None = None
        """The jobs that run the scenarios; None if they run in this process."""
        self._shown: set[int] = set()
        """The numbers of the scenarios whose results the formatters have shown."""

    @property
    def _progress(self) -> list[ProgressFormatter]:
        return [formatter for formatter in self.formatters if isinstance(formatter, ProgressFormatter)]

    def run(self) -> bool:
        """Run the features, print the verdict and write reports; return True if the bridge failed.

        Raises:
            SystemExit: the verdict has an exit code other than 0 and 1.
        """
        if self.config.steps_catalog:
            return bool(super().run())
        environment.restore_signals()
        started = time.time()
        try:
            findings = self._run_to_findings()
        finally:
            self._end()
        code = self._conclude(started, findings)
        if code > 1:
            raise SystemExit(code)
        return code == 1

    def run_with_paths(self) -> bool:
        """Load the steps, read the features, and run them; see behave's ``Runner``."""
        self.context = RunContext(self)
        self.load_hooks()
        self.load_step_definitions()
        self.step_registry = Definitions.of(the_step_registry)
        self._files.read_locations(self.feature_locations(), self.config.lang)
        self.features.extend(self._files.features)
        self.formatters = make_formatters(self.config, self.config.outputs)
        return self.run_model()

    def run_model(self, features: Any = None) -> bool:
        """Validate the run, and connect to the target; then run the scenarios."""
        if self.config.steps_catalog:
            return bool(super().run_model(features))
        if self.config.dry_run:
            self._validate()
            super().run_model(features)
            raise InvalidRunError(
                f"a dry run asks the bridge nothing: {self._selection.chosen} of {self._selection.usual}"
                " scenarios are selected, and none was run"
            )
        self.target = Target.from_options(self.config.userdata)
        if self.target.options.command == REFERENCE:
            keep_byte_code(reports.FOLDER / "bytecode")
        self.conformance_run = self._prepare(self.target)
        with self.context.use_with_user_mode():
            self.context.conformance_run = self.conformance_run
            self.context.target = self.target
        self.features[:] = selection.basics_first(self.features)
        chosen = [s for s in validation.scenarios(self.features) if s.should_run(self.config)]
        SecondTry(self.conformance_run, self).prepare(chosen)
        SharedRestarts(self.conformance_run, self).prepare(chosen)
        # What was loaded is needed to the end, so that no collection has to look at it again.
        gc.freeze()
        gc.set_threshold(10_000)
        schedule = Schedule(chosen, reports.durations())
        jobs = schedule.jobs(self.config.jobs)
        if jobs == 1:
            self.target.connections.shared()
        else:
            self._start_jobs(jobs, schedule)
        for number, scenario in enumerate(chosen):
            once = partial(self._run_here, scenario, chosen[number + 1 : number + 2], scenario.run)
            scenario.run = partial(self._show_result, scenario, number) if self._jobs else once
        for formatter in self._progress:
            formatter.expect(len(chosen))
        self._began = True
        failed = bool(super().run_model(features))
        if self._jobs is not None:
            self._jobs.stop()
            self._take_last_results(chosen, self._jobs.ended)
        return failed

    def _start_jobs(self, count: int, schedule: Schedule) -> None:
        """Start the jobs that run the scenarios of a schedule."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # a job would print what is left in its copy of the buffer
        self._jobs = JobPool(self, schedule)
        if reason := self._jobs.start(count):
            self.said(f"one scenario at a time, since the bridge does not run twice: {reason}\n")

    def _run_here(self, scenario: Any, following: Sequence[Any], run_once: RunOnce, _: Any) -> bool:
        """Run a scenario in this process; return True if it failed."""
        assert self.conformance_run is not None
        for later in following:
            self.conformance_run.start_ahead(later)
        self.began(scenario)
        failed = run_once(self)
        self.conformance_run.explain(scenario)
        self.ended(scenario, outcome_of(scenario, self.conformance_run))
        return failed

    def _show_result(self, scenario: Any, number: int, _: Any) -> bool:
        """Give a scenario the result that a job sends, and show it; return True if it failed."""
        assert self._jobs is not None
        assert self.conformance_run is not None
        if self.aborted:
            return False
        if (result := self._jobs.result_of(number)) is None:
            if self._jobs.lost:
                self.conformance_run.break_off(self._jobs.lost)
            return False
        self._shown.add(number)
        self._take(scenario, result)
        show(scenario, self)
        failed = scenario.status.has_failed()
        if result.stopped:
            self.abort(result.broken or result.hung)
        if failed and self.config.stop:
            self._jobs.stop()
        return bool(failed)

    def _take_last_results(self, scenarios: Sequence[Any], results: Mapping[int, Ended]) -> None:
        """Take results that were replaced after they were shown, and all others unless --stop is given.

        Args:
            scenarios: the scenarios of the run.
            results: the last result of each scenario that has ended, by number.
        """
        for number, result in results.items():
            if number in self._shown or not self.config.stop:
                self._take(scenarios[number], result)

    def _take(self, scenario: Any, result: Ended) -> None:
        """Give a scenario the result that a job has sent."""
        run = self.conformance_run
        assert run is not None
        result.state.restore(scenario)
        run.notes[id(scenario)] = result.note
        run.broken, run.hung = run.broken or result.broken, run.hung or result.hung

    def began(self, scenario: Any) -> None:
        """Show that a scenario begins."""
        for formatter in self._progress:
            formatter.began(scenario)

    def ended(self, scenario: Any, outcome: str | None) -> None:
        """Show that a scenario has ended with this outcome; None if it was not run."""
        for formatter in self._progress:
            formatter.ended(scenario, outcome)

    def said(self, text: str) -> None:
        """Show a text that belongs to no formatter."""
        for formatter in self._progress:
            formatter.said(text)
        if not self._progress:
            print(text, end="", flush=True)

    def _run_to_findings(self) -> Findings:
        """Run the features, and return the findings about the run as a whole, without the scenarios."""
        try:
            reports.clear(self.config.userdata.get("profile", ""))
            selection.check_paths(self.config.paths)
            failed = bool(super().run())
            return Findings(broken=self._broken(failed))
        except reports.ReportsError as error:
            return Findings(broken=str(error))
        except StartupError as error:
            return Findings(startup=error.failure)
        except KeyboardInterrupt:
            return Findings(broken="the run was stopped before its end")
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            if formatter := environment.formatter_at_fault(error):
                return Findings(broken=f"the formatter {formatter} failed: {problem}")
            if isinstance(error, REFUSALS) and not self._began:
                return Findings(refused=str(error) or type(error).__name__)
            traceback.print_exc()
            return Findings(broken=f"the suite itself failed: {problem}")

    def _end(self) -> None:
        """End everything that the run has started."""
        with suppress(KeyboardInterrupt):  # an impatient second signal does not replace the verdict
            if self._jobs is not None:
                self._jobs.stop()
            if self.conformance_run is not None:
                self.conformance_run.close()
            if self.target is not None:
                self.target.stop()

    def _validate(self) -> list[Any]:
        """Refuse an invalid run; return all features, also those that are not selected."""
        tags.narrow(self.config)
        others = FeatureFiles()
        features = selection.all_features(self.features, self.base_dir, others)
        steps = Path(self.base_dir) / "steps"
        mistakes = validation.mistakes_in(
            self.features, others.features, steps, the_step_registry, self.config
        )
        refuse([*self._files.mistakes, *others.mistakes, *mistakes])
        validation.check_selection(self.features, self.config)
        self._selection = selection.select(features, self.features, self.config)
        return features

    def _prepare(self, target: Target) -> ConformanceRun:
        environment.check_hooks(self.hooks, self.base_dir)
        features = self._validate()
        target.coverage.claim_clauses(
            clause for feature in features for rule in feature.rules for clause in clauses_of(rule.tags)
        )
        known = KnownFailures(target.options.profile.known_failing, features)
        return ConformanceRun(target, known, self.abort)

    def _broken(self, failed: bool) -> str:
        """Return the reason why a run that reached its end is broken nevertheless; empty if it is not."""
        assert self.conformance_run is not None
        if self.conformance_run.broken:
            return self.conformance_run.broken
        if self.hook_failures:
            return "a hook failed or was interrupted; see the output above"
        if self.aborted and not self.conformance_run.hung:
            return "the run was stopped before its end"
        outcomes = {record.outcome for record in records(self.features, self.conformance_run)}
        if failed and not outcomes & {"failed", "not reached", "known failing", "skipped"}:
            return "behave reported a failure that belongs to no scenario; see the output above"
        return ""

    def _conclude(self, started: float, findings: Findings) -> int:
        """Write the reports, print the verdict, and return the exit code."""
        run, target = self.conformance_run, self.target
        scenarios = records(self.features, run) if run else []
        first = [startup_cause(**vars(findings.startup))] if findings.startup else []
        first += [hang_cause(run.hung)] if run and run.hung else []
        causes = [*first, *find_causes(scenarios)]
        optional = BY_FLAGS if any(record.outside for record in scenarios) else ()
        findings = replace(
            findings,
            bridge=target.options.name if target else "a bridge",
            scenarios=scenarios,
            causes=causes,
            usual=self._selection.usual,
            full=self._selection.full,
            unmet=target.coverage.missing(optional) if target else (),
        )
        data = reports.collect(
            decide(findings), scenarios, causes, self._selection, target, started, descriptions(self.features)
        )
        try:
            reports.write(data)
            if target is not None:
                reports.write_profile(target)
        except reports.ReportsError as error:
            if not findings.broken:
                data = replace(data, verdict=Verdict(BROKEN, f"{error}. Without that: {data.verdict}"))
        print_verdict(data)
        self._output.flush()
        if self._output.error and sys.stderr is not None:
            with suppress(OSError):
                print(
                    f"stdout was cut off: {self._output.error}\n{data.verdict}", file=sys.stderr, flush=True
                )
        return data.verdict.exit_code
