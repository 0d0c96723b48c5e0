"""Values that one step of a scenario makes, and that later ones need."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

T = TypeVar("T")


class ScenarioError(Exception):
    """A scenario that lacks a step which another one needs: a mistake of the suite, not of the bridge."""


class FromStep(Generic[T]):
    """An attribute that a step sets; to read it before is an error that says which step is missing.

    Args:
        step: the words of the step, with … for what differs.
    """

    def __init__(self, step: str) -> None:
        self._step = step

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

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
            raise ScenarioError(f"it lacks a step before this one: {self._step}") from None
        return value

    def __set__(self, instance: object, value: T) -> None:
        vars(instance)[self._name] = value

    def get(self, instance: object) -> T | None:
        """Return the value; None where no step has set it."""
        value: T | None = vars(instance).get(self._name)
        return value
