"""The matchers of steps, whose mismatches read as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from itertools import islice
from typing import Any, cast

import grpc
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from varbridge import BridgeError, Variable
from varbridge.conformance.vocabulary.encoding import read_value
from varbridge.conformance.vocabulary.literals import Literal, same, show
from varbridge.conformance.vocabulary.statuses import CODES
from varbridge.conformance.vocabulary.updates import value_of
from varbridge.errors import MalformedReplyError, ToolFailedError


class Holds(BaseMatcher[Variable]):
    """A matcher of a variable with this value at this version."""

    def __init__(self, value: Literal, version: int) -> None:
        self._value = value
        self._version = version

    def _matches(self, item: Variable) -> bool:
        try:
            actual = read_value(item)
        except MalformedReplyError:
            return False
        expected = self._value.python()
        # Only the number of a float matters: 1 and 1.0 are the same JSON number.
        exact = item.type != "float"
        return same(expected, actual, exact=exact) and item.version == self._version

    def describe_to(self, description: Description) -> None:
        description.append_text(f"{self._value} at version {self._version}")

    def describe_mismatch(self, item: Variable, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{item.name!r} held {value_of(item)} at version {item.version}")


class Refused(BaseMatcher[BridgeError | None]):
    """A matcher of a refusal with one of these statuses and with this phrase in its message."""

    def __init__(
        self, title: str, codes: Sequence[grpc.StatusCode], phrase: str | None, otherwise: str
    ) -> None:
        self._title = title
        self._codes = codes
        self._phrase = phrase
        self._otherwise = otherwise

    def _matches(self, item: object) -> bool:
        return (
            isinstance(item, BridgeError)
            and item.code in self._codes
            and (self._phrase is None or self._phrase in item.message)
        )

    def describe_to(self, description: Description) -> None:
        names = " or ".join(code.name for code in self._codes)
        description.append_text(self._title if names in self._title else f"{self._title} ({names})")
        if self._phrase is not None:
            description.append_text(f" that says {self._phrase!r}")

    def describe_mismatch(self, item: object, mismatch_description: Description) -> None:
        if item is None:
            mismatch_description.append_text(self._otherwise)
        elif isinstance(item, BridgeError) and item.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            mismatch_description.append_text("no answer came in time")
        else:
            mismatch_description.append_text(f"it was refused otherwise: {item}")


class ToolFailure(BaseMatcher[object]):
    """A matcher of a tool's failure, as opposed to the refusal of a call."""

    def _matches(self, item: object) -> bool:
        return isinstance(item, ToolFailedError)

    def describe_to(self, description: Description) -> None:
        description.append_text("the tool to fail")

    def describe_mismatch(self, item: object, mismatch_description: Description) -> None:
        mismatch_description.append_text("it succeeded" if item is None else f"the call was refused: {item}")


class IsValue(BaseMatcher[object]):
    """A matcher of a value as a feature writes it."""

    def __init__(self, expected: Literal, exact: bool) -> None:
        self._expected = expected
        self._exact = exact

    def _matches(self, item: object) -> bool:
        return same(self._expected.python(), item, exact=self._exact)

    def describe_to(self, description: Description) -> None:
        description.append_text(str(self._expected))

    def describe_mismatch(self, item: object, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"was {show(item)}")


class InOrder(BaseMatcher[Sequence[Any]]):
    """A matcher of exactly these items in this order; a mismatch shows only the first difference."""

    _SHOWN = 10

    def __init__(self, expected: Sequence[Any], show_item: Callable[[Any], str]) -> None:
        self._expected = expected
        self._show_item = show_item

    def _matches(self, item: Sequence[Any]) -> bool:
        return [*item] == [*self._expected]

    def describe_to(self, description: Description) -> None:
        if len(self._expected) <= self._SHOWN:
            description.append_text(", ".join(map(self._show_item, self._expected)) or "none")
        else:
            first, last = self._show_item(self._expected[0]), self._show_item(self._expected[-1])
            description.append_text(f"{len(self._expected)} in order, {first} to {last}")

    def describe_mismatch(self, item: Sequence[Any], mismatch_description: Description) -> None:
        wanted, got = len(self._expected), len(item)
        pairs = zip(self._expected, item, strict=False)
        right = next(
            (index for index, (first, second) in enumerate(pairs) if first != second), min(wanted, got)
        )
        if right < min(wanted, got):
            text = (
                f"at place {right + 1} of {wanted} expected {self._show_item(self._expected[right])}, got"
                f" {self._show_item(item[right])}; {got} came in all"
            )
        elif got < wanted:
            text = f"{got} of {wanted}, the first {got} as expected, then nothing" if got else "nothing came"
        else:
            text = (
                f"all {wanted} as expected, then {got - wanted} more, first {self._show_item(item[wanted])}"
            )
        mismatch_description.append_text(text)


class NoFaults(BaseMatcher[Sized]):
    """A matcher of an empty collection of faults; a mismatch shows the first of them."""

    _SHOWN = 3

    def _matches(self, item: Sized) -> bool:
        return not len(item)

    def describe_to(self, description: Description) -> None:
        description.append_text("none")

    def describe_mismatch(self, item: Sized, mismatch_description: Description) -> None:
        shown = [*islice(cast("Iterable[object]", item), self._SHOWN)]
        text = "; ".join(fault if isinstance(fault, str) else repr(fault) for fault in shown)
        more = f"; and {len(item) - len(shown)} more" if len(item) > len(shown) else ""
        mismatch_description.append_text(f"{text}{more}")


def holds(value: Literal, version: int) -> Holds:
    """Return a matcher of a variable with this value at this version."""
    return Holds(value, version)


def is_refusal(status: str, phrase: str | None = None, otherwise: str = "it was accepted") -> Refused:
    """Return a matcher of a refusal with a status, in the words of the features, and a phrase in its message.

    Args:
        otherwise: the mismatch if there is no refusal.
    """
    return Refused(f"a refusal {status}", CODES[status], phrase, otherwise)


def is_no_connection() -> Refused:
    """Return a matcher of a call for which no connection could be established."""
    return Refused("no connection to be made", [grpc.StatusCode.UNAVAILABLE], None, "it was accepted")


def expect(condition: bool, expected: str, actual: str) -> None:
    """Assert a condition; the message has the form of a matcher's mismatch.

    Args:
        condition: the condition, which must be a bool.
        expected: a description of what was expected.
        actual: a description of the actual result if the condition is not met.

    Raises:
        AssertionError: the condition is not True.
    """
    if condition is not True:  # a value that is only truthy is a mistake
        raise mismatch(expected, actual)


def mismatch(expected: str, actual: str) -> AssertionError:
    """Return an error in the form of a matcher's mismatch."""
    return AssertionError(f"\nExpected: {expected}\n     but: {actual}\n")


def is_tool_failure() -> ToolFailure:
    """Return a matcher of a tool's failure, as opposed to the refusal of a call."""
    return ToolFailure()


def is_value(expected: Literal, *, exact: bool = True) -> IsValue:
    """Return a matcher of a value as a feature writes it; see ``literals.same``."""
    return IsValue(expected, exact)


def in_order(expected: Sequence[Any], show_item: Callable[[Any], str] = repr) -> InOrder:
    """Return a matcher of exactly these items in this order.

    Args:
        expected: all items.
        show_item: the function that formats an item.
    """
    return InOrder(expected, show_item)


class CallFailed(BaseMatcher[BaseException | None]):
    """A matcher of a call that failed by a refusal or a tool's failure, not by the client's deadline."""

    def _matches(self, item: BaseException | None) -> bool:
        gave_up = isinstance(item, BridgeError) and item.code is grpc.StatusCode.DEADLINE_EXCEEDED
        return item is not None and not gave_up

    def describe_to(self, description: Description) -> None:
        description.append_text("the call to fail")

    def describe_mismatch(self, item: BaseException | None, mismatch_description: Description) -> None:
        mismatch_description.append_text("it succeeded" if item is None else f"it was not answered: {item}")


def call_failed() -> CallFailed:
    """Return a matcher of a call that was answered with a refusal or a tool's failure."""
    return CallFailed()


def no_faults() -> NoFaults:
    """Return a matcher of an empty collection of faults."""
    return NoFaults()
