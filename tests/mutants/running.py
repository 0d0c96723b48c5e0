"""Runs of the features against a mutant, and the outcome of each run."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.mutants.definitions import HERE, Mutant
from tests.mutants.fit import misfits
from tests.mutants.patches import ROOT
from varbridge.conformance.clauses import clause_in, clause_of

CAUGHT = "caught"
GREEN = "green"
MISSED = "MISSED"
WRONG_RULE = "WRONG RULE"
WRONG_STATEMENT = "WRONG STATEMENT"
WRONG_WORDS = "WRONG WORDS"
RED = "RED"
TIMEOUT = "TIMEOUT"
NO_VERDICT = "NO VERDICT"
DOES_NOT_FIT = "DOES NOT FIT"
OTHER_VERDICT = "OTHER VERDICT"

GOOD = (CAUGHT, GREEN)

_STOP_TIMEOUT_S = 30.0
"""The time in which a run that exceeds its limit must end its bridges, in seconds."""

OWN = ("reports", "build", "dist")
"""Entries of the project's folder that a run creates itself or does not need."""


@dataclass(frozen=True)
class Result:
    """The outcome of the run against one mutant.

    Attributes:
        outcome: one of the constants above.
        rule: the rule of the failed scenario, or another explanation of the outcome.
        location: the location of the failed scenario.
        failed: the number of failed scenarios.
        explanation: the explanation of the failed scenario, as lines.
        causes: the clauses that each cause of the verdict names, the first cause first.
    """

    name: str
    area: str
    clauses: tuple[str, ...]
    seen: str
    outcome: str
    seconds: float
    rule: str = ""
    location: str = ""
    failed: int = 0
    passed: int = 0
    explanation: tuple[str, ...] = ()
    causes: tuple[tuple[str, ...], ...] = ()

    @property
    def cause_first(self) -> bool:
        """True if the first cause of the verdict names a clause that the mutant breaks."""
        return bool({*self.clauses} & {*self.causes[0]}) if self.causes else False

    @property
    def good(self) -> bool:
        """True if the outcome is the expected one."""
        return self.outcome in GOOD

    def as_json(self) -> dict[str, Any]:
        """Return the result for the report."""
        return asdict(self)


class Judged(NamedTuple):
    """A run of behave against a mutant.

    Attributes:
        code: the exit code; None if the run exceeded its time limit.
        output: the output, with errors.
        verdict: the content of verdict.json; None if there is none.
        seconds: the duration of the run, in seconds.
    """

    code: int | None
    output: str
    verdict: dict[str, Any] | None
    seconds: float


def run(entry: Mutant, python: str = sys.executable, keep: Path | None = None, suite_jobs: int = 0) -> Result:
    """Judge a mutant by the features.

    Args:
        entry: the mutant.
        python: the Python that runs the features and the bridge.
        keep: the folder for the output of behave and the reports, as NAME.txt, NAME.html and NAME.json;
            None to discard them.
        suite_jobs: the number of jobs of the run; 0 for the suite's own choice.
    """
    about = entry.name, entry.area, entry.clauses, entry.seen
    if misfit := misfits([entry]):
        return Result(*about, DOES_NOT_FIT, 0.0, misfit[entry.name])
    options = ["--tags", entry.tags] if entry.tags else []
    options += ["--name", entry.only] if entry.only else []
    code, output, verdict, seconds = judge(
        entry.name, options, entry.limit, python=python, keep=keep, suite_jobs=suite_jobs
    )
    if code is None:
        return Result(*about, TIMEOUT, seconds, f"no verdict within {entry.limit:g} s")
    if entry.at_start:
        return Result(*about, *_at_start(entry, output, code, seconds))
    if verdict is None:
        last_line = "".join([line for line in output.splitlines() if line.strip()][-1:])
        return Result(*about, NO_VERDICT, seconds, last_line)
    if (code == 0) != (not verdict["causes"]):
        return Result(*about, NO_VERDICT, seconds, f"exit code {code} and {verdict['counts']}")
    failures = [scenario for scenario in verdict["scenarios"] if _shows_failure(scenario)]
    outcome, shown = _outcome(entry, verdict, failures)
    return Result(
        *about,
        outcome,
        seconds,
        shown.get("rule") or shown.get("feature", ""),
        shown.get("location", ""),
        len(failures),
        verdict["counts"]["passed"],
        (*shown.get("explanation", ()), *shown.get("violations", ())),
        tuple(tuple(cause["clauses"]) for cause in verdict["causes"]),
    )


def _shows_failure(scenario: dict[str, Any]) -> bool:
    violated = scenario["outcome"] == "passed" and bool(scenario["violations"])
    return scenario["outcome"] in ("failed", "not reached") or violated


def _shows_clause(entry: Mutant, scenario: dict[str, Any]) -> bool:
    return bool({*entry.clauses} & {*scenario["clauses"], *map(clause_in, scenario["violations"])})


def _shows(broken: str, scenario: dict[str, Any]) -> bool:
    """Return True if a scenario proves what a mutant breaks, a statement or a clause, or an invariant does.

    Violations of invariants name their clause only.
    """
    violated = {*map(clause_in, scenario["violations"])}
    return broken in {*scenario["statements"], *scenario["clauses"]} or clause_of(broken) in violated


def _unwrapped(text: str) -> str:
    """Return a text without its line breaks and indents."""
    return " ".join(text.split())


def judge(
    name: str,
    options: Sequence[str],
    limit: float,
    *,
    features: str = "features/",
    python: str = sys.executable,
    keep: Path | None = None,
    suite_jobs: int = 0,
) -> Judged:
    """Run behave against a mutant, in a folder of its own.

    Args:
        name: the name by which ``python -m tests.mutants serve`` knows the mutant.
        options: the options of behave that select scenarios.
        limit: the time limit, in seconds.
        features: the folder of the features, or one scenario as PATH:LINE.
        python: see ``run``.
        keep: see ``run``.
        suite_jobs: see ``run``.
    """
    started = time.monotonic()
    with TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder)
        for path in ROOT.iterdir():
            if path.name not in OWN and not path.name.startswith("."):
                (scratch / path.name).symlink_to(path)
        log = scratch / "log.txt"
        command = shlex.join([python, "-m", "tests.mutants", "serve", name])
        definitions = ["-D", f"command={command}", "-D", f"profile={HERE / 'profile.toml'}"]
        behave = [python, "-m", "behave", features, *definitions, "--jobs", str(suite_jobs), *options]
        code = _exit_code(behave, scratch, log, limit)
        output = log.read_text("utf-8", "replace")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}.txt").write_text(output, "utf-8")
            for report in ("index.html", "verdict.json"):
                path = scratch / "reports" / report
                if path.exists():
                    shutil.copy(path, keep / f"{name}{path.suffix}")
        verdict = _verdict(scratch / "reports" / "verdict.json")
    return Judged(code, output, verdict, round(time.monotonic() - started, 1))


def _exit_code(command: Sequence[str], scratch: Path, log: Path, limit: float) -> int | None:
    """Run behave and end all processes that it leaves; return its exit code, or None after the time limit."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            process.terminate()  # so that it ends its bridges, which have process groups of their own
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_TIMEOUT_S)
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _verdict(path: Path) -> dict[str, Any] | None:
    try:
        verdict: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return verdict


def _at_start(entry: Mutant, output: str, code: int, seconds: float) -> tuple[str, float, str]:
    """Return the outcome of a run that has to end before any scenario."""
    if code != 1 or "scenarios: 0 passed, 0 failed" not in output:
        return MISSED, seconds, ""
    named = [line.strip() for line in output.splitlines() if entry.says in line]
    lines = [line for line in named if any(f"({clause}" in line for clause in entry.clauses)]
    return (CAUGHT, seconds, lines[0][:200]) if lines else (WRONG_WORDS, seconds, output[-200:])


def _outcome(
    entry: Mutant, verdict: dict[str, Any], failures: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    """Return the outcome and the scenario that shows it."""
    if not failures:
        if not verdict["counts"]["passed"]:
            return NO_VERDICT, {}
        return (GREEN if entry.harmless else MISSED), {}
    if entry.harmless:
        return RED, failures[0]
    if not any(_shows_clause(entry, scenario) for scenario in failures):
        return WRONG_RULE, failures[0]
    shown = {
        broken: [scenario for scenario in failures if _shows(broken, scenario)] for broken in entry.breaks
    }
    if not all(shown.values()):
        return WRONG_STATEMENT, failures[0]
    right = [scenario for scenario in failures if any(_shows(broken, scenario) for broken in entry.breaks)]
    if verdict["verdict"]["word"] != "does not conform":
        return OTHER_VERDICT, right[0]
    for scenario in right:
        text = "\n".join((*scenario["explanation"], *scenario["violations"]))
        if _unwrapped(entry.says) in _unwrapped(text):
            return CAUGHT, scenario
    return WRONG_WORDS, right[0]
