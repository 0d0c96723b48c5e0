"""The contents of replies, whatever a bridge sends: an item that is missing or malformed fails the step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from varbridge import Update, Variable
from varbridge.conformance.vocabulary.matchers import expect, mismatch
from varbridge.conformance.vocabulary.updates import describe

T = TypeVar("T")

_SHOWN = 5


def item(container: Mapping[str, T] | Sequence[T], key: Any, subject: str) -> T:
    """Return an item of a reply.

    Args:
        container: a map or a list in the reply.
        key: the key or the index of the item.
        subject: a description of the item.

    Raises:
        AssertionError: the item is missing.
    """
    if isinstance(container, Sequence):
        present = -len(container) <= key < len(container)
        expect(present, subject, f"there were {len(container)}" if len(container) else "there was none")
    else:
        names = sorted(map(repr, container))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        expect(key in container, subject, f"there was {', '.join(names[:_SHOWN]) or 'none'}{more}")
    return container[key]


def variable_of(update: Update) -> Variable:
    """Return the variable of an update.

    Raises:
        AssertionError: the update has no variable.
    """
    if update.variable is None:
        raise mismatch(f"a variable in the {describe(update)}", "it has none")
    return update.variable


def integer(value: Any, subject: str) -> int:
    """Return a value that has to be an integer.

    Raises:
        AssertionError: the value is not an integer.
    """
    expect(type(value) is int, f"{subject} to be an integer", f"it is {value!r}")
    return int(value)


def decoded(decode: Callable[[Any], T], data: Any, subject: str) -> T:
    """Return what a function such as ``json.loads`` makes of data that a bridge sent.

    Raises:
        AssertionError: the function raises a ValueError, or a similar error.
    """
    try:
        return decode(data)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise mismatch(subject, f"{data!r:.200} ({error})") from None


def json_of(data: str | bytes, subject: str) -> Any:
    """Return the value of a JSON text that a bridge sent.

    Raises:
        AssertionError: the text is not JSON.
    """
    return decoded(json.loads, data, f"{subject} in JSON")
