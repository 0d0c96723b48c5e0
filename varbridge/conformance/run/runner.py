"""behave's runner, with what is this suite's own: what comes before the first scenario and after the last.

behave takes it from ``[tool.behave] runner`` in pyproject.toml. Its own exit codes are 0 and 1; a verdict has
four, so 2 and 3 leave by ``SystemExit``, which behave lets through.
"""

from __future__ import annotations

import signal
import time
import traceback
from typing import Any

from behave import exception
from behave.parser import ParserError
from behave.runner import Runner, the_step_registry

from varbridge.conformance import tags
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.report.terminal import print_verdict
from varbridge.conformance.run import reports, validation
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.run.known_failures import KnownFailures
from varbridge.conformance.run.results import descriptions, records
from varbridge.conformance.run.run import ConformanceRun
from varbridge.conformance.run.selection import Selection, all_features, select
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.profile import ProfileError
from varbridge.conformance.target.target import Target

REFUSALS = (
    validation.InvalidRunError,
    tags.UnknownTagError,
    ProfileError,
    TargetUnavailableError,
    ParserError,
    OSError,  # a folder or a file that is not there, say
    exception.ConfigError,
    exception.ConstraintError,
    exception.InvalidFileLocationError,
    exception.InvalidFilenameError,
)
"""What says, before anything ran, that there is nothing to judge, or nobody to judge it."""


class ConformanceRunner(Runner):  # type: ignore[misc]  # behave is not typed
    """Runs the features against a bridge, and says what that shows."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.conformance_run: ConformanceRun | None = None
        self.target: Target | None = None

    def run(self) -> bool:
        """Return whether the bridge failed, as behave wants it.

        Raises:
            SystemExit: with the exit code of a verdict that behave has none for.
        """
        if self.config.dry_run:
            return bool(super().run())
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end: say that the run is broken
        reports.clear()
        started = time.time()
        refused = broken = ""
        try:
            failed = bool(super().run())
            broken = self._broken(failed)
        except REFUSALS as error:
            refused = str(error) or type(error).__name__
        except KeyboardInterrupt:
            broken = "it was stopped before its end"
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

    def run_model(self, features: Any = None) -> bool:
        """Make sure that there is something to judge, and someone; then run the scenarios."""
        if not self.config.dry_run:
            self.target = Target.from_options(self.config.userdata)
            self.conformance_run = self._prepare(self.target)
            with self.context.use_with_user_mode():
                self.context.conformance_run = self.conformance_run
                self.context.target = self.target
        return bool(super().run_model(features))

    def before_all_default_hook(self, context: Any) -> None:
        """Leave logging as it is: behave would have every library write on stderr."""

    def _prepare(self, target: Target) -> ConformanceRun:
        tags.narrow(self.config)
        features = all_features(self.features, self.base_dir)
        validation.check_features(self.features)
        validation.check_selection(self.features, self.config)
        validation.check_steps(self.features, self.config, the_step_registry)
        target.coverage.claim_clauses(
            clause for feature in features for rule in feature.rules for clause in clauses_of(rule.tags)
        )
        known = KnownFailures(target.options.profile.known_failing, features)
        selection = select(features, self.features, self.config)
        target.connections.shared()
        return ConformanceRun(target, known, selection, self.abort)

    def _broken(self, failed: bool) -> str:
        """Why a run that came to its end is broken all the same; empty where it is not."""
        assert self.conformance_run is not None
        if self.conformance_run.broken:
            return self.conformance_run.broken
        if self.hook_failures:
            return "a hook failed or was stopped, as told above"
        if self.aborted:
            return "it was stopped before its end"
        found = records(self.features, self.conformance_run)
        if failed and not any(one.outcome in ("failed", "known failing", "skipped") for one in found):
            return "behave tells of a failure that no scenario bears, as told above"
        return ""

    def _conclude(self, started: float, refused: str, broken: str) -> int:
        """Tell the verdict, write the reports, and return the exit code."""
        run, target = self.conformance_run, self.target
        found = records(self.features, run) if run else []
        selection = run.selection if run else Selection(0, 0, False, "")
        verdict = decide(
            Findings(
                bridge=target.options.name if target else "a bridge",
                scenarios=found,
                usual=selection.usual,
                full=selection.full,
                refused=refused,
                broken=broken,
                unmet=target.coverage.missing() if target else (),
            )
        )
        data = reports.collect(verdict, found, selection, target, started, descriptions(self.features))
        print_verdict(data)
        reports.write(data)
        return verdict.exit_code
