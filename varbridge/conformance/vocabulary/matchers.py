"""Matchers whose mismatch reads as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from itertools import islice
from typing import Any, cast

import grpc
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from varbridge import BridgeError, Variable
from varbridge.conformance.vocabulary.literals import Literal, same, show
from varbridge.conformance.vocabulary.statuses import CODES
from varbridge.conformance.vocabulary.updates import value_of
from varbridge.errors import MalformedReplyError, ToolFailedError


class Holds(BaseMatcher[Variable]):
    """A variable with this value at this version."""

    def __init__(self, value: Literal, version: int) -> None:
        self._value = value
        self._version = version

    def _matches(self, item: Variable) -> bool:
        try:
            actual = item.value
        except MalformedReplyError:
            return False
        expected = self._value.python()
        # What counts of a float is its number: 1 and 1.0 are the same JSON number.
        exact = item.type != "float"
        return same(expected, actual, exact=exact) and item.version == self._version

    def describe_to(self, description: Description) -> None:
        description.append_text(f"{self._value} at version {self._version}")

    def describe_mismatch(self, item: Variable, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"{item.name!r} held {value_of(item)} at version {item.version}")


class Refused(BaseMatcher[BridgeError | None]):
    """A refusal with one of these statuses and these words."""

    def __init__(
        self, what: str, codes: Sequence[grpc.StatusCode], phrase: str | None, otherwise: str
    ) -> None:
        self._what = what
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
        description.append_text(self._what if names in self._what else f"{self._what} ({names})")
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
    """The failure of a tool itself."""

    def _matches(self, item: object) -> bool:
        return isinstance(item, ToolFailedError)

    def describe_to(self, description: Description) -> None:
        description.append_text("the tool to fail")

    def describe_mismatch(self, item: object, mismatch_description: Description) -> None:
        mismatch_description.append_text("it succeeded" if item is None else f"the call was refused: {item}")


class IsValue(BaseMatcher[object]):
    """A value as a feature wrote it."""

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
    """These items in this order and no others; tells where a long list goes astray, and not all of it."""

    _SHOWN = 10

    def __init__(self, expected: Sequence[Any], word: Callable[[Any], str]) -> None:
        self._expected = expected
        self._word = word

    def _matches(self, item: Sequence[Any]) -> bool:
        return [*item] == [*self._expected]

    def describe_to(self, description: Description) -> None:
        if len(self._expected) <= self._SHOWN:
            description.append_text(", ".join(map(self._word, self._expected)) or "none")
        else:
            first, last = self._word(self._expected[0]), self._word(self._expected[-1])
            description.append_text(f"{len(self._expected)} in order, {first} to {last}")

    def describe_mismatch(self, item: Sequence[Any], mismatch_description: Description) -> None:
        wanted, got = len(self._expected), len(item)
        pairs = zip(self._expected, item, strict=False)
        right = next((place for place, (one, other) in enumerate(pairs) if one != other), min(wanted, got))
        if right < min(wanted, got):
            words = (
                f"at place {right + 1} of {wanted} expected {self._word(self._expected[right])}, got"
                f" {self._word(item[right])}; {got} came in all"
            )
        elif got < wanted:
            words = f"{got} of {wanted}, the first {got} as expected, then nothing" if got else "nothing came"
        else:
            words = f"all {wanted} as expected, then {got - wanted} more, first {self._word(item[wanted])}"
        mismatch_description.append_text(words)


class NoFaults(BaseMatcher[Sized]):
    """A collection of faults without any; the first of them are shown."""

    _SHOWN = 3

    def _matches(self, item: Sized) -> bool:
        return not len(item)

    def describe_to(self, description: Description) -> None:
        description.append_text("none")

    def describe_mismatch(self, item: Sized, mismatch_description: Description) -> None:
        shown = [*islice(cast("Iterable[object]", item), self._SHOWN)]
        words = "; ".join(one if isinstance(one, str) else repr(one) for one in shown)
        more = f"; and {len(item) - len(shown)} more" if len(item) > len(shown) else ""
        mismatch_description.append_text(f"{words}{more}")


def holds(value: Literal, version: int) -> Holds:
    """A variable with this value at this version."""
    return Holds(value, version)


def is_refusal(status: str, phrase: str | None = None, otherwise: str = "it was accepted") -> Refused:
    """Return a matcher of a refusal with a status, in the words of the features, and a phrase in its message.

    Args:
        otherwise: the mismatch if there is no refusal.
    """
    return Refused(f"a refusal {status}", CODES[status], phrase, otherwise)


def is_no_connection() -> Refused:
    """The end of a call for which no connection could be made."""
    return Refused("no connection to be made", [grpc.StatusCode.UNAVAILABLE], None, "it was accepted")


def expect(condition: bool, expected: str, actual: str) -> None:
    """Hold a scenario to something, in the words in which matchers tell of a mismatch.

    Args:
        condition: whether it is so.
        expected: what was expected.
        actual: what is there instead, where it is not so.

    Raises:
        AssertionError: it is not so.
    """
    if condition is not True:  # something that is merely not empty is a mistake
        raise AssertionError(f"\nExpected: {expected}\n     but: {actual}\n")


def is_tool_failure() -> ToolFailure:
    """The failure of a tool itself."""
    return ToolFailure()


def is_value(expected: Literal, *, exact: bool = True) -> IsValue:
    """A value as a feature wrote it; see ``literals.same``."""
    return IsValue(expected, exact)


def in_order(expected: Sequence[Any], word: Callable[[Any], str] = repr) -> InOrder:
    """These items in this order and no others.

    Args:
        expected: all of them.
        word: tells one of them.
    """
    return InOrder(expected, word)


class CallFailed(BaseMatcher[BaseException | None]):
    """A call that was answered with a failure, a tool's own or a refusal, and not given up by the client."""

    def _matches(self, item: BaseException | None) -> bool:
        gave_up = isinstance(item, BridgeError) and item.code is grpc.StatusCode.DEADLINE_EXCEEDED
        return item is not None and not gave_up

    def describe_to(self, description: Description) -> None:
        description.append_text("the call to fail")

    def describe_mismatch(self, item: BaseException | None, mismatch_description: Description) -> None:
        mismatch_description.append_text("it succeeded" if item is None else f"it was not answered: {item}")


def call_failed() -> CallFailed:
    """A call that was answered with a failure, whichever way."""
    return CallFailed()


def no_faults() -> NoFaults:
    """A collection of faults without any."""
    return NoFaults()
