"""The suite's runner for behave: it validates a run before the first scenario, and judges it after the last.

behave reads its name from ``[tool.behave] runner`` in pyproject.toml. behave has the exit codes 0 and 1; a
verdict has four, so 2 and 3 are raised as ``SystemExit``, which behave does not catch.
"""

from __future__ import annotations

import signal
import time
import traceback
from pathlib import Path
from typing import Any

from behave import exception
from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.runner import Context, Runner, the_step_registry

from varbridge.conformance import tags
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.report.terminal import print_verdict
from varbridge.conformance.run import reports, validation
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.run.files import FeatureFiles
from varbridge.conformance.run.known_failures import KnownFailures
from varbridge.conformance.run.mistakes import InvalidRunError, refuse
from varbridge.conformance.run.results import descriptions, records
from varbridge.conformance.run.run import ConformanceRun
from varbridge.conformance.run.selection import Selection, all_features, select
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.profile import ProfileError
from varbridge.conformance.target.target import Target

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
        self._files = FeatureFiles()

    def run(self) -> bool:
        """Run the features, print the verdict and write reports; return True if the bridge failed.

        Raises:
            SystemExit: the verdict has an exit code other than 0 and 1.
        """
        if self.config.dry_run:
            return bool(super().run())
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM yields a verdict, too
        reports.clear()
        started = time.time()
        refused = broken = ""
        try:
            failed = bool(super().run())
            broken = self._broken(failed)
        except REFUSALS as error:
            refused = str(error) or type(error).__name__
        except KeyboardInterrupt:
            broken = "the run was stopped before its end"
        except Exception as error:
            traceback.print_exc()
            broken = f"the suite itself failed: {type(error).__name__}: {error}"
        finally:
            if self.target is not None:
                self.target.stop()
        code = self._conclude(started, refused, broken)
        if code > 1:
            raise SystemExit(code)
        return code == 1

    def run_with_paths(self) -> bool:
        """Load the steps, read the features, and run them; see behave's ``Runner``."""
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        self._files.read_locations(self.feature_locations(), self.config.lang)
        self.features.extend(self._files.features)
        self.formatters = make_formatters(self.config, self.config.outputs)
        return self.run_model()

    def run_model(self, features: Any = None) -> bool:
        """Validate the run, and connect to the target; then run the scenarios."""
        if not self.config.dry_run:
            self.target = Target.from_options(self.config.userdata)
            self.conformance_run = self._prepare(self.target)
            with self.context.use_with_user_mode():
                self.context.conformance_run = self.conformance_run
                self.context.target = self.target
        return bool(super().run_model(features))

    def before_all_default_hook(self, context: Any) -> None:
        """Leave logging as it is: behave's default would have every library write on stderr."""

    def _prepare(self, target: Target) -> ConformanceRun:
        tags.narrow(self.config)
        others = FeatureFiles()
        features = all_features(self.features, self.base_dir, others)
        steps = Path(self.base_dir) / "steps"
        mistakes = validation.mistakes_in(
            self.features, others.features, steps, the_step_registry, self.config
        )
        refuse([*self._files.mistakes, *others.mistakes, *mistakes])
        validation.check_selection(self.features, self.config)
        target.coverage.claim_clauses(
            clause for feature in features for rule in feature.rules for clause in clauses_of(rule.tags)
        )
        known = KnownFailures(target.options.profile.known_failing, features)
        selection = select(features, self.features, self.config)
        target.connections.shared()
        return ConformanceRun(target, known, selection, self.abort)

    def _broken(self, failed: bool) -> str:
        """Return the reason why a run that reached its end is broken nevertheless; empty if it is not."""
        assert self.conformance_run is not None
        if self.conformance_run.broken:
            return self.conformance_run.broken
        if self.hook_failures:
            return "a hook failed or was interrupted; see the output above"
        if self.aborted:
            return "the run was stopped before its end"
        outcomes = {record.outcome for record in records(self.features, self.conformance_run)}
        if failed and not outcomes & {"failed", "known failing", "skipped"}:
            return "behave reported a failure that belongs to no scenario; see the output above"
        return ""

    def _conclude(self, started: float, refused: str, broken: str) -> int:
        """Print the verdict, write the reports, and return the exit code."""
        run, target = self.conformance_run, self.target
        scenarios = records(self.features, run) if run else []
        selection = run.selection if run else Selection(0, 0, False, "")
        verdict = decide(
            Findings(
                bridge=target.options.name if target else "a bridge",
                scenarios=scenarios,
                usual=selection.usual,
                full=selection.full,
                refused=refused,
                broken=broken,
                unmet=target.coverage.missing() if target else (),
            )
        )
        data = reports.collect(verdict, scenarios, selection, target, started, descriptions(self.features))
        print_verdict(data)
        reports.write(data)
        return verdict.exit_code
