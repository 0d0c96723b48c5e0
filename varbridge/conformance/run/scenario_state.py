"""The state of behave's model of a scenario after it ran, which a job sends to the process of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from behave.formatter.base import Formatter
from behave.model_type import Status


@dataclass(frozen=True)
class _Error:
    """The name of the class and the text of an exception, which itself may not be sent to another process."""

    name: str
    text: str
    is_assertion: bool

    @classmethod
    def of(cls, error: BaseException | None) -> _Error | None:
        if error is None:
            return None
        return cls(type(error).__name__, str(error), isinstance(error, AssertionError))

    def exception(self) -> Exception:
        """Return an exception with the same class name, the same text, and no traceback."""
        base = AssertionError if self.is_assertion else Exception
        stand_in: Exception = type(self.name, (base,), {})(self.text)
        return stand_in


@dataclass(frozen=True)
class _Outcome:
    """The outcome of a scenario or of a step, in behave's terms."""

    status: Status
    hook_failed: bool
    error: _Error | None
    message: str | None
    captured: Any

    @classmethod
    def of(cls, entity: Any) -> _Outcome:
        captured = entity.captured if entity.captured.has_output() else None
        return cls(
            entity.status, entity.hook_failed, _Error.of(entity.exception), entity.error_message, captured
        )

    def restore(self, entity: Any) -> None:
        entity.hook_failed = self.hook_failed
        entity.exception = self.error.exception() if self.error else None
        entity.error_message = self.message
        if self.captured is not None:
            entity.captured.add_captured(self.captured)


@dataclass(frozen=True)
class ScenarioState:
    """The state of a scenario: its outcome, those of its steps with their durations, and any skip reason."""

    outcome: _Outcome
    steps: list[tuple[_Outcome, float]]
    skipped: bool
    reason: str | None

    @classmethod
    def of(cls, scenario: Any) -> ScenarioState:
        """Return the state of a scenario that ran or was skipped."""
        steps = [(_Outcome.of(step), step.duration) for step in scenario.all_steps]
        return cls(_Outcome.of(scenario), steps, scenario.should_skip, scenario.skip_reason)

    def restore(self, scenario: Any) -> None:
        """Give a scenario that did not run in this process this state."""
        for step, (outcome, duration) in zip(scenario.all_steps, self.steps, strict=True):
            step.status, step.duration = outcome.status, duration
            outcome.restore(step)
        self.outcome.restore(scenario)
        scenario.should_skip, scenario.skip_reason = self.skipped, self.reason
        scenario.set_status(self.outcome.status)


def show(scenario: Any, runner: Any) -> None:
    """Call behave's formatters as behave does when it runs a scenario, which has ended by now."""
    for formatter in runner.formatters:
        formatter.scenario(scenario)
    if scenario.should_skip:
        return
    for step in scenario:
        for formatter in runner.formatters:
            formatter.step(step)
    readers = [formatter for formatter in runner.formatters if type(formatter).match is not Formatter.match]
    for step in scenario.all_steps:
        if step.status in (Status.skipped, Status.untested):
            continue
        if readers:  # to find the match takes long
            match = runner.step_registry.find_match(step)
            for formatter in readers:
                formatter.match(match)
        for formatter in runner.formatters:
            formatter.result(step)
