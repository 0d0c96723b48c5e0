"""The values that one step of a scenario sets, and that later steps read."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

T = TypeVar("T")


class ScenarioError(Exception):
    """A scenario without a step on which a later step depends: a defect of the suite, not of the bridge."""


class FromStep(Generic[T]):
    """An attribute that a step sets; reading it earlier raises an error that names the missing step.

    Args:
        step: the text of the step, with … in place of its parameters.
    """

    def __init__(self, step: str) -> None:
        self.step = step
        self.name = ""
        """The names of the class and the attribute."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.name = f"{owner.__name__}.{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> FromStep[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> FromStep[T] | T:
        if instance is None:
            return self
        try:
            value: T = vars(instance)[self._name]
        except KeyError:
            raise ScenarioError(f"it lacks a step before this one, such as: {self.step}") from None
        return value

    def __set__(self, instance: object, value: T) -> None:
        vars(instance)[self._name] = value

    def get(self, instance: object) -> T | None:
        """Return the value of the attribute; None if no step has set it."""
        value: T | None = vars(instance).get(self._name)
        return value
