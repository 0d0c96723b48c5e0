"""Tests of the model: what it requires, without a bridge."""

from __future__ import annotations

from typing import Any

import pytest

from varbridge.conformance.model.actions import CleanUp, Pick, Ref, Register, Set
from varbridge.conformance.model.candidates import CONSTRAINTS, VALUES
from varbridge.conformance.model.comparison import compare_update
from varbridge.conformance.model.model import Model, matches, valid_name
from varbridge.conformance.model.plans import plan_of
from varbridge.conformance.model.state import Entry, ModelWatch, Moment, SessionState, VariableState
from varbridge.conformance.model.values import KINDS, PREFIX, Raw, Sent, Value, decode, faults, meaning
from varbridge.messages import snakepit_bridge_pb2 as pb


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("a*", "ab", True),
        ("a*b", "ab", True),
        ("a?b", "ab", False),
        ("?", "🚀", True),
        ("??", "🚀", False),
        ("[a]", "a", False),
        ("[a]", "[a]", True),
        ("\\*", "\\anything", True),
        ("\\*", "*", False),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("name", ["a", " ", "x" * 256, "🚀" * 256, "\u2028", "\ufeff"])
def test_a_name_has_up_to_256_characters(name: str) -> None:
    assert valid_name(name)


@pytest.mark.parametrize("name", ["", "x" * 257, "a\n", "\x00", "\x7f", "\x85"])
def test_other_names_are_invalid(name: str) -> None:
    assert not valid_name(name)


@pytest.mark.parametrize(
    ("kind", "constraints", "value", "phrases"),
    [
        ("float", {}, True, ["must be a number"]),
        ("float", {"min": 0, "max": 1}, 1, []),
        ("float", {"min": 0}, "NaN", [""]),
        ("integer", {}, 42.0, []),
        ("integer", {}, 0.5, ["must be a whole number"]),
        ("integer", {}, 2**63, ["must be an integer"]),
        ("string", {"min_length": 2, "max_length": 2}, "🚀🚀", []),
        ("string", {"pattern": "o", "max_length": 1}, "ab", ["must be at most 1 characters", "must match"]),
        ("string", {"pattern": "^[a-z]+$"}, "ab\n", ["must match pattern"]),
        ("boolean", {}, 1, ["must be a boolean"]),
        ("choice", {"choices": ["ä"]}, "a\u0308", ["must be one of"]),
        ("embedding", {"dimensions": 2}, [1, 2], []),
        ("embedding", {}, [], ["must be a list of numbers"]),
        ("tensor", {}, {"shape": [2, 1], "data": [1, 2]}, []),
        ("tensor", {}, {"shape": [2], "data": [1]}, ["data size doesn't match shape"]),
        ("tensor", {"dtype": "float32"}, Raw((1,), "float64", (1.0,)), ["dtype must be"]),
    ],
)
def test_a_value_has_all_the_faults_of_its_type_and_constraints(
    kind: str, constraints: dict[str, Any], value: Any, phrases: list[str]
) -> None:
    answered = [fault.phrase for fault in faults(kind, constraints, Sent(kind, value))]
    assert len(answered) == len(phrases)
    for fault, phrase in zip(answered, phrases, strict=True):
        assert phrase in fault


def test_the_candidates_of_each_type_have_valid_and_invalid_values() -> None:
    for kind in KINDS:
        outcomes = {bool(faults(kind, CONSTRAINTS[kind][0], Sent(kind, value))) for value in VALUES[kind]}
        assert outcomes == {True, False}, kind


def test_what_is_sent_is_read_back() -> None:
    for kind in KINDS:
        for value in VALUES[kind]:
            sent = Sent(kind, value)
            whole = kind == "integer" and isinstance(value, float)  # 42.0 is read back as 42
            if not whole and not faults(kind, CONSTRAINTS[kind][0], sent):
                assert decode(sent.any(), sent.content) == meaning(kind, sent), (kind, value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Value("integer", 1), Value("float", 1.0)),
        (Value("float", 0.0), Value("float", -0.0)),
        (Value("boolean", True), Value("integer", 1)),
        (Value("tensor", Raw((2,), "float32", (1.0, 2.0))), Value("tensor", {"shape": [2], "data": [1, 2]})),
        (Value("string", "ä"), Value("string", "a\u0308")),
    ],
)
def test_values_that_look_alike_differ(first: Value, second: Value) -> None:
    assert first != second


@pytest.mark.parametrize(
    ("type_url", "text", "content"),
    [
        ("snakepit.float", b"1", b""),
        (f"{PREFIX}float", b"true", b""),
        (f"{PREFIX}integer", b"{", b""),
        (f"{PREFIX}integer", b"1", b"1"),
        (f"{PREFIX}tensor.binary", b'{"dtype": "float32", "shape": [2]}', b"1234"),
    ],
)
def test_a_malformed_value_in_a_reply_is_an_error(type_url: str, text: bytes, content: bytes) -> None:
    message = Sent("float", 1).any()
    message.type_url, message.value = type_url, text
    with pytest.raises(ValueError, match="."):
        decode(message, content)


# Plans


@pytest.fixture
def model() -> Model:
    """A model with an open session that has the integer variable a, which holds 0."""
    model = Model(["one", "two"], ["a", "b"])
    plan = plan_of(Register(), model)
    assert plan is not None
    variable = pb.Variable(id="var_a_1", name="a", type="integer", version=1, source=pb.Variable.PYTHON)
    variable.value.CopyFrom(Sent("integer", 0).any())
    assert [*plan.accept(pb.RegisterVariableResponse(variable_id="var_a_1", variable=variable))] == []
    return model


def test_a_plan_changes_nothing(model: Model) -> None:
    assert plan_of(Set(target=Ref(0)), model) is not None
    assert model.sessions[0].variables["var_a_1"].version == 1


def test_several_faults_allow_each_of_their_statuses(model: Model) -> None:
    session = model.sessions[0]
    plan = plan_of(Set(target=Ref(0), value=_pick("integer", 0.5), ahead=1), model)
    assert plan is not None
    assert plan.codes == {"INVALID_ARGUMENT", "ABORTED"}
    assert session.variables["var_a_1"].version == 1


def test_an_old_id_is_that_of_the_first_registration(model: Model) -> None:
    assert model.identifier(Set(), Ref(0, "old id")) == "var_a_1"
    assert model.identifier(Set(), Ref(1, "old id")) == "b"


def test_a_session_that_ended_has_no_variables(model: Model) -> None:
    plan = plan_of(CleanUp(), model)
    assert plan is not None
    assert [*plan.accept(pb.CleanupSessionResponse(resources_cleaned=1))] == []
    after = plan_of(Set(target=Ref(0)), model)
    assert after is not None
    assert after.codes == {"NOT_FOUND"}


def test_a_clean_up_that_counts_wrongly_differs(model: Model) -> None:
    plan = plan_of(CleanUp(), model)
    assert plan is not None
    (difference,) = plan.accept(pb.CleanupSessionResponse(resources_cleaned=2))
    assert (difference.expected, difference.actual) == ("1", "2")


def _pick(kind: str, value: Any) -> Pick:
    return Pick(VALUES[kind].index(value))


# Watches


def _entry(kind: str, name: str, **more: Any) -> Entry:
    state = VariableState(
        id=f"var_{name}",
        name=name,
        kind="integer",
        constraints={},
        value=Value("integer", 1),
        version=1,
        metadata={},
        source="PYTHON",
        moment=Moment(),
    )
    return Entry(kind, state, **more)


def test_updates_of_one_phase_come_in_any_order_and_those_of_the_next_one_later() -> None:
    watch = ModelWatch(None)
    first = [_entry("value_change", "a"), _entry("value_change", "b")]
    later = _entry("deleted", "a")
    watch.expect(first)
    watch.expect([later])
    assert watch.take("deleted", "var_a", "") is None
    assert watch.take("value_change", "var_b", "") is first[1]
    assert watch.take("value_change", "var_a", "") is first[0]
    assert watch.take("deleted", "var_a", "") is later
    assert watch.overdue() is None


def test_initial_values_come_in_the_order_of_the_request_unless_all_are_watched() -> None:
    values = [_entry("initial_value", "a"), _entry("initial_value", "b")]
    named = ModelWatch(frozenset({"var_a", "var_b"}), initial=[*values])
    assert named.take("initial_value", "var_b", "") is None
    everything = ModelWatch(None, initial=[*values])
    assert everything.take("initial_value", "var_b", "") is values[1]


def test_a_watch_expects_only_its_variables() -> None:
    watch = ModelWatch(frozenset({"var_a"}))
    watch.expect([_entry("value_change", "b")])
    assert watch.count == 0


def test_every_field_of_an_update_is_compared() -> None:
    entry = _entry("value_change", "a", previous=Value("integer", 0), author="client", metadata={"x": "y"})
    update = pb.VariableUpdate(update_type="value_change", variable_id="var_a", update_source="client")
    update.variable.id, update.variable.name, update.variable.type = "var_a", "a", "integer"
    update.variable.version, update.variable.source = 1, pb.Variable.PYTHON
    update.variable.value.CopyFrom(Sent("integer", 1).any())
    update.previous_value.CopyFrom(Sent("integer", 0).any())
    update.update_metadata["x"] = "y"
    assert [*compare_update(entry, update, SessionState("s"))] == []
    changes: dict[str, Any] = {
        "update_source": "Ada",
        "variable.name": "b",
        "variable.version": 2,
        "variable.source": pb.Variable.ELIXIR,
        "variable.constraints_json": '{"min": 0}',
        "variable.optimization_status.optimizing": True,
    }
    for path, value in changes.items():
        wrong = pb.VariableUpdate()
        wrong.CopyFrom(update)
        *parents, name = path.split(".")
        owner: Any = wrong
        for parent in parents:
            owner = getattr(owner, parent)
        setattr(owner, name, value)
        assert [*compare_update(entry, wrong, SessionState("s"))], path
    for name in ("previous_value", "update_metadata"):
        wrong = pb.VariableUpdate()
        wrong.CopyFrom(update)
        wrong.ClearField(name)
        assert [*compare_update(entry, wrong, SessionState("s"))], name
