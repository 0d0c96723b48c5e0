"""Tests of the parameter types of the phrases: literals, identifiers and options."""

from __future__ import annotations

import json

import pytest
from behave.cucumber_expression import StepMatcher4CucumberExpressions

from varbridge.conformance.vocabulary import parameter_types
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.options import Identifier, Options
from varbridge.values import PREFIX, Raw

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
