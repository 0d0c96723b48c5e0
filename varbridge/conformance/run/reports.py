"""The files of a run in ``reports/``: verdict.json, and reports for people, CI servers and pull requests."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from varbridge.conformance.report.record import BridgeRecord, Cause, Counts, Report, RunRecord, ScenarioRecord
from varbridge.conformance.report.verdict import Verdict
from varbridge.conformance.run.schedule import FILE as DURATIONS
from varbridge.conformance.run.schedule import durations_text, read_durations
from varbridge.conformance.run.selection import Selection
from varbridge.conformance.target.profile import Profile
from varbridge.conformance.target.target import Target

FOLDER = Path("reports")
PROFILE = "profile.toml"


class ReportsError(Exception):
    """A folder of reports that cannot be written; the message says why."""


def clear(profile: str = "") -> None:
    """Delete the reports of the last run, so that a run that is killed does not leave an outdated verdict.

    Args:
        profile: the path of the profile that this run uses, which is not deleted.

    Raises:
        ReportsError: the folder cannot be made or written.
    """
    with _writing():
        FOLDER.mkdir(exist_ok=True)
        for path in (FOLDER / name for name in ("verdict.json", "index.html", "summary.md", PROFILE)):
            if path.resolve() != Path(profile).resolve():
                path.unlink(missing_ok=True)
        shutil.rmtree(FOLDER / "junit", ignore_errors=True)
        with TemporaryFile(dir=FOLDER) as file:
            file.write(b" ")


def durations() -> dict[str, float]:
    """Return the durations of the scenarios in earlier runs, in seconds."""
    return read_durations(FOLDER)


def collect(
    verdict: Verdict,
    scenarios: Sequence[ScenarioRecord],
    causes: Sequence[Cause],
    selection: Selection,
    target: Target | None,
    started: float,
    about: Mapping[str, Sequence[str]],
) -> Report:
    """Return the report of a run.

    Args:
        verdict: the verdict of the run.
        scenarios: the records of its scenarios.
        causes: the causes of its failures.
        selection: the number of scenarios that the run selected.
        target: the bridge; None if the run ended before it was known.
        started: the time.time() at the beginning of the run.
        about: the lines of description that a feature begins with, by the feature's path.
    """
    counted = Counter(record.outcome for record in scenarios)
    profile = target.options.profile if target else Profile()
    return Report(
        verdict=verdict,
        bridge=BridgeRecord(
            name=target.options.name if target else "",
            service=target.options.service if target else "",
            lacking=profile.lacking,
            lacking_flags=profile.lacking_flags,
            lacking_methods=profile.lacking_methods,
            lacking_areas=profile.lacking_areas,
            known_failing=profile.known_failing,
        ),
        run=RunRecord(
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            seconds=round(time.time() - started, 2),
            selection=selection.described,
            chosen=selection.chosen,
            usual=selection.usual,
            full=selection.full,
        ),
        counts=Counts(
            passed=counted["passed"],
            failed=counted["failed"],
            skipped=counted["skipped"],
            known_failing=counted["known failing"],
            not_run=selection.chosen - len(scenarios),
            not_reached=counted["not reached"],
        ),
        coverage=target.coverage.as_json() if target else {},
        features=about,
        scenarios=scenarios,
        causes=causes,
    )


def write(data: Report) -> None:
    """Write the report of a run in all formats to the folder ``reports/``.

    Raises:
        ReportsError: a report cannot be written.
    """
    from varbridge.conformance.report import junit, page, summary  # needed only at the end of a run

    texts = {
        "index.html": page.render(data),
        "summary.md": summary.render(data),
        **{f"junit/{name}": text for name, text in junit.render(data).items()},
        DURATIONS: durations_text(durations(), data.scenarios),
        "verdict.json": _as_lines(data.as_json()),  # last: if it is there, all others are
    }
    with _writing():
        for name, text in texts.items():
            path = FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportsError(f"the reports cannot be written to {FOLDER}/: {error.strerror or error}") from None


def write_profile(target: Target) -> None:
    """Write the profile of the bridge with what it lacks, if there is anything.

    That is the methods that answered UNIMPLEMENTED, and the flags that were refused. Wrong answers are never
    declared: a run with this profile still fails for them.

    Raises:
        ReportsError: the file cannot be written.
    """
    methods, flags = target.missing_methods(), target.refused_flags()
    if methods or flags:
        profile = target.options.profile.with_lacking(target.options.name, methods, flags)
        with _writing():
            (FOLDER / PROFILE).write_text(profile.as_toml(), "utf-8")


def _as_lines(data: Mapping[str, Any]) -> str:
    """Return JSON with one scenario per line: readable for people, and quick to write."""
    head = {name: value for name, value in data.items() if name != "scenarios"}
    rows = ",\n".join(json.dumps(record, ensure_ascii=False) for record in data["scenarios"])
    return f'{json.dumps(head, indent=1, ensure_ascii=False)[:-2]},\n "scenarios": [\n{rows}\n ]\n}}\n'
