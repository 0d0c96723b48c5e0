"""The records of the scenarios that behave has run: their steps, outcomes and explanations."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from behave.model_type import Status

from varbridge import BridgeError
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.report.record import ScenarioRecord, StepRecord
from varbridge.conformance.run.run import ConformanceRun, Note
from varbridge.conformance.run.validation import scenarios
from varbridge.conformance.vocabulary.outcome import in_words
from varbridge.errors import ToolFailedError

_LINES = 15  # the maximum number of lines of an explanation
_STEP_OUTCOMES = {Status.passed: "passed", Status.skipped: "not run", Status.untested: "not run"}


def records(features: Iterable[Any], run: ConformanceRun) -> list[ScenarioRecord]:
    """Return the records of the scenarios that ran or were skipped, in the order of the features."""
    scenario_records = [
        record
        for feature in features
        for rule, scenario in _with_rules(feature)
        if (record := _record(feature, rule, scenario, run)) is not None
    ]
    return _refuse_stale(scenario_records)


def descriptions(features: Iterable[Any]) -> dict[str, list[str]]:
    """Return the lines of description that each feature begins with, by the feature's path."""
    return {shown_path(feature.filename): [*feature.description] for feature in features}


def _with_rules(feature: Any) -> list[tuple[Any, Any]]:
    ruled = [(rule, scenario) for rule in feature.rules for scenario in rule.walk_scenarios()]
    seen = {id(scenario) for _, scenario in ruled}
    return [(None, s) for s in scenarios([feature]) if id(s) not in seen] + ruled


def _record(feature: Any, rule: Any, scenario: Any, run: ConformanceRun) -> ScenarioRecord | None:
    note = run.notes.get(id(scenario), Note())
    outcome = _outcome(scenario, note)
    if outcome is None:
        return None
    known = run.known.reason(scenario)
    if known and outcome == "failed":
        outcome = "known failing"
    shown = outcome in ("failed", "known failing")
    location = f"{shown_path(scenario.filename)}:{scenario.line}"
    return ScenarioRecord(
        feature=feature.name,
        rule=rule.name if rule else "",
        clauses=clauses_of(scenario.effective_tags),
        scenario=scenario.name,
        location=location,
        outcome=outcome,
        reason=note.lacked or scenario.skip_reason or (known if outcome == "known failing" else ""),
        declared=note.declared if outcome == "skipped" else bool(known),
        known=run.known.name(scenario),
        seconds=round(scenario.duration, 4),
        steps=[_step(step) for step in scenario.all_steps],
        explanation=[*note.violations, *_explanation(scenario)] if shown else [],
        exchange=note.exchange,
        log=note.log,
        rerun=f"behave {shlex.quote(location)}{run.target.options.typed}",
        series=note.series,
    )


def _outcome(scenario: Any, note: Note) -> str | None:
    if note.lacked:
        return "skipped"
    if note.violations:
        return "failed"
    if scenario.status == Status.passed:
        return "passed"
    if scenario.status in (Status.skipped, Status.untested) and not scenario.hook_failed:
        return "skipped" if scenario.skip_reason else None  # not selected, or not reached
    return "failed"


def _refuse_stale(scenarios: list[ScenarioRecord]) -> list[ScenarioRecord]:
    """Count expected failures that pass as failed: a stale declaration would hide the next failure."""
    failing = {record.known for record in scenarios if record.outcome == "known failing"}
    return [
        replace(
            record,
            outcome="failed",
            explanation=[
                f"the profile declares {record.known!r} as known to fail, but it passes:"
                " remove the declaration"
            ],
        )
        if record.known and record.outcome == "passed" and record.known not in failing
        else record
        for record in scenarios
    ]


def _step(step: Any) -> StepRecord:
    table = None
    if step.table is not None:
        table = [[*step.table.headings], *([*row.cells] for row in step.table.rows)]
    return StepRecord(
        text=f"{step.keyword} {step.name}",
        outcome=_STEP_OUTCOMES.get(step.status, "failed"),
        seconds=round(step.duration, 4),
        table=table,
        lines=None if step.text is None else str(step.text).splitlines(),
    )


def _explanation(scenario: Any) -> list[str]:
    lines: list[str] = []
    for step in scenario.all_steps:
        if step.status not in _STEP_OUTCOMES:
            lines.append(f"{step.keyword} {step.name}")
            lines.extend(_step_explanation(step))
    if not lines and scenario.error_message:  # a hook failed
        lines.extend(str(scenario.exception or scenario.error_message).splitlines())
    return lines


def _step_explanation(step: Any) -> list[str]:
    text = str(step.exception) if step.exception else step.error_message or ""
    if isinstance(step.exception, BridgeError | ToolFailedError):  # the step needed an answer
        text = in_words(step.exception)
    lines = [line for line in text.splitlines() if line.strip()][-_LINES:]
    return lines or [
        f"{type(step.exception).__name__} without a message" if step.exception else "no reason given"
    ]


def shown_path(filename: str) -> str:
    """Return a path as users type it: relative to the working directory, or absolute if it is elsewhere."""
    path = Path(filename).absolute()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)
