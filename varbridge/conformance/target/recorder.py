"""The recorder of one scenario: a trace of its calls, and the invariants that its replies violate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from varbridge.conformance.events import Event
from varbridge.conformance.invariants.replies import variables_in, violations, violations_of_refusal
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.report.trace import Trace


class Recorder:
    """A recorder of all events of a scenario, which checks each reply by itself and against earlier ones.

    Args:
        current: True if messages have the fields with numbers from 100, which SnakepitBridge lacks.
    """

    def __init__(self, current: bool = True) -> None:
        self.violations: list[str] = []
        self.versions = Versions(current)
        self.trace = Trace()
        self._states: dict[str, str] = {}

    def share(self, addresses: Iterable[str], state: str) -> None:
        """Declare that bridges share their state, so that their replies must agree.

        Args:
            addresses: the addresses of the bridges.
            state: a name for the shared state.
        """
        self._states.update(dict.fromkeys(addresses, state))

    def state_at(self, address: str) -> str:
        """Return the name of the state behind an address, or behind the first of several addresses.

        A bridge that shares its state with no other is named by its address.
        """
        first = address.partition(",")[0]
        return self._states.get(first, first)

    def add(self, event: Event) -> None:
        """Record an event, and check its reply or its refusal."""
        self.trace.add(event)
        self.violations.extend(violations_of_refusal(event.method, event.words))
        if event.kind == "call" and event.reply is not None:
            self._inspect(self.state_at(event.address), event.method, event.request, event.reply)

    def _inspect(self, state: str, method: str, request: Any, reply: Any) -> None:
        self.violations.extend(violations(method, request, reply, current=self.versions.current))
        if method == "RegisterVariable":
            self.violations.extend(
                self.versions.violations_of_registration(state, request.session_id, reply.variable_id)
            )
        metadata = method != "GetVariables" or request.include_metadata
        for variable in variables_in(method, reply):
            self.violations.extend(self.versions.violations_of(variable))
            self.violations.extend(self.versions.violations_of_state(state, variable, metadata=metadata))
            self.versions.learn_id(state, request.session_id, variable)
        if method == "GetVariableHistory":
            self.violations.extend(self.versions.violations_of_history(state, request, reply))
        if method == "SetVariables" and request.atomic and reply.success:
            self.versions.add_batch(request.session_id, reply.new_versions)
