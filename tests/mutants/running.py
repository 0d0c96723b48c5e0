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
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.mutants.definitions import HERE, Mutant
from tests.mutants.fit import misfits
from tests.mutants.patches import ROOT
from varbridge.conformance.clauses import clause_in

CAUGHT = "caught"
GREEN = "green"
MISSED = "MISSED"
WRONG_RULE = "WRONG RULE"
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


def run(entry: Mutant, python: str = sys.executable, keep: Path | None = None) -> Result:
    """Judge a mutant by the features.

    Args:
        entry: the mutant.
        python: the Python that runs the features and the bridge.
        keep: the folder for the output of behave and the reports, as NAME.txt, NAME.html and NAME.json;
            None to discard them.
    """
    started = time.monotonic()
    about = entry.name, entry.area, entry.clauses, entry.seen
    if misfit := misfits([entry]):
        return Result(*about, DOES_NOT_FIT, 0.0, misfit[entry.name])
    with TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder)
        for path in ROOT.iterdir():
            if path.name not in OWN and not path.name.startswith("."):
                (scratch / path.name).symlink_to(path)
        log = scratch / "log.txt"
        code = _judge(entry, python, scratch, log)
        output = log.read_text("utf-8", "replace")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{entry.name}.txt").write_text(output, "utf-8")
            for report in ("index.html", "verdict.json"):
                path = scratch / "reports" / report
                if path.exists():
                    shutil.copy(path, keep / f"{entry.name}{path.suffix}")
        verdict = _verdict(scratch / "reports" / "verdict.json")
    seconds = round(time.monotonic() - started, 1)
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


def _clauses_of(scenario: dict[str, Any]) -> set[str]:
    """Return the clauses of the scenario's rule, and those of the invariants that were violated in it."""
    return {*scenario["clauses"], *map(clause_in, scenario["violations"])}


def _unwrapped(text: str) -> str:
    """Return a text without its line breaks and indents."""
    return " ".join(text.split())


def _judge(entry: Mutant, python: str, scratch: Path, log: Path) -> int | None:
    """Run behave and end all processes that it leaves; return its exit code, or None after the time limit."""
    command = shlex.join([python, "-m", "tests.mutants", "serve", entry.name])
    options = ["-D", f"command={command}", "-D", f"profile={HERE / 'profile.toml'}"]
    options += ["--tags", entry.tags] if entry.tags else []
    options += ["--name", entry.only] if entry.only else []
    with log.open("w") as out:
        process = subprocess.Popen(
            [python, "-m", "behave", "features/", *options],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(entry.limit)
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
    right = [scenario for scenario in failures if _clauses_of(scenario) & {*entry.clauses}]
    if not right:
        return WRONG_RULE, failures[0]
    if verdict["verdict"]["word"] != "does not conform":
        return OTHER_VERDICT, right[0]
    for scenario in right:
        text = "\n".join((*scenario["explanation"], *scenario["violations"]))
        if _unwrapped(entry.says) in _unwrapped(text):
            return CAUGHT, scenario
    return WRONG_WORDS, right[0]
