"""Tests with random commands against a bridge and a model of one session, which are compared after each.

A long run of 2,000 times 50 steps is `HYPOTHESIS_PROFILE=long pytest tests/live/test_stateful.py`.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from server.core.limits import Limits
from tests import model
from tests.model import Model, RefusedError
from varbridge import BridgeError, Connection, Update, Variable, Watch, values

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"

NAMES = ["a", "b", "c", "model_a", "model_b"]
KINDS = ["float", "integer", "string", "boolean"]
CONSTRAINTS: dict[str, list[dict[str, Any]]] = {
    "float": [{}, {"min": 0, "max": 10}],
    "integer": [{}, {"min": 0}],
    "string": [{}, {"max_length": 3}],
    "boolean": [{}],
}
VALUES = st.one_of(
    st.sampled_from([0, 1, 2.5, 10, 11, -1, 2**53 + 1, 42.0, True, False, "", "abc", "abcd", None]),
    # The contract does not say if a larger number with an exponent is read exactly or as a double.
    st.floats(-(2.0**53), 2.0**53),
    st.integers(-(2**63), 2**63 - 1),
)
METADATA = st.dictionaries(
    st.sampled_from(["source", "changed_by", "reason"]), st.sampled_from(["elixir", "Ada", "x"]), max_size=2
)


class Bridge(RuleBasedStateMachine):
    """A bridge and the model, which execute the same commands."""

    connection: Connection

    @initialize()
    def open(self) -> None:
        limits = Limits()
        self.session = self.connection.session(f"stateful-{uuid.uuid4().hex}")
        self.session.initialize()
        self.model = Model(
            variables=limits.variables,
            metadata=limits.metadata,
            history=limits.history,
            log_changes=limits.log_changes,
            request_ids=limits.request_ids,
            watches=limits.watches,
        )
        self.watches: list[tuple[Watch, model.Watch]] = []

    def both(self, ask: Callable[[], Any], expect: Callable[[], Any]) -> tuple[Any, Any]:
        """Do the same on both sides; check that refusals are the same, or return both answers."""
        refusal: BridgeError | None = None
        try:
            answer: Any = ask()
        except BridgeError as error:
            refusal = error
        if refusal is None:
            return answer, expect()
        with pytest.raises(RefusedError) as refused:
            expect()
        assert refusal.code.name == refused.value.code
        return None, None

    def identifier(self, name: str, by_id: bool) -> str:
        state = self.model.find(name)
        return state["id"] if by_id and state else name

    def raw(self, name: str, value: Any) -> values.Raw:
        state = self.model.find(name)
        kind = state["type"] if state else "float"
        return values.Raw(values.PREFIX + kind, json.dumps(value).encode())

    @rule(
        name=st.sampled_from(NAMES),
        kind=st.sampled_from(KINDS),
        value=VALUES,
        metadata=METADATA,
        data=st.data(),
    )
    def register(self, name: str, kind: str, value: Any, metadata: dict[str, str], data: Any) -> None:
        constraints = data.draw(st.sampled_from(CONSTRAINTS[kind]))
        raw = values.Raw(values.PREFIX + kind, json.dumps(value).encode())
        ids: list[str] = []

        def ask() -> Variable:
            variable = self.session.register(name, kind, raw, constraints=constraints, metadata=metadata)
            ids.append(variable.id)
            return variable

        def expect() -> model.State:
            return self.model.register(ids[0] if ids else "", name, kind, value, constraints, metadata)

        variable, state = self.both(ask, expect)
        if variable is not None:
            assert state_of(variable) == state

    @rule(
        name=st.sampled_from(NAMES),
        by_id=st.booleans(),
        value=VALUES,
        metadata=METADATA,
        ahead=st.sampled_from([None, None, 0, 0, -1, 1]),
        request_id=st.sampled_from(["", "", "r1", "r2"]),
    )
    def set(
        self, name: str, by_id: bool, value: Any, metadata: dict[str, str], ahead: int | None, request_id: str
    ) -> None:
        state = self.model.find(name)
        expected = None if ahead is None else (state["version"] if state else 1) + ahead
        identifier = self.identifier(name, by_id)
        raw = self.raw(name, value)
        answer, version = self.both(
            lambda: self.session.set(
                identifier, raw, metadata=metadata, expected_version=expected, request_id=request_id
            ),
            lambda: self.model.set(identifier, value, metadata, expected, request_id),
        )
        assert answer == version

    @rule(updates=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), atomic=st.booleans())
    def set_many(self, updates: dict[str, Any], atomic: bool) -> None:
        raws = {name: self.raw(name, value) for name, value in updates.items()}
        # A map has no order on the wire, so the order of the changes of a batch is not compared.
        result, expected = self.both(
            lambda: self.session.set_many(raws, atomic=atomic),
            lambda: self.model.set_many(updates, {}, atomic),
        )
        versions, faults = expected
        assert (dict(result.versions), {*result.errors}) == (versions, faults)
        assert result.success == (not faults)
        if len(versions) > 1:
            self.forget_order()

    def forget_order(self) -> None:
        """Compare the updates of all watches without their order, after a batch, and close the watches."""
        for watch, expected in self.watches:
            self.compare_watch(watch, expected, ordered=False)
        for watch, _ in self.watches:
            watch.close()
        self.watches.clear()
        self.model.watches.clear()

    @rule(name=st.sampled_from(NAMES), back=st.integers(-1, 3), metadata=METADATA)
    def roll_back(self, name: str, back: int, metadata: dict[str, str]) -> None:
        state = self.model.find(name)
        version = (state["version"] if state else 1) - back
        variable, expected = self.both(
            lambda: self.session.roll_back(name, version, metadata=metadata),
            lambda: self.model.roll_back(name, version, metadata),
        )
        if variable is not None:
            assert state_of(variable) == expected

    @rule(name=st.sampled_from(NAMES), by_id=st.booleans())
    def delete(self, name: str, by_id: bool) -> None:
        identifier = self.identifier(name, by_id)
        self.both(lambda: self.session.delete(identifier), lambda: self.model.delete(identifier, {}))

    @rule(names=st.lists(st.sampled_from(NAMES), max_size=3))
    def watch(self, names: list[str]) -> None:
        if any(self.model.find(name) is None for name in names) or len(self.watches) >= 4:
            return
        self.watches.append((self.session.watch(*names), self.model.watch(names)))

    @rule(pattern=st.sampled_from(["", "*", "model_*", "?", "a", "*_b"]))
    def list(self, pattern: str) -> None:
        assert [state_of(variable) for variable in self.session.list(pattern)] == self.model.list(pattern)

    @rule(name=st.sampled_from(NAMES), limit=st.integers(-1, 4))
    def history(self, name: str, limit: int) -> None:
        if limit < 0 and self.model.find(name) is None:
            return  # two faults: the contract does not say which one is reported
        entries, expected = self.both(
            lambda: self.session.history(name, limit), lambda: self.model.history(name, limit)
        )
        if entries is not None:
            kind = self.model.get(name)["type"]
            assert [
                (e.version, values.decode(kind, e.value), e.changed_by, dict(e.metadata)) for e in entries
            ] == [
                (u["variable"]["version"], u["variable"]["value"], u["changed_by"], u["metadata"])
                for u in expected
            ]

    @invariant()
    def every_variable_is_as_in_the_model(self) -> None:
        variables, missing = self.session.get_many(NAMES)
        states, absent = self.model.get_many(NAMES)
        assert {name: state_of(variable) for name, variable in variables.items()} == states
        assert missing == absent

    def compare_watch(self, watch: Watch, expected: model.Watch, *, ordered: bool = True) -> None:
        count = len(expected.waiting)
        received = [content_of(update) for update in watch.wait_for(lambda updates: len(updates) >= count)]
        wanted = [
            {**update, "variable": update["variable"]["id"], "version": update["variable"]["version"]}
            for update in expected.waiting
        ]
        for update in wanted:
            del update["sequence"]
        key = repr
        assert (received if ordered else sorted(received, key=key)) == (
            wanted if ordered else sorted(wanted, key=key)
        )

    def teardown(self) -> None:
        if not hasattr(self, "watches"):
            return
        for watch, expected in self.watches:
            self.compare_watch(watch, expected)
            watch.close()
        self.session.clean_up()


def state_of(variable: Variable) -> model.State:
    return {
        "id": variable.id,
        "name": variable.name,
        "type": variable.type,
        "value": variable.value,
        "version": variable.version,
        "metadata": dict(variable.metadata),
        "source": variable.source,
    }


def content_of(update: Update) -> dict[str, Any]:
    assert update.variable is not None
    return {
        "kind": update.kind,
        "variable": update.variable_id,
        "previous": update.previous,
        "changed_by": update.source,
        "metadata": dict(update.metadata),
        "version": update.variable.version,
    }


@pytest.mark.timeout(7200)
def test_a_bridge_does_the_same_as_the_model(connection: Connection) -> None:
    machine = type("Connected", (Bridge,), {"connection": connection})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis has no type for it
        machine,
        settings=settings(
            max_examples=2000 if LONG else 30,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
