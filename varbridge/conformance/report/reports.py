"""What a run leaves in ``reports/``: verdict.json, and the same for people, machines and pull requests."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from varbridge.conformance.report import junit, page, summary
from varbridge.conformance.report.results import counts
from varbridge.conformance.run.selection import Selection
from varbridge.conformance.run.target import Target
from varbridge.conformance.run.verdict import Verdict

FOLDER = Path("reports")
FORMAT = 1
"""Of verdict.json; it grows where a reader of an older one would misread a newer."""


def clear() -> None:
    """Take away what an earlier run left: a run that is killed must not leave another's verdict behind."""
    for name in ("verdict.json", "index.html", "summary.md"):
        (FOLDER / name).unlink(missing_ok=True)
    shutil.rmtree(FOLDER / "junit", ignore_errors=True)


def collect(
    verdict: Verdict,
    found: Sequence[Mapping[str, Any]],
    selection: Selection,
    target: Target | None,
    started: float,
    about: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Everything that there is to tell of a run; ``docs/verdict.schema.json`` says what stands where.

    Args:
        verdict: what the run says.
        found: the records of its scenarios.
        selection: what it took of what there is.
        target: the bridge; None where the run did not come so far.
        started: time.time() at its beginning.
        about: the lines of description that a feature begins with, by its path.
    """
    told = counts(found)
    profile = target.options.profile if target else None
    return {
        "format": FORMAT,
        "verdict": {"word": verdict.word, "sentence": verdict.sentence, "exit_code": verdict.exit_code},
        "bridge": {
            "name": target.options.name if target else "",
            "service": target.options.service if target else "",
            "lacking": dict(profile.lacking) if profile else {},
            "lacking_flags": list(profile.lacking_flags) if profile else [],
            "known_failing": dict(profile.known_failing) if profile else {},
        },
        "run": {
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(time.time() - started, 2),
            "selection": selection.described,
            "chosen": selection.chosen,
            "usual": selection.usual,
            "full": selection.full,
        },
        "counts": {
            "passed": told["passed"],
            "failed": told["failed"],
            "skipped": told["skipped"],
            "known_failing": told["known failing"],
            "not_run": selection.chosen - len(found),
        },
        "ledger": dict(target.coverage.as_json()) if target else {},
        "features": {path: list(lines) for path, lines in about.items()},
        "scenarios": list(found),
    }


def write(data: Mapping[str, Any]) -> None:
    """Write the reports."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "verdict.json").write_text(_as_lines(data), "utf-8")
    (FOLDER / "index.html").write_text(page.render(data), "utf-8")
    (FOLDER / "summary.md").write_text(summary.render(data), "utf-8")
    for name, text in junit.render(data).items():
        path = FOLDER / "junit" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def _as_lines(data: Mapping[str, Any]) -> str:
    """JSON with a scenario a line: to be read by people as well, and written in a moment."""
    head = {name: value for name, value in data.items() if name != "scenarios"}
    rows = ",\n".join(json.dumps(record, ensure_ascii=False) for record in data["scenarios"])
    return f'{json.dumps(head, indent=1, ensure_ascii=False)[:-2]},\n "scenarios": [\n{rows}\n ]\n}}\n'
