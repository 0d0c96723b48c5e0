"""The record of one scenario: what passed, and which replies break a guarantee whatever it looks at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from varbridge.conformance.events import Event
from varbridge.conformance.invariants.replies import variables_in, violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.report.trace import Trace


class Recorder:
    """Takes in every event of a scenario, and holds each reply against the others."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.versions = Versions()
        self.trace = Trace()
        self._states: dict[str, str] = {}

    def share(self, addresses: Iterable[str], state: str) -> None:
        """Know that bridges share their state: what one tells is held against the others'.

        Args:
            addresses: theirs.
            state: what to call it.
        """
        self._states.update(dict.fromkeys(addresses, state))

    def state_at(self, address: str) -> str:
        """The state that an address leads to, of several the first: the bridge's own, or a shared one."""
        first = address.partition(",")[0]
        return self._states.get(first, first)

    def add(self, event: Event) -> None:
        """Take in an event."""
        self.trace.add(event)
        if event.kind == "call" and event.reply is not None:
            self._inspect(self.state_at(event.address), event.method, event.request, event.reply)

    def _inspect(self, state: str, method: str, request: Any, reply: Any) -> None:
        self.violations.extend(violations(method, request, reply))
        whole = method != "GetVariables" or request.include_metadata
        for variable in variables_in(method, reply):
            self.violations.extend(self.versions.violations_of(variable))
            self.violations.extend(self.versions.violations_of_state(state, variable, metadata=whole))
            self.versions.learn_id(state, request.session_id, variable)
        if method == "GetVariableHistory":
            self.violations.extend(self.versions.violations_of_history(state, request, reply))
        if method == "SetVariables" and request.atomic and reply.success:
            self.versions.add_batch(request.session_id, reply.new_versions)
