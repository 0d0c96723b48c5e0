"""Running the features against an entry, and judging what they said."""

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

OWN = ("reports", "build", "dist")
"""What a run has for itself, or does not need."""


@dataclass(frozen=True)
class Result:
    """What became of one entry.

    Attributes:
        outcome: one of the words above.
        rule: the rule that is told to be broken, or what else explains the outcome.
        location: of the scenario that failed.
        failed: how many scenarios did.
        explanation: what was told of that one.
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

    @property
    def good(self) -> bool:
        """Whether it is as it should be."""
        return self.outcome in GOOD

    def as_json(self) -> dict[str, Any]:
        """The same, for the report."""
        return asdict(self)


def run(entry: Mutant, python: str = sys.executable, keep: Path | None = None) -> Result:
    """Judge an entry with the features.

    Args:
        entry: which.
        python: runs both sides.
        keep: a folder that gets what behave printed and the report, as NAME.txt and NAME.html; None to
            throw them away.
    """
    started = time.monotonic()
    about = entry.name, entry.area, entry.clauses, entry.seen
    if misfit := misfits([entry]):
        return Result(*about, DOES_NOT_FIT, 0.0, misfit[entry.name])
    with TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder)
        for thing in ROOT.iterdir():
            if thing.name not in OWN and not thing.name.startswith("."):
                (scratch / thing.name).symlink_to(thing)
        log = scratch / "log.txt"
        code = _judge(entry, python, scratch, log)
        words = log.read_text("utf-8", "replace")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{entry.name}.txt").write_text(words, "utf-8")
            if (report := scratch / "reports" / "index.html").exists():
                shutil.copy(report, keep / f"{entry.name}.html")
        verdict = _verdict(scratch / "reports" / "verdict.json")
    seconds = round(time.monotonic() - started, 1)
    if code is None:
        return Result(*about, TIMEOUT, seconds, f"no verdict within {entry.limit:g} s")
    if entry.at_start:
        return Result(*about, *_at_start(entry, words, code, seconds))
    if verdict is None:
        last = "".join([line for line in words.splitlines() if line.strip()][-1:])
        return Result(*about, NO_VERDICT, seconds, last)
    if (code == 0) != (verdict["counts"]["failed"] == 0):
        return Result(*about, NO_VERDICT, seconds, f"exit code {code} and {verdict['counts']}")
    failures = [one for one in verdict["scenarios"] if one["outcome"] == "failed"]
    outcome, told = _outcome(entry, verdict, failures)
    return Result(
        *about,
        outcome,
        seconds,
        told.get("rule") or told.get("feature", ""),
        told.get("location", ""),
        len(failures),
        verdict["counts"]["passed"],
        tuple(told.get("explanation", ())),
    )


def _words(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())


def _judge(entry: Mutant, python: str, scratch: Path, log: Path) -> int | None:
    """Run behave, and end all that it leaves behind; return its exit code, None where time was up."""
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


def _at_start(entry: Mutant, words: str, code: int, seconds: float) -> tuple[str, float, str]:
    """The outcome of a run that is to end before any scenario."""
    if code == 0 or "scenarios: 0 passed, 0 failed" not in words:
        return MISSED, seconds, ""
    said = [line.strip() for line in words.splitlines() if entry.says in line]
    return (CAUGHT, seconds, said[0][:200]) if said else (WRONG_WORDS, seconds, words[-200:])


def _outcome(
    entry: Mutant, verdict: dict[str, Any], failures: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    """The outcome, and the scenario that shows it."""
    if not failures:
        if not verdict["counts"]["passed"]:
            return NO_VERDICT, {}
        return (GREEN if entry.harmless else MISSED), {}
    if entry.harmless:
        return RED, failures[0]
    right = [one for one in failures if {*one["clauses"]} & {*entry.clauses}]
    if not right:
        return WRONG_RULE, failures[0]
    if verdict["verdict"]["word"] != "does not conform":
        return OTHER_VERDICT, right[0]
    for one in right:
        if _words(entry.says) in _words("\n".join(one["explanation"])):
            return CAUGHT, one
    return WRONG_WORDS, right[0]
