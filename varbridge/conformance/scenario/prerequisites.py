"""The facts that a step needs of earlier steps, which are checked before a scenario runs.

A step function declares them under its phrase: ``@needs(watch_of("person"))``, ``@provides(...)``. Each call
of a client also provides its outcome, without being declared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.vocabulary.calls import WatchRequest
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.phrases import is_call

Function = Callable[..., Any]

Arguments = Mapping[str, Any]
"""The values of a step's parameters by name, the ``rows`` of its table, and the current ``session``."""


class Fact(NamedTuple):
    """A fact that a step provides for later ones.

    Attributes:
        subject: the fact, in words that no other fact has.
        step: the text of a step that provides it, with … in place of its parameters.
    """

    subject: str
    step: str


Source = FromStep[Any] | Fact | Callable[[Arguments], Iterable[Any]]
"""A fact, an attribute that a step sets, or a function that returns sources for the arguments of a step."""

OUTCOME = Fact("the outcome of a call", 'When "x" is set to 0.5')
STARTED = Fact("a bridge that the scenario started", "Given a new bridge")
OUTCOMES = Fact("the outcomes of concurrent calls", "When … clients at once each …")

_ANSWER = "an answer with "
_CALLS = {
    "nothing": "",
    "a variable": 'When "x" is read',
    "a version": 'When "x" is set to 0.5',
    "several variables": 'When "x" and "y" are read in one call',
    "a batch": "When these are set in an atomic batch:",
    "a list of variables": "When the variables are listed",
    "a session": "When the session is opened",
    "a number of resources": "When the session is cleaned up",
    "a description": "When the session is described",
    "a heartbeat": "When a heartbeat is sent",
    "a result": "When the tool … runs",
    "ids of tools": "When these tools are registered:",
    "a final value": "When the optimizer … releases …",
    "a health status": "When the health service is called",
    "a list of services": "When the reflection service is called",
    "several versions each": "When … clients at once each set … … times",
    "a version each": "When … clients at once each set … to …",
    "timed calls": "When … clients at once each read and set … … times",
    "values of their own": "When … clients at once each use a session of their own",
}
"""A step for each kind of answer that a call, or each of several concurrent calls, can have."""


def answer(kind: str) -> Fact:
    """Return the fact that the last call, or the last concurrent calls, have an answer of a kind."""
    return Fact(_ANSWER + kind, _CALLS[kind])


def watch_of(parameter: str) -> Source:
    """Return the source of the watches of the person, or of the people, that a parameter names."""
    return _for_each(parameter, lambda person: Fact(f"a watch of {person}", f'Given {person} watches "x"'))


def bridge_named(parameter: str) -> Source:
    """Return the source of the bridges of a cluster that a parameter names."""
    return _for_each(parameter, bridge)


def own_bridge_named(parameter: str) -> Source:
    """Return the source of the bridges of the scenario's own cluster that a parameter names."""
    return _for_each(parameter, own_bridge)


def bridge(name: str) -> Fact:
    """Return the fact that the scenario uses a cluster with a bridge of this name."""
    return Fact(f"a bridge named {name}", f"Given a cluster of the bridges {name} and …")


def own_bridge(name: str) -> Fact:
    """Return the fact that a cluster that only this scenario uses has a bridge of this name."""
    return Fact(f"an own bridge named {name}", f"Given a new cluster of the bridges {name} and …")


def id_of(parameter: str) -> Source:
    """Return the source of the ids of variables, which a parameter or a column of the table names."""

    def facts(arguments: Arguments) -> Iterator[Fact]:
        if parameter in arguments:
            yield registered(arguments[parameter], arguments["session"])
        for row in () if parameter in arguments else arguments["rows"]:
            if isinstance(row[parameter], str):
                yield registered(row[parameter], arguments["session"])

    return facts


def registered(name: str, session: str) -> Fact:
    """Return the fact that a variable of this name was registered in a session."""
    where = f"in session {session!r}, " if session else ""
    return Fact(
        f"a registration of {name!r} in the session {session!r}", f'Given {where}a … variable "{name}"'
    )


def needs(*sources: Source) -> Callable[[Function], Function]:
    """Declare what a step needs of earlier steps."""
    return _declare("needs", sources)


def provides(*sources: Source) -> Callable[[Function], Function]:
    """Declare what a step provides for later steps."""
    return _declare("provides", sources)


def enters_session(parameter: str) -> Callable[[Function], Function]:
    """Declare that the step inside a prefix runs in the session that a parameter names."""
    return _declare("enters_session", parameter)


class Facts:
    """The facts that the steps of a scenario have provided so far."""

    def __init__(self) -> None:
        self._subjects: set[str] = set()

    def missing(self, function: Function, arguments: Arguments) -> Fact | None:
        """Return the first fact that a step needs and that no earlier step provides; None if it has all."""
        required = [*_declared(function, "needs", arguments), *_identified(arguments)]
        return next((fact for fact in required if fact.subject not in self._subjects), None)

    def add(self, function: Function, arguments: Arguments) -> None:
        """Record the facts that a step provides."""
        provided = _declared(function, "provides", arguments)
        if is_call(function) or any(fact.subject.startswith(_ANSWER) for fact in provided):
            self._subjects = {subject for subject in self._subjects if not subject.startswith(_ANSWER)}
        if is_call(function):
            self._subjects.add(OUTCOME.subject)
        self._subjects.update(fact.subject for fact in provided)


def arguments_of(function: Function, values: Sequence[Any], rows: Any, session: str) -> dict[str, Any]:
    """Return the arguments of a step by name, with the ``rows`` of its table and the current ``session``."""
    return {**dict(zip(_parameters(function), values, strict=False)), "rows": rows, "session": session}


@cache  # each step asks for them, and inspecting takes longer than most checks of a step
def _parameters(function: Function) -> Sequence[str]:
    """Return the names of a step function's parameters after the context."""
    return [*inspect.signature(function).parameters][1:]


def session_within(function: Function, arguments: Arguments) -> str:
    """Return the name of the session in which a step inside this one runs."""
    parameter = getattr(function, "enters_session", None)
    return str(arguments[parameter] if parameter else arguments["session"])


def _declare(attribute: str, value: Any) -> Callable[[Function], Function]:
    def define(function: Function) -> Function:
        setattr(function, attribute, value)
        return function

    return define


def _for_each(parameter: str, fact: Callable[[str], Fact]) -> Source:
    def facts(arguments: Arguments) -> Iterator[Fact]:
        names = arguments[parameter]
        return map(fact, [names] if isinstance(names, str) else names)

    return facts


def _declared(function: Function, attribute: str, arguments: Arguments) -> list[Fact]:
    return [fact for source in getattr(function, attribute, ()) for fact in _facts(source, arguments)]


def _facts(source: Source, arguments: Arguments) -> Iterator[Fact]:
    if isinstance(source, FromStep):
        yield Fact(source.name, source.step)
    elif isinstance(source, Fact):
        yield source
    else:
        for other in source(arguments):
            yield from _facts(other, arguments)


def _identified(arguments: Arguments) -> Iterator[Fact]:
    """Yield the registrations of all variables that the arguments of a step name by their ids."""
    rows = arguments["rows"]
    cells = [value for row in (rows if isinstance(rows, list) else [rows or {}]) for value in row.values()]
    for value in (*arguments.values(), *cells):
        identifiers = value.variables if isinstance(value, WatchRequest) else value
        for item in identifiers if isinstance(identifiers, list) else [identifiers]:
            if isinstance(item, Identifier) and item.by != "name":
                session = arguments["session"] if item.session is None else item.session
                yield registered(item.name, session)
