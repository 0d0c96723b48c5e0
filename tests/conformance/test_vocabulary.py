"""Tests of the parameter types of the phrases: literals, identifiers and options."""

from __future__ import annotations

import json

import numpy
import pytest
from behave.cucumber_expression import StepMatcher4CucumberExpressions

from varbridge.conformance.vocabulary import parameter_types
from varbridge.conformance.vocabulary.calls import (
    HostStart,
    Opening,
    ToolArguments,
    WatchEnd,
    WatchRequest,
    parse_numbers,
)
from varbridge.conformance.vocabulary.encoding import raw_array
from varbridge.conformance.vocabulary.literals import Literal, same
from varbridge.conformance.vocabulary.options import Identifier, Options
from varbridge.wire import PREFIX, Raw

FLOAT = PREFIX + "float"


@pytest.fixture(scope="module")
def set_phrase() -> StepMatcher4CucumberExpressions:
    parameter_types.use()
    return StepMatcher4CucumberExpressions(lambda: None, "{variable} is/was set to {value}{options}")


def arguments(phrase: StepMatcher4CucumberExpressions, text: str) -> list[object]:
    match = phrase.match(text)
    assert match is not None, text
    return [argument.value for argument in match.arguments]


@pytest.mark.parametrize(
    "value",
    [
        "0.5",
        '"a, expecting version 3"',
        r'"a \" quote, with the request id \"r-1\""',
        '{"a": "}, expecting version 3", "b": {"c": [1, {"d": "]"}]}}',
        '["x", [1, 2], ", with the metadata {}"]',
        "float32 array of shape [2, 3]",
        "a list of 3 numbers",
        "a JSON tensor of shape [2, 3]",
        'the text `{"a": 1, "a": 2}`',
        'the header `{"shape": [1]}` with 24 bytes',
        "no value with 5 stray bytes",
        '0.5 under the type_url "dspex.variables/float"',
    ],
)
def test_a_value_ends_where_the_options_begin(
    set_phrase: StepMatcher4CucumberExpressions, value: str
) -> None:
    assert arguments(set_phrase, f'"x" is set to {value}') == [Identifier("x"), Literal(value), Options()]
    options = ', expecting version 2, with the request id "r \\"1\\"", with the metadata {"a": "}, b"}'
    expected = Options(expected_version=2, request_id='r "1"', metadata={"a": "}, b"})
    text = f'"x", by its id, was set to {value}{options}'
    assert arguments(set_phrase, text) == [Identifier("x", "id"), Literal(value), expected]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (10**400, 1.0, False),
        (10**4000, 0, False),
        (1.0, 10**400, False),
        (10**400, 10**400, True),
        (0.0, -0.0, False),
        (-0.0, -0.0, True),
        (0, -0.0, False),
        (1, 1.0, True),
        (float("nan"), float("nan"), True),
        (float("nan"), 1, False),
        (True, 1, False),
        ([1, 2.0], [1.0, 2], True),
        ([1, True], [1, 1], False),
        ([0.5, 0.0], [0.5, -0.0], False),
        ([0.5, "a", [None]], [0.5, "a", [None]], True),
        ([0.5], [0.5, 0.5], False),
        ([float("nan"), {"a": [1]}], [float("nan"), {"a": [1.0]}], True),
    ],
)
def test_numbers_are_the_same_to_the_sign_of_zero(first: object, second: object, expected: bool) -> None:
    assert same(first, second, exact=False) is expected


def test_options_are_arguments_of_the_client() -> None:
    options = Options.parse(', for the optimizer "mipro", with the metadata {"reason": "test"}')
    assert options.arguments() == {"metadata": {"optimizer_id": "mipro", "reason": "test"}}
    assert Options.parse("").arguments() == {}
    assert Options.parse(', under the constraints {"min": 0}').arguments() == {"constraints": {"min": 0}}
    assert Options.parse(", under the constraints `{`").arguments() == {"constraints": "{"}


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("0.5", Raw(FLOAT, b"0.5")),
        ("NaN", Raw(FLOAT, b'"NaN"')),
        ("the text `0.5,`", Raw(FLOAT, b"0.5,")),
        ("the text ``", Raw(FLOAT, b"")),
        ("the text `[$N]`", Raw(FLOAT, b"[" + b"1" * 400 + b"]")),
        ("the bytes `22 ff 22`", Raw(FLOAT, b'"\xff"')),
        ("a number of 3 digits", Raw(FLOAT, b"0.111")),
        ("arrays nested 2 deep", Raw(FLOAT, b"[[1]]")),
        ("the header `[]` with 2 bytes", Raw(FLOAT + ".binary", b"[]", bytes(2))),
        ("0.5 with 2 stray bytes", Raw(FLOAT, b"0.5", bytes(2))),
        ('0.5 under the type_url "x"', Raw("x", b"0.5")),
    ],
)
def test_a_literal_is_sent_as_it_is_written(text: str, raw: Raw) -> None:
    assert Literal(text).raw("float") == raw


def test_a_literal_has_a_value_in_python() -> None:
    assert Literal("a text of 3 characters").python() == "xxx"
    assert Literal('{"a": [1, 2.5]}').python() == {"a": [1, 2.5]}
    assert Literal("no value").is_absent
    with pytest.raises(ValueError, match="is not a JSON value"):
        Literal("[1, 2")


def test_every_escape_of_json_can_be_written(set_phrase: StepMatcher4CucumberExpressions) -> None:
    for text in ('"', "\\", "\n", "\u0000", "é", "\U0001f680", "`", "|", "#"):
        name, value = json.dumps(text), json.dumps({text: [text]})
        assert arguments(set_phrase, f"{name} is set to {value}") == [
            Identifier(text),
            Literal(value),
            Options(),
        ]


def test_an_identifier_names_the_session_of_an_id(set_phrase: StepMatcher4CucumberExpressions) -> None:
    text = '"x", by its id in session "blue", is set to 0.5'
    assert arguments(set_phrase, text)[0] == Identifier("x", "id", "blue")


def test_a_tool_has_arguments_and_options() -> None:
    assert ToolArguments.parse("") == ToolArguments()
    text = ' with {"a": "}, with a deadline of 1 s"}, for the optimizer "mipro", with a deadline of 0.5 s'
    expected = ToolArguments({"a": "}, with a deadline of 1 s"}, {"optimizer_id": "mipro"}, 0.5)
    assert ToolArguments.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("the text `{`", Raw(PREFIX + "string", b"{")),
        ("float32 array [0.5]", raw_array("tensor", numpy.array([0.5], "float32"))),
        ("no value", Raw("", b"")),
    ],
)
def test_a_parameter_of_a_tool_may_be_raw(text: str, raw: Raw) -> None:
    assert ToolArguments.parse(f' with the parameter "p" as {text}') == ToolArguments({"p": raw})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every variable", WatchRequest([])),
        ('"a", "b" and "c"', WatchRequest([Identifier("a"), Identifier("b"), Identifier("c")])),
        (
            '"a" and "a", by its id, with initial values, through a proxy',
            WatchRequest([Identifier("a"), Identifier("a", "id")], initial=True, proxy=True),
        ),
        ('"a" after sequence -1', WatchRequest([Identifier("a")], after=-1)),
        ('"a" 1000 beyond the last sequence', WatchRequest([Identifier("a")], beyond=1000)),
    ],
)
def test_a_watch_has_variables_and_options(text: str, expected: WatchRequest) -> None:
    assert WatchRequest.parse(text) == expected


def test_a_watch_has_an_end() -> None:
    assert WatchEnd.parse("as not found") == WatchEnd("as not found")
    assert WatchEnd.parse('with ABORTED, saying "a" within 5 s') == WatchEnd("with ABORTED", "a", 5)
    text = "as not found, 1 s or more after the last call"
    assert WatchEnd.parse(text) == WatchEnd("as not found", later_s=1)


def test_a_session_is_opened_with_options() -> None:
    assert Opening.parse("").arguments() == {}
    expected = {"ttl_seconds": -1, "metadata": {"a": "b"}}
    assert Opening.parse(' with a time to live of -1 s, with the metadata {"a": "b"}').arguments() == expected


def test_another_bridge_is_started_with_flags() -> None:
    assert HostStart.parse("") == HostStart()
    assert HostStart.parse(", started for this scenario,") == HostStart(own=True)
    assert HostStart.parse(', started with "--grace 1",') == HostStart(flags=("--grace", "1"))
    with pytest.raises(ValueError, match="no flag --a"):
        HostStart.parse(', started with "--a 1",')


def test_numbers_are_a_range_or_a_list() -> None:
    assert parse_numbers("1 to 3") == parse_numbers("[1, 2, 3]") == [1, 2, 3]
    assert parse_numbers("[]") == []
