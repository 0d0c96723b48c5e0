"""Random commands on one session, given to the core and to the model, which must agree after each one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from server.core import change_log
from server.core.change_log import Change
from server.core.change_log import Watch as LogWatch
from server.core.changes import ChangeContext, ReadValue
from server.core.errors import RefusalError
from server.core.limits import Limits
from server.core.session import Session
from server.core.variables import Variable
from server.storage.records import Opened
from tests.model import Model, RefusedError, State, Update, Watch
from tests.server.core.builders import FakeClock, reader

CAPS = {"variables": 5, "metadata": 3, "history": 4, "log_changes": 12, "request_ids": 2, "watches": 4}

NAMES = ("rate", "rate.max", "[a]")


class Core:
    """A session of the core with the interface of the model."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        opened = Opened("random", {}, self.clock.utc(), 60.0, 0)
        self.session = Session(opened, self.clock, Limits(**CAPS))

    def register(
        self, name: str, kind: str, value: Any, constraints: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> State:
        read = reader(kind, value)
        text, edit = json.dumps(constraints), ChangeContext(metadata)
        return _state(self._ask(lambda: self.session.register(name, kind, text, read, edit)))

    def get_many(self, identifiers: Sequence[str]) -> tuple[dict[str, State], list[str]]:
        variables, missing = self._ask(lambda: self.session.get_many(identifiers))
        return {identifier: _state(variable) for identifier, variable in variables.items()}, missing

    def list(self, pattern: str) -> list[State]:
        return [_state(variable) for variable in self._ask(lambda: self.session.matching(pattern))]

    def history(self, identifier: str, limit: int) -> list[Update]:
        changes = self._ask(lambda: self.session.history(identifier, limit))
        return [{**_update(change), "sequence": 0} for change in changes]

    def set(
        self,
        identifier: str,
        value: Any,
        metadata: Mapping[str, str],
        expected_version: int | None,
        request_id: str,
    ) -> int:
        edit = ChangeContext(metadata, expected_version)
        version: int = self._ask(lambda: self.session.set(identifier, _reader(value), edit, request_id))
        return version

    def set_many(
        self, updates: Mapping[str, Any], metadata: Mapping[str, str], atomic: bool
    ) -> tuple[dict[str, int], set[str]]:
        readers = {identifier: _reader(value) for identifier, value in updates.items()}
        versions, errors = self._ask(
            lambda: self.session.set_many(readers, ChangeContext(metadata), atomic=atomic)
        )
        return versions, {*errors}

    def roll_back(self, identifier: str, version: int, metadata: Mapping[str, str]) -> State:
        return _state(self._ask(lambda: self.session.roll_back(identifier, version, ChangeContext(metadata))))

    def delete(self, identifier: str, metadata: Mapping[str, str]) -> None:
        self._ask(lambda: self.session.delete(identifier, ChangeContext(metadata)))

    def watch(self, identifiers: Sequence[str], resume_after: int | None) -> LogWatch:
        watch, _ = self._ask(lambda: self.session.watch(identifiers, lambda: None, resume_after))
        assert isinstance(watch, LogWatch)
        return watch

    def take(self, watch: LogWatch) -> list[Update]:
        return [_update(change) for change in self._ask(watch.take)]

    def close(self, watch: LogWatch) -> None:
        watch.close()

    def _ask(self, call: Callable[[], Any]) -> Any:
        self.clock.advance(1)
        try:
            return call()
        except RefusalError as refusal:
            raise RefusedError(
                re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__.removesuffix("Error")).upper()
            ) from refusal


def _reader(value: Any) -> ReadValue:
    """Return a reader of a value that is sent as its variable's type, even if it is of another type."""
    return lambda kind, constraints: reader(kind.name, value)(kind, constraints)


def _state(variable: Variable) -> State:
    return {
        "id": variable.id,
        "name": variable.name,
        "type": variable.rules.type.name,
        "value": variable.value.native(),
        "version": variable.version,
        "metadata": dict(variable.metadata),
        "source": "ELIXIR" if variable.from_elixir else "PYTHON",
    }


def _update(change: Change) -> Update:
    assert (change.previous is not None) is (change.kind == change_log.VALUE_CHANGE)
    return {
        "sequence": change.sequence,
        "kind": change.kind,
        "variable": _state(change.variable),
        "previous": change.previous and change.previous.native(),
        "changed_by": change.changed_by,
        "metadata": dict(change.metadata),
    }


# Most drawn values are valid, since a history of refusals would show little.
values = st.one_of(
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([0, 1, 2, 3, -1, 0.5, 2.0, 2.0**60, 2.0**63, -(2**63), 2**53 + 1, 1e300]),
    st.sampled_from([True, "fast", "a long text"]),
)
kinds = st.sampled_from(["float", "float", "float", "integer", "string", "boolean"])
constraints = st.sampled_from([{}, {}, {}, {"min": 0}, {"max": 2}, {"max_length": 4}])
fitting = {
    "float": {"min", "max"},
    "integer": {"min", "max"},
    "string": {"max_length"},
    "boolean": set[str](),
}
metadata = st.dictionaries(
    st.sampled_from(["a", "b", "source", "changed_by"]), st.sampled_from(["elixir", "ada", ""]), max_size=2
)
request_ids = st.sampled_from(["", "", "r1", "r2", "r3"])
patterns = st.sampled_from(["", "*", "rate*", "?????*", "[a]", "*e*", "r?te", "*.*", "x*"])


class Machine(RuleBasedStateMachine):
    """A state machine that gives commands to the core and the model; a refusal counts as an answer."""

    ids = Bundle("ids")
    watches = Bundle("watches")

    def __init__(self) -> None:
        super().__init__()
        self.core = Core()
        self.model = Model(**CAPS)

    @initialize(target=ids, metadata=metadata)
    def begin(self, metadata: dict[str, str]) -> Any:
        return multiple(
            self.register("rate", "float", 0, {}, metadata),
            self.register("[a]", "integer", 0, {}, metadata),
        )

    def both(self, ask: Callable[[Core], Any], expect: Callable[[], Any]) -> None:
        """Check that the core has the same outcome as the model."""
        check(outcome(lambda: ask(self.core)), outcome(expect))

    identifiers = st.one_of(st.sampled_from(NAMES), ids)

    @rule(
        target=ids,
        name=st.one_of(st.sampled_from(NAMES), ids),
        kind=kinds,
        value=values,
        constraints=constraints,
        metadata=metadata,
    )
    def register(
        self, name: str, kind: str, value: Any, constraints: dict[str, Any], metadata: dict[str, str]
    ) -> Any:
        if not fitting[kind].issuperset(constraints):
            constraints = {}
        registered = outcome(lambda: self.core.register(name, kind, value, constraints, metadata))
        new_id = registered[1]["id"] if registered[0] == "answered" else ""
        assert new_id not in self.model.histories
        check(
            registered, outcome(lambda: self.model.register(new_id, name, kind, value, constraints, metadata))
        )
        return new_id or multiple()

    @rule(
        identifier=identifiers,
        value=values,
        metadata=metadata,
        expected=st.sampled_from([None, None, None, 1, 2, 3]),
        request_id=request_ids,
    )
    def set(
        self, identifier: str, value: Any, metadata: dict[str, str], expected: int | None, request_id: str
    ) -> None:
        self.both(
            lambda core: core.set(identifier, value, metadata, expected, request_id),
            lambda: self.model.set(identifier, value, metadata, expected, request_id),
        )

    @rule(updates=st.dictionaries(identifiers, values, max_size=4), metadata=metadata, atomic=st.booleans())
    def set_many(self, updates: dict[str, Any], metadata: dict[str, str], atomic: bool) -> None:
        self.both(
            lambda core: core.set_many(updates, metadata, atomic),
            lambda: self.model.set_many(updates, metadata, atomic),
        )

    @rule(identifier=identifiers, version=st.integers(-1, 8), metadata=metadata)
    def roll_back(self, identifier: str, version: int, metadata: dict[str, str]) -> None:
        self.both(
            lambda core: core.roll_back(identifier, version, metadata),
            lambda: self.model.roll_back(identifier, version, metadata),
        )

    @rule(identifier=identifiers, metadata=metadata)
    def delete(self, identifier: str, metadata: dict[str, str]) -> None:
        self.both(
            lambda core: core.delete(identifier, metadata),
            lambda: self.model.delete(identifier, metadata),
        )

    @rule(identifiers=st.lists(identifiers, max_size=4))
    def get_many(self, identifiers: list[str]) -> None:
        self.both(lambda core: core.get_many(identifiers), lambda: self.model.get_many(identifiers))

    @rule(pattern=patterns)
    def list(self, pattern: str) -> None:
        self.both(lambda core: core.list(pattern), lambda: self.model.list(pattern))

    @rule(identifier=identifiers, limit=st.integers(-1, 6))
    def history(self, identifier: str, limit: int) -> None:
        self.both(lambda core: core.history(identifier, limit), lambda: self.model.history(identifier, limit))

    @rule(
        target=watches,
        identifiers=st.lists(identifiers, max_size=2),
        behind=st.none() | st.integers(-2, 16),
    )
    def watch(self, identifiers: Sequence[str], behind: int | None) -> Any:
        after = None if behind is None else len(self.model.updates) - behind
        asked = outcome(lambda: self.core.watch(identifiers, after))
        expected = outcome(lambda: self.model.watch(identifiers, after))
        if asked[0] == "refused" or expected[0] == "refused":
            check(asked, expected)
            return multiple()
        return asked[1], expected[1]

    @rule(watch=watches)
    def take(self, watch: tuple[Any, Watch]) -> None:
        self.both(lambda core: core.take(watch[0]), lambda: self.model.take(watch[1]))

    @rule(watch=consumes(watches))
    def close(self, watch: tuple[Any, Watch]) -> None:
        self.take(watch)
        self.core.close(watch[0])
        self.model.watches.remove(watch[1])

    @invariant()
    def the_core_holds_what_the_model_holds(self) -> None:
        assert exactly(self.core.list("")) == exactly(self.model.list(""))
        for identifier in self.model.variables:
            assert exactly(self.core.history(identifier, 0)) == exactly(self.model.history(identifier, 0))


def outcome(ask: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "answered", ask()
    except RefusedError as refusal:
        return "refused", refusal.codes


def check(answer: tuple[str, Any], expected: tuple[str, Any]) -> None:
    """Compare an outcome with the model's; if several errors apply, the core may report any of them."""
    assert answer[0] == expected[0], f"{answer} instead of {expected}"
    if answer[0] == "refused":
        assert answer[1] <= expected[1]
    else:
        assert exactly(answer[1]) == exactly(expected[1])


def exactly(answer: Any) -> Any:
    """Return a form of an answer in which 1, 1.0 and True differ."""
    if isinstance(answer, dict):
        return {key: exactly(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [exactly(item) for item in answer]
    return answer if isinstance(answer, str | set | None) else (type(answer), repr(answer))


TestSession = Machine.TestCase
TestSession.settings = settings(max_examples=5 * settings.default.max_examples)
