"""The end of a run: what was judged, which rules are broken and how, in words and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from behave.model_type import Status
from behave.reporter.base import Reporter

from harness import tags
from harness.guards import scenarios

REPORT = Path("reports/verdict.json")
_LOG_LINES = 15


class VerdictReporter(Reporter):  # type: ignore[misc]  # behave is not typed
    """Tells the verdict when behave is done, and writes it to ``reports/verdict.json``."""

    def __init__(self, config: Any, evidence: Mapping[Any, list[str]], out: TextIO = sys.stdout) -> None:
        super().__init__(config)
        self._evidence = evidence
        self._out = out
        self._entries: list[dict[str, Any]] = []

    def feature(self, feature: Any) -> None:
        """Take in a feature that has run, or that was left out."""
        for rule, scenario in _with_rules(feature):
            entry = _entry(feature, rule, scenario, self._evidence.get(scenario, []))
            if entry is not None:
                self._entries.append(entry)

    def end(self) -> None:
        """Tell the verdict."""
        failed = [entry for entry in self._entries if entry["outcome"] == "failed"]
        for entry in failed:
            self._tell(entry)
        counts = {
            outcome: sum(entry["outcome"] == outcome for entry in self._entries)
            for outcome in ("passed", "failed", "skipped")
        }
        if counts["skipped"]:
            reasons = {entry["reason"] for entry in self._entries if entry["outcome"] == "skipped"}
            self._print(f"skipped: {'; '.join(sorted(reasons))}")
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(
            json.dumps({"counts": counts, "scenarios": self._entries}, indent=1, ensure_ascii=False)
        )
        line = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        self._print(f"scenarios: {line}")

    def _tell(self, entry: dict[str, Any]) -> None:
        clauses = " ".join(f"@{clause}" for clause in entry["clauses"])
        self._print(f"\nBROKEN RULE {clauses}: {entry['rule'] or entry['feature']}")
        self._print(f"  {entry['location']}: {entry['scenario']}")
        for line in entry["explanation"]:
            self._print(f"    {line}")
        self._print(f"  again: behave {entry['location']}")

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def _with_rules(feature: Any) -> list[tuple[Any, Any]]:
    ruled = [(rule, scenario) for rule in feature.rules for scenario in rule.walk_scenarios()]
    seen = {id(scenario) for _, scenario in ruled}
    return [(None, s) for s in scenarios([feature]) if id(s) not in seen] + ruled


def _entry(feature: Any, rule: Any, scenario: Any, evidence: list[str]) -> dict[str, Any] | None:
    status = scenario.status
    if status == Status.passed:
        outcome = "passed"
    elif status in (Status.skipped, Status.untested) and not scenario.hook_failed:
        if not scenario.skip_reason:
            return None  # not selected
        outcome = "skipped"
    else:
        outcome = "failed"
    return {
        "feature": feature.name,
        "rule": rule.name if rule else "",
        "clauses": tags.clauses(scenario.effective_tags),
        "scenario": scenario.name,
        "location": str(scenario.location),
        "outcome": outcome,
        "reason": scenario.skip_reason or "",
        "seconds": round(scenario.duration, 4),
        "explanation": _explanation(scenario, evidence) if outcome == "failed" else [],
    }


def _explanation(scenario: Any, evidence: list[str]) -> list[str]:
    lines: list[str] = []
    for step in scenario.all_steps:
        if step.status not in (Status.passed, Status.skipped, Status.untested):
            lines.append(f"{step.keyword} {step.name}")
            lines.extend(_words(step))
    if not lines and scenario.error_message:  # what every scenario is held to at its end
        lines.extend(str(scenario.exception or scenario.error_message).splitlines())
    return [*lines, *evidence]


def _words(step: Any) -> list[str]:
    if step.status == Status.undefined:
        return ["no step says this: behave --steps-catalog lists those that there are"]
    text = str(step.exception) if step.exception else step.error_message or ""
    text = text.partition("\nTraceback (")[0]  # of a step within a step: its words are above it
    return [line for line in text.splitlines() if line.strip()][-_LOG_LINES:]
