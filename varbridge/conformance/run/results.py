"""The records of what behave has run: each scenario with its steps, its outcome and its explanation."""

from __future__ import annotations

import re
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

_LINES = 15  # of an explanation
_WITHIN = re.compile(r"^\w+ SUB-STEP: .*\n(?:Substep info: )?(?:ASSERT FAILED: )?")
_OWN_WORDS = {Status.passed: "passed", Status.skipped: "not run", Status.untested: "not run"}


def records(features: Iterable[Any], run: ConformanceRun) -> list[ScenarioRecord]:
    """One for each scenario that was selected and came to run, in the order of the features."""
    found = [
        record
        for feature in features
        for rule, scenario in _with_rules(feature)
        if (record := _record(feature, rule, scenario, run)) is not None
    ]
    return _refuse_stale(found)


def descriptions(features: Iterable[Any]) -> dict[str, list[str]]:
    """The lines of description that each feature begins with, by its path."""
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
        again=f"behave {shlex.quote(location)}{run.target.options.typed}",
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
        return "skipped" if scenario.skip_reason else None  # not selected, or not come to
    return "failed"


def _refuse_stale(found: list[ScenarioRecord]) -> list[ScenarioRecord]:
    """Make a declaration under which nothing fails any more a failure itself: it hides the next one."""
    failing = {record.known for record in found if record.outcome == "known failing"}
    return [
        replace(
            record,
            outcome="failed",
            explanation=[
                f"the profile declares {record.known!r} as known to fail, but it passes: take it out"
            ],
        )
        if record.known and record.outcome == "passed" and record.known not in failing
        else record
        for record in found
    ]


def _step(step: Any) -> StepRecord:
    table = None
    if step.table is not None:
        table = [[*step.table.headings], *([*row.cells] for row in step.table.rows)]
    return StepRecord(
        text=f"{step.keyword} {step.name}",
        outcome=_OWN_WORDS.get(step.status, "failed"),
        seconds=round(step.duration, 4),
        table=table,
        lines=None if step.text is None else str(step.text).splitlines(),
    )


def _explanation(scenario: Any) -> list[str]:
    lines: list[str] = []
    for step in scenario.all_steps:
        if step.status not in _OWN_WORDS:
            lines.append(f"{step.keyword} {step.name}")
            lines.extend(_words(step))
    if not lines and scenario.error_message:  # of a hook
        lines.extend(str(scenario.exception or scenario.error_message).splitlines())
    return lines


def _words(step: Any) -> list[str]:
    text = str(step.exception) if step.exception else step.error_message or ""
    if isinstance(step.exception, BridgeError | ToolFailedError):  # where a step needed an answer
        text = in_words(step.exception)
    text = _WITHIN.sub("", text.partition("\nTraceback (")[0])  # of a step within a step: its words alone
    found = [line for line in text.splitlines() if line.strip()][-_LINES:]
    return found or [
        f"{type(step.exception).__name__}, without a word" if step.exception else "no reason told"
    ]


def shown_path(filename: str) -> str:
    """As it is typed: relative to the working directory where it is below that."""
    path = Path(filename).absolute()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)
