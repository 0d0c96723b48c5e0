"""Tests of what steps read of replies: an item that is missing or malformed is a failure with a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from varbridge import Update
from varbridge.conformance.vocabulary.contents import integer, item, json_of, variable_of
from varbridge.messages import snakepit_bridge_pb2 as pb


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: item([], 0, "an entry"), "Expected: an entry\n     but: there was none"),
        (lambda: item([1, 2], 2, "a third entry"), "but: there were 2"),
        (lambda: item([], -1, "a last entry"), "but: there was none"),
        (lambda: item({"a": 1}, "b", "the variable b"), "but: there was 'a'"),
        (lambda: item(dict.fromkeys("abcdefg"), "z", "z"), "'e' and 2 more"),
        (lambda: item(pb.InitializeSessionResponse().available_tools, "echo", "echo"), "there was none"),
        (lambda: variable_of(Update(pb.VariableUpdate())), "a variable in the update ''"),
        (lambda: integer("3", "the value"), "Expected: the value to be an integer\n     but: it is '3'"),
        (lambda: integer(True, "the value"), "it is True"),
        (lambda: json_of(b"[1, 2", "the data"), "Expected: the data in JSON"),
        (lambda: json_of(b"\xff", "the data"), "Expected: the data in JSON"),
        (lambda: json_of("[" * 100_000, "the data"), "Expected: the data in JSON"),
    ],
)
def test_what_a_reply_lacks_is_a_failure_with_a_sentence(read: Callable[[], object], words: str) -> None:
    with pytest.raises(AssertionError) as error:
        read()
    assert words in str(error.value)


def test_what_a_reply_has_is_returned() -> None:
    assert item([1, 2], -1, "a last entry") == 2
    assert item({"a": 1}, "a", "the variable a") == 1
    assert json_of(b"[1, 2]", "the data") == [1, 2]
