"""The records of the scenarios that behave has run: their steps, outcomes and explanations."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from behave.model_type import Status

from varbridge.conformance.clauses import clauses_of, statements_of
from varbridge.conformance.paths import command_for, shown_path
from varbridge.conformance.report.record import ScenarioRecord, StepRecord
from varbridge.conformance.run.explanation import STEP_OUTCOMES
from varbridge.conformance.run.run import ConformanceRun, Note
from varbridge.conformance.run.validation import scenarios


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


def outcome_of(scenario: Any, run: ConformanceRun) -> str | None:
    """Return the outcome of a scenario, as in its record; None if it was not selected or not run."""
    outcome = _outcome(scenario, run.notes.get(id(scenario), Note()))
    if outcome in ("failed", "not reached") and run.known.reason(scenario):
        return "known failing"
    return outcome


def _record(feature: Any, rule: Any, scenario: Any, run: ConformanceRun) -> ScenarioRecord | None:
    note = run.notes.get(id(scenario), Note())
    outcome = outcome_of(scenario, run)
    if outcome is None:
        return None
    known = run.known.reason(scenario)
    shown = outcome in ("failed", "not reached", "known failing")
    location = f"{shown_path(scenario.filename)}:{scenario.line}"
    return ScenarioRecord(
        feature=feature.name,
        rule=rule.name if rule else "",
        clauses=clauses_of(scenario.effective_tags),
        scenario=scenario.name,
        location=location,
        outcome=outcome,
        reason=note.lack.reason if note.lack else known if outcome == "known failing" else "",
        declared=(note.lack is None or note.lack.declared) if outcome == "skipped" else bool(known),
        outside=note.lack is not None and note.lack.outside,
        known=run.known.name(scenario),
        seconds=round(scenario.duration, 4),
        steps=[_step(step) for step in scenario.all_steps],
        explanation=[*note.failures, *note.explanation] if shown else [],
        exchange=note.exchange,
        log=note.log,
        rerun=f"{command_for(scenario.filename)} {shlex.quote(location)}{run.target.options.typed}",
        series=note.series,
        failure=note.failure if shown else None,
        violations=note.violations,
        methods=note.methods,
        figures=note.figures,
        divergences=note.divergences if shown else (),
        statements=statements_of(scenario.effective_tags),
    )


def _outcome(scenario: Any, note: Note) -> str | None:
    if note.interrupted:
        return None
    if note.lack is not None:
        return "skipped"
    if note.failure is not None:
        return "not reached" if note.failure.stage == "given" and not note.ended else "failed"
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
        outcome=STEP_OUTCOMES.get(step.status, "failed"),
        seconds=round(step.duration, 4),
        table=table,
        lines=None if step.text is None else str(step.text).splitlines(),
    )
