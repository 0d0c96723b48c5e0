"""The model of a bridge: what its sessions contain, and how changes alter them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from varbridge.conformance.model.actions import Action, Ref
from varbridge.conformance.model.branches import Branch, branch
from varbridge.conformance.model.plan import Plan, Refusal
from varbridge.conformance.model.state import Entry, Moment, Phase, SessionState, VariableState
from varbridge.conformance.model.values import Sent, Value, faults

NO_SESSION = branch("S2.1", "a call that names a session that is not open is refused")
NOT_FOUND = branch("A2.3", "a variable that does not exist is not found")
OTHER_SESSIONS_ID = branch("S3.2", "the id of another session's variable is not found")
ID_OF_DELETED = branch("A10.1", "the id of a deleted variable is not found")
BY_NAME = branch("A2.1", "a variable is named by its name")
BY_ID = branch("A2.1", "a variable is named by its id")
ID_FIRST = branch("A2.2", "a name that is the id of another variable means that one")


@dataclass(frozen=True)
class Named:
    """A variable that a call names, or its lack.

    Attributes:
        identifier: the identifier in the request.
        state: the variable; None if there is none.
        refusal: the refusal if there is none.
        branch: the branch that decides which variable it is.
    """

    identifier: str
    state: VariableState | None
    refusal: Refusal | None
    branch: Branch

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The refusal, if there is one, as a tuple."""
        return () if self.refusal is None else (self.refusal,)


class Model:
    """The model of a bridge with two sessions.

    Args:
        session_ids: the ids of the sessions.
        names: the names that actions refer to by number.
        history: the number of entries that a history retains.
    """

    def __init__(self, session_ids: Sequence[str], names: Sequence[str], history: int = 100) -> None:
        self.sessions = [SessionState(session_id) for session_id in session_ids]
        self.names = names
        self.history = history

    def identifier(self, action: Action, ref: Ref) -> str:
        """Return the identifier that a call uses for a variable."""
        session = self.sessions[action.session]
        name = self.names[ref.name % len(self.names)]
        if ref.by == "other id":
            other = self.sessions[1 - action.session].named(name)
            return other.id if other is not None else name
        if ref.by == "old id":
            return session.old_ids.get(name, name)
        state = session.named(name)
        return state.id if ref.by == "id" and state is not None else name

    def find(self, action: Action, ref: Ref) -> Named:
        """Find the variable that an action names."""
        session = self.sessions[action.session]
        identifier = self.identifier(action, ref)
        state = session.find(identifier)
        if state is not None:
            both = state.id == identifier and session.named(identifier) not in (None, state)
            named_by = ID_FIRST if both else BY_ID if state.id == identifier else BY_NAME
            return Named(identifier, state, None, named_by)
        codes = ("NOT_FOUND",) if valid_name(identifier) else ("NOT_FOUND", "INVALID_ARGUMENT")
        missing = NOT_FOUND
        if identifier in session.old_ids.values():
            missing = ID_OF_DELETED
        elif any(identifier in other.variables for other in self.sessions):
            missing = OTHER_SESSIONS_ID
        return Named(identifier, None, Refusal(missing, codes), missing)

    # Changes

    def in_session(self, session: SessionState, plan: Plan) -> Plan:
        """Return the plan of a call that needs an open session."""
        if session.open:
            return plan
        others = {code for refusal in plan.refusals for code in refusal.codes} - {"NOT_FOUND"}
        refusal = Refusal(NO_SESSION, ("NOT_FOUND", *others), "" if others else "Session not found")
        return replace(plan, refusals=(refusal,), touched=frozenset())

    def changed(self, state: VariableState, value: Value, metadata: Mapping[str, str]) -> VariableState:
        return replace(
            state,
            value=value,
            version=state.version + 1,
            metadata={**state.metadata, **metadata},
            source=source_of(metadata),
            moment=Moment(),
        )

    def apply(
        self,
        session: SessionState,
        changes: Sequence[tuple[VariableState, VariableState, Mapping[str, str], str]],
        *,
        atomic: bool = True,
    ) -> None:
        """Apply changes of variables, and append their updates and those of dependent variables."""
        phase: Phase = []
        for before, after, metadata, author in changes:
            entry = change_entry("value_change", after, before.value, metadata, author)
            session.variables[after.id] = after
            session.histories[after.id].append(entry)
            phase.append(entry)
        followers = [
            Entry(
                "dependency_change",
                session.variables[follower],
                metadata={
                    "cause": after.name,
                    "cause_id": after.id,
                    "cause_version": str(after.version),
                    "dependency_type": kind,
                },
                more_metadata=True,
            )
            for _, after, _, _ in changes
            for (follower, followed), kind in session.dependencies.items()
            if followed == after.id
        ]
        if atomic or not followers:
            session.append(phase)
            session.append(followers)
        else:
            session.append([*phase, *followers])


# Functions


def valid_name(name: str) -> bool:
    """Return True if a text may be a name or an id."""
    return 1 <= len(name) <= 256 and not any(unicodedata.category(c) == "Cc" for c in name)


def valid_value(sent: Sent) -> bool:
    """Return True if some variable could have a value."""
    return not faults(sent.kind, _ANY_CONSTRAINTS.get(sent.kind, {}), sent)


_ANY_CONSTRAINTS: Mapping[str, Any] = {"choice": {"choices": ["a", "b"]}}


def matches(pattern: str, text: str) -> bool:
    """Return True if the whole text matches: ``*`` stands for any characters, ``?`` for one."""
    ends = {0}  # the places in the text to which the pattern so far can match
    for character in pattern:
        if character == "*":
            ends = {*range(min(ends, default=len(text) + 1), len(text) + 1)}
        else:
            ends = {end + 1 for end in ends if end < len(text) and character in ("?", text[end])}
    return len(text) in ends


def source_of(metadata: Mapping[str, str]) -> str:
    """Return the source of a variable whose last change had this metadata."""
    return "ELIXIR" if metadata.get("source") == "elixir" else "PYTHON"


def change_entry(
    kind: str,
    state: VariableState,
    previous: Value | None,
    metadata: Mapping[str, str],
    author: str,
    moment: Moment | None = None,
) -> Entry:
    """Return the entry of a change; its metadata may name another author."""
    author = metadata.get("changed_by", author)
    return Entry(kind, state, previous, author, metadata, moment=moment or state.moment)
