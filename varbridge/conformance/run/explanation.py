"""The explanation of a failed scenario: its lines, and the place and the kind of the failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import grpc
from behave.model_type import Status

from varbridge import BridgeError
from varbridge.conformance.report.record import Failure
from varbridge.conformance.report.trace import Trace
from varbridge.conformance.vocabulary.outcome import in_words
from varbridge.errors import ToolFailedError

_LINES = 15  # the maximum number of lines of an explanation
STEP_OUTCOMES = {Status.passed: "passed", Status.skipped: "not run", Status.untested: "not run"}
"""The outcomes of steps that did not fail, by behave's status."""

_REFUSAL = re.compile(rf"\b({'|'.join(code.name for code in grpc.StatusCode)}): (.*)", re.S)
_ACTUAL = re.compile(r".*?(?:\bbut: |, but )(.*)", re.S)


def failure_of(scenario: Any, failures: Sequence[str], ended: bool, trace: Trace) -> Failure:
    """Return the place and the kind of the failure of a scenario.

    Args:
        scenario: behave's scenario, which failed.
        failures: sentences about what failed at its end; empty if a step failed.
        ended: True if the bridge ended by itself, or answers no more.
        trace: the calls of the scenario.
    """
    step = next((step for step in scenario.all_steps if step.status not in STEP_OUTCOMES), None)
    text = "\n".join(_step_explanation(step) if step is not None else failures)
    actual = _ACTUAL.fullmatch(text)
    refusal = _REFUSAL.search(actual[1] if actual else text)
    status, words = (refusal[1], refusal[2]) if refusal else ("", "")
    method = trace.refused_method(status, words) if refusal else trace.last_method()
    return Failure(
        stage=step.step_type if step is not None else "end",
        step=f"{step.keyword} {step.name}" if step is not None else "",
        method=method,
        status=status,
        words=" ".join(words.split()),
        ended=ended,
        unimplemented=[*trace.unimplemented],
    )


def explanation(scenario: Any) -> list[str]:
    """Return the lines that explain the failure of a scenario: the failed step, and what was wrong."""
    lines: list[str] = []
    for step in scenario.all_steps:
        if step.status not in STEP_OUTCOMES:
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
