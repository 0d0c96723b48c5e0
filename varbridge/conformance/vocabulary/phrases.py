"""Definitions of phrases: actions, and phrases that contain another step.

Facts that are only set up are defined with behave's ``given``, and checks with behave's ``then``. An action
is one phrase for Given and When: as a When it keeps its outcome for a Then to examine, as a Given it has to
succeed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any

from behave import step
from behave.runner import the_step_registry

from varbridge.conformance.vocabulary.expressions import Definitions

Function = Callable[..., Any]

_ACTION, _CALL, _PREFIX = "is_action", "is_call", "is_prefix"


def action(phrase: str) -> Callable[[Function], Function]:
    """Define a phrase for a call of a client, as a Given or a When; the step function returns the answer."""

    def attempt(context: Any, call: Callable[[], Any]) -> None:
        context.world.attempt(call)
        if context.world.step_type == "given":
            context.world.outcome.require_accepted()

    define = _given_or_when(phrase, attempt)

    def define_call(function: Function) -> Function:
        setattr(function, _CALL, True)
        return define(function)

    return define_call


def event(phrase: str) -> Callable[[Function], Function]:
    """Define a phrase for what happens without an answer, such as the end of a process."""
    return _given_or_when(phrase, lambda _, work: work())


def _given_or_when(
    phrase: str, perform: Callable[[Any, Callable[[], Any]], None]
) -> Callable[[Function], Function]:
    def define(function: Function) -> Function:
        @wraps(function)
        def run(context: Any, *arguments: Any) -> None:
            context.world.acted_at = time.monotonic()
            perform(context, partial(function, context, *arguments))

        setattr(run, _ACTION, True)
        step(phrase)(run)
        return function

    return define


def prefix(phrase: str) -> Callable[[Function], Function]:
    """Define a phrase that ends with another step, which its function runs with ``run_step``."""

    def define(function: Function) -> Function:
        setattr(function, _PREFIX, True)
        step(phrase)(function)
        return function

    return define


def run_step(context: Any, text: str) -> None:
    """Run a step inside another one, with the keyword and the table of the outer one."""
    definition = Definitions.of(the_step_registry).find(context.world.step_type, text)
    assert definition is not None, f"no step is defined for {text!r}"  # the validation has found it
    definition.match(text).run(context)


def chain(registry: Any, behave_step: Any) -> Iterator[tuple[str, Any]]:
    """Yield the texts and the definitions of a step and of the steps in it; None if one is not defined."""
    definitions = Definitions.of(registry)
    text = behave_step.name
    while True:
        definition = definitions.find(behave_step.step_type, text)
        yield text, definition
        if definition is None or not is_prefix(definition):
            return
        *_, inner = definition.cucumber_expression.match(text)
        text = inner.group.value


def is_action(definition: Any) -> bool:
    """Return True if a phrase is an action or an event, so that it checks nothing."""
    return hasattr(definition.func, _ACTION)


def is_call(function: Function) -> bool:
    """Return True if a step function is a call of a client, whose outcome a Then examines."""
    return hasattr(function, _CALL)


def is_prefix(definition: Any) -> bool:
    """Return True if a phrase ends with another step."""
    return hasattr(definition.func, _PREFIX)
