"""The record of a run, from which all reports and the output on the terminal are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.report.verdict import Verdict

FORMAT = 2
"""The format number of verdict.json; it grows if a reader of an older format would misread a newer one."""


@dataclass(frozen=True)
class StepRecord:
    """The record of a step.

    Attributes:
        text: the keyword and the phrase.
        outcome: "passed", "failed" or "not run".
        seconds: the duration, in seconds.
        table: the headings of the table, then its rows; None if there is no table.
        lines: the lines of the attached text; None if there is none.
    """

    text: str
    outcome: str
    seconds: float
    table: Sequence[Sequence[str]] | None = None
    lines: Sequence[str] | None = None


@dataclass(frozen=True)
class ScenarioRecord:
    """The record of a scenario that ran or was skipped.

    Attributes:
        feature: the name of its feature.
        rule: the name of its rule; empty if it is outside of rules.
        clauses: the ids of the clauses that the scenario proves.
        scenario: the name of the scenario, with the place of the row if it is from an outline.
        location: the path of the feature and the line of the scenario, as PATH:LINE.
        outcome: "passed", "failed", "skipped" or "known failing".
        reason: the reason why it was skipped or is known to fail; empty otherwise.
        declared: True if the profile declares that reason.
        known: the name under which the profile declares it as known to fail; empty if it does not.
        seconds: the duration, in seconds.
        steps: the records of its steps.
        explanation: the lines that explain its failure.
        exchange: the calls and messages between people and bridges, if it failed.
        log: the last lines that the server wrote on stderr, if it failed.
        rerun: the command that runs only this scenario.
        series: the figures that it measured over time; see ``Series.as_json``.
    """

    feature: str
    rule: str
    clauses: Sequence[str]
    scenario: str
    location: str
    outcome: str
    reason: str
    declared: bool
    known: str
    seconds: float
    steps: Sequence[StepRecord]
    explanation: Sequence[str]
    exchange: Sequence[Exchange]
    log: Sequence[str]
    rerun: str
    series: Sequence[Mapping[str, Any]] = ()

    @property
    def path(self) -> str:
        """The path of the feature's file."""
        return self.location.rpartition(":")[0]

    @property
    def shown_name(self) -> str:
        """The name of the scenario, with its values but without the row numbers of an outline."""
        return shown_name(self.scenario)


@dataclass(frozen=True)
class BridgeRecord:
    """The record of the system under test; see ``Profile``. Empty if the run ended before it was reached."""

    name: str = ""
    service: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: Sequence[str] = ()
    known_failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """The time and the selection of a run; see ``Selection``."""

    started: str
    seconds: float
    selection: str
    chosen: int
    usual: int
    full: bool


@dataclass(frozen=True)
class Counts:
    """The number of scenarios by outcome; ``not_run`` counts those that were selected but not reached."""

    passed: int
    failed: int
    skipped: int
    known_failing: int
    not_run: int


@dataclass(frozen=True)
class Report:
    """The complete report of a run; ``docs/verdict.schema.json`` describes its JSON form.

    Attributes:
        verdict: the verdict.
        bridge: the system under test.
        run: the time and the selection of the run.
        counts: the number of scenarios by outcome.
        coverage: the coverage: the counts of clauses, methods and so on, by subject.
        features: the lines of description that each feature begins with, by the feature's path.
        scenarios: the records of the scenarios, in the order of the features.
    """

    verdict: Verdict
    bridge: BridgeRecord
    run: RunRecord
    counts: Counts
    coverage: Mapping[str, Mapping[str, int]]
    features: Mapping[str, Sequence[str]]
    scenarios: Sequence[ScenarioRecord]

    def of(self, outcome: str) -> list[ScenarioRecord]:
        """Return the records of the scenarios with this outcome."""
        return [record for record in self.scenarios if record.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """Return the content of ``verdict.json``; empty optional fields are omitted."""
        content = {"format": FORMAT, **asdict(self)}
        content["verdict"]["exit_code"] = self.verdict.exit_code
        for scenario in content["scenarios"]:
            if not scenario["series"]:
                del scenario["series"]
            for name in ("steps", "exchange"):
                scenario[name] = [
                    {field: value for field, value in item.items() if value is not None}
                    for item in scenario[name]
                ]
        return content


def shown_name(name: str) -> str:
    """Return a scenario's name as reports show it, without the numbers that behave adds for outline rows."""
    outline, marker, row = name.partition(" -- @")
    group = row.partition(" ")[2].strip()
    return f"{outline} ({group})" if marker and group else outline
