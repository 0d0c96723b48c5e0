"""Tools: what a function's hints and docstring declare, how parameters are read and results written."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto import snakepit_bridge_pb2 as pb
from server.config import Limits
from server.errors import FieldViolation, InvalidArgument, NotFound
from server.service.tools import ToolCalls
from server.sessions import Sessions
from server.tools.builtin import TOOLS
from server.tools.declare import Parameter, Tool, ToolCall, tool
from server.tools.parameters import bind, result_of
from server.tools.registry import Registry
from server.values import LEGACY_PREFIX, PREFIX
from tests.core.given import FakeClock, Sent, register, sent, sent_binary
from tests.core.unchanged import unchanged


@tool
async def train(rate: float, steps: int, name: str = "run", dry: bool = False, extra: Any = None) -> None:
    """Train a model.

    It takes a while.
    """


def bound(given: dict[str, Sent], arrays: dict[str, bytes] | None = None, of: Tool = train) -> dict[str, Any]:
    return bind(of, given, arrays or {})


def violations(given: dict[str, Sent], arrays: dict[str, bytes] | None = None) -> list[FieldViolation]:
    with pytest.raises(InvalidArgument, match="^train: parameter ") as refused:
        bound({"rate": sent("float", 1), "steps": sent("integer", 1)} | given, arrays)
    for violation in refused.value.violations:
        assert f"parameter {violation.field} {violation.description}" in refused.value.message
    return [*refused.value.violations]


# Declaring


def test_a_function_declares_its_name_its_description_and_its_parameters() -> None:
    assert (train.name, train.description) == ("train", "Train a model.\n\nIt takes a while.")
    assert train.parameters == (
        Parameter("rate", "float", required=True),
        Parameter("steps", "integer", required=True),
        Parameter("name", "string", required=False, default="run"),
        Parameter("dry", "boolean", required=False, default=False),
        Parameter("extra", "any", required=False, default=None),
    )
    assert (train.streams, train.takes_call) == (False, False)


def test_what_the_variable_types_do_not_know_is_any() -> None:
    @tool
    async def odd(a: list[int], b: int | None, c: dict[str, Any], d) -> None:  # type: ignore[no-untyped-def]
        ...

    assert [parameter.type for parameter in odd.parameters] == ["any", "any", "any", "any"]
    assert odd.description == ""


def test_an_async_generator_is_a_streaming_tool() -> None:
    @tool
    async def count(n: int) -> AsyncIterator[int]:
        yield n

    assert count.streams


def test_a_first_parameter_for_the_call_is_no_parameter_of_the_tool() -> None:
    @tool
    async def bump(call: ToolCall, name: str) -> None: ...

    assert bump.takes_call
    assert [parameter.name for parameter in bump.parameters] == ["name"]


def test_only_the_first_parameter_is_for_the_call() -> None:
    @tool
    async def odd(first, call: ToolCall) -> None:  # type: ignore[no-untyped-def]
        ...

    assert not odd.takes_call
    assert [parameter.name for parameter in odd.parameters] == ["first", "call"]


def test_a_function_that_would_stall_the_others_is_no_tool() -> None:
    def slow() -> None: ...

    with pytest.raises(TypeError, match="slow must be an async function or an async generator function"):
        tool(slow)


# Finding


def test_the_tools_that_come_with_the_server_are_found_by_name() -> None:
    tools = Registry(TOOLS)
    names = [one.name for one in tools]
    assert names[:5] == ["echo", "add", "fail", "sleep", "increment"]
    assert len(tools) == len(names)
    assert tools.find("add").description == "Add two numbers."


def test_an_unknown_tool_is_not_found_and_a_name_that_is_none_refused() -> None:
    tools = Registry(TOOLS)
    with pytest.raises(NotFound, match="^Tool not found: subtract$"):
        tools.find("subtract")
    for name in ("", "x" * 257, "a\nb"):
        with pytest.raises(InvalidArgument, match="^tool_name: must"):
            tools.find(name)


# Binding


def test_parameters_are_read_and_defaults_filled() -> None:
    arguments = bound({"rate": sent("float", 0.5), "steps": sent("integer", 3), "dry": sent("boolean", True)})
    assert arguments == {"rate": 0.5, "steps": 3, "name": "run", "dry": True, "extra": None}


@pytest.mark.parametrize(
    ("kind", "name", "value", "argument"),
    [
        ("integer", "rate", 2, 2.0),
        ("json", "rate", 2, 2.0),
        ("float", "steps", 2.0, 2),
        ("json", "steps", 2, 2),
        ("integer", "steps", 2**63 - 1, 2**63 - 1),
        ("float", "rate", "Infinity", math.inf),
        ("float", "rate", "-Infinity", -math.inf),
        ("json", "rate", "Infinity", math.inf),
        ("choice", "name", "fast", "fast"),
        ("json", "dry", True, True),
        ("json", "extra", {"a": [1, None]}, {"a": [1, None]}),
        ("json", "extra", None, None),
        ("float", "extra", "Infinity", math.inf),
        ("float", "extra", 1, 1.0),
        ("string", "extra", "Infinity", "Infinity"),
        ("embedding", "extra", [1, 2.5], [1, 2.5]),
        ("tensor", "extra", {"shape": [1], "data": [1]}, {"shape": [1], "data": [1]}),
    ],
)
def test_what_counts_is_whether_the_value_fits(kind: str, name: str, value: Any, argument: Any) -> None:
    given = {"rate": sent("float", 1), "steps": sent("integer", 1)} | {name: sent(kind, value)}
    read = bound(given)[name]
    assert read == argument
    assert type(read) is type(argument)


def test_a_parameter_that_is_not_a_number_may_come_as_nan() -> None:
    assert math.isnan(bound({"rate": sent("float", "NaN"), "steps": sent("integer", 1)})["rate"])


def test_the_older_form_of_a_type_url_is_read() -> None:
    given = {"rate": Sent(LEGACY_PREFIX + "float", b"1"), "steps": Sent(LEGACY_PREFIX + "integer", b"1")}
    assert bound(given)["rate"] == 1.0


@pytest.mark.parametrize(
    ("name", "given", "description"),
    [
        ("rate", sent("string", "fast"), "must be a number"),
        ("rate", sent("boolean", True), "must be a number"),
        ("rate", sent("json", None), "must be a number"),
        ("rate", sent("json", [1]), "must be a number"),
        ("steps", sent("float", 1.5), "must be a whole number"),
        ("steps", sent("integer", 2**63), "must be an integer"),
        ("steps", sent("boolean", True), "must be an integer"),
        ("name", sent("integer", 1), "must be a string"),
        ("dry", sent("integer", 1), "must be a boolean"),
        ("rate", Sent(PREFIX + "float", b"NaN"), "the value has a bare NaN"),
        ("extra", Sent(PREFIX + "json", b'{"a":1,"a":2}'), "the value has the key 'a' twice"),
        ("extra", Sent(PREFIX + "json", b""), "the value is not valid JSON"),
        ("extra", sent("integer", "1"), "must be an integer"),
        ("rate", Sent("", b"1"), "type_url must be"),
        ("rate", Sent("", b""), "type_url must be"),
        ("rate", sent("real", 1), "type_url names no type"),
        ("extra", sent("real", 1), "type_url names no type"),
        ("extra", sent("json.binary", {}), "type_url names no type"),
        ("extra", sent_binary("float", [1], "float64"), "cannot be binary"),
        ("rate", sent_binary("tensor", [1], "float64"), "the value is of type tensor.binary"),
        ("extra", sent_binary("tensor", [1], "float64"), "data size doesn't match shape"),
    ],
)
def test_a_parameter_of_another_type_is_refused(name: str, given: Sent, description: str) -> None:
    (violation,) = violations({name: given})
    assert violation.field == name
    assert description in violation.description


@pytest.mark.parametrize("name", ["rate", "dry", "extra"])
def test_bytes_beside_a_value_in_json_are_refused(name: str) -> None:
    assert violations({name: sent("json", name != "rate" or 1)}, {name: b"x"}) == [
        FieldViolation(name, "bytes need a type_url that ends in .binary")
    ]


def test_bytes_without_a_value_are_refused() -> None:
    assert violations({}, {"extra": b"x"}) == [FieldViolation("extra", "has bytes and no value")]


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    with pytest.raises(InvalidArgument) as refused:
        bound(
            {"rate": sent("string", "x"), "dry": sent("integer", 0), "step": sent("integer", 1)},
            {"speed": b"x"},
        )
    assert [(violation.field, violation.description) for violation in refused.value.violations] == [
        ("speed", "train has no such parameter"),
        ("step", "train has no such parameter"),
        ("rate", "must be a number"),
        ("steps", "is required"),
        ("dry", "must be a boolean"),
    ]


def test_a_binary_array_arrives_as_an_array() -> None:
    array = numpy.array([[1.5, math.nan]], "<f4")
    given = {"rate": sent("float", 1), "steps": sent("integer", 1)}
    given["extra"] = sent_binary("tensor", [1, 2], "float32")
    read = bound(given, {"extra": array.tobytes()})["extra"]
    assert (read.dtype, read.shape, read.tobytes()) == (array.dtype, array.shape, array.tobytes())


# Results


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (1.0, "float", "1.0"),
        (-0.0, "float", "-0.0"),
        (math.nan, "float", '"NaN"'),
        (math.inf, "float", '"Infinity"'),
        (-math.inf, "float", '"-Infinity"'),
        (1, "integer", "1"),
        (2**63 - 1, "integer", "9223372036854775807"),
        (-(2**63), "integer", "-9223372036854775808"),
        (2**63, "json", "9223372036854775808"),
        (True, "boolean", "true"),
        ("é", "string", '"é"'),
        (None, "json", "null"),
        ([1, "a"], "json", '[1,"a"]'),
        ({"a": 1.5}, "json", '{"a":1.5}'),
    ],
)
def test_a_result_is_of_a_type_where_there_is_one_and_json_else(answer: Any, kind: str, text: str) -> None:
    value = result_of(answer)
    assert (value.kind, value.data.decode(), value.array) == (kind, text, b"")


@given(st.floats() | st.integers(-(2**70), 2**70) | st.text() | st.booleans() | st.none())
def test_a_result_is_what_a_parameter_takes(answer: Any) -> None:
    value = result_of(answer)
    given = {"rate": sent("float", 1), "steps": sent("integer", 1)}
    given["extra"] = Sent(PREFIX + value.kind, value.data)
    assert repr(bound(given)["extra"]) == repr(answer)


@pytest.mark.parametrize("answer", [object(), {1, 2}, b"raw", [math.nan], {"a": math.inf}, "\ud800"])
def test_an_answer_that_json_cannot_say_fails(answer: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        result_of(answer)


@pytest.mark.parametrize("name", [one.name for one in TOOLS])
def test_the_defaults_of_the_tools_that_come_with_the_server_are_values(name: str) -> None:
    for parameter in Registry(TOOLS).find(name).parameters:
        if not parameter.required:
            assert json.loads(result_of(parameter.default).data) == parameter.default


# Running


class Room:
    """A session, and the calls that run tools in it; no network."""

    def __init__(self, *tools: Tool) -> None:
        sessions = Sessions(FakeClock(), Limits(), 60.0)
        with sessions.opening("tuning") as session:
            self.session = session
        self._calls = ToolCalls(sessions, Registry(tools or TOOLS))

    def run(self, name: str, /, **parameters: Any) -> pb.ExecuteToolResponse:
        request = pb.ExecuteToolRequest(session_id="tuning", tool_name=name)
        for key, value in parameters.items():
            request.parameters[key].type_url, request.parameters[key].value = sent("json", value)
        return asyncio.run(self._calls.ExecuteTool(request, PREFIX))

    def result(self, name: str, /, **parameters: Any) -> Any:
        reply = self.run(name, **parameters)
        assert reply.success, reply.error_message
        return json.loads(reply.result.value)

    def failure(self, name: str, /, **parameters: Any) -> str:
        reply = self.run(name, **parameters)
        assert not reply.success
        return reply.error_message


def test_a_tool_answers_and_a_streaming_one_the_list_of_its_chunks() -> None:
    room = Room()
    assert room.result("add", a=1, b=0.5) == 1.5
    assert room.result("count", n=3) == [1, 2, 3]
    assert room.result("count", n=0) == []


def test_a_tool_that_raises_fails_with_its_words_and_no_traceback() -> None:
    @tool
    async def silent() -> None:
        raise KeyError

    room = Room(silent, *TOOLS)
    assert room.failure("fail", message="no data") == "no data"
    assert room.failure("silent") == "KeyError"
    assert room.failure("fail_after", n=2) == "failed after 2 chunks"


def test_a_tool_that_answers_what_json_cannot_say_fails() -> None:
    @tool
    async def odd() -> object:
        return {1, 2}

    assert "not JSON serializable" in Room(odd).failure("odd")


@pytest.mark.parametrize(("value", "after"), [(1.5, 3.5), ("Infinity", "Infinity"), ("NaN", "NaN")])
def test_a_tool_changes_a_variable_whatever_double_it_holds(value: float | str, after: float | str) -> None:
    room = Room()
    register(room.session, "rate", value)
    assert room.result("increment", name="rate", by=2) == after
    assert json.loads(room.session.get("rate").value.data) == after
    assert room.session.history("rate")[0].changed_by == "tool:increment"


def test_what_a_variable_refuses_its_tool_fails_with() -> None:
    room = Room()
    register(room.session, "rate", 1, constraints={"max": 2})
    with unchanged(room.session):
        assert "rate: 3.0 is above maximum 2" in room.failure("increment", name="rate", by=2)
        assert room.failure("increment", name="speed") == "Variable not found: speed"
