"""Loading a session's state from its values in etcd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...core import change_log
from ...core.change_log import VERSIONS, Change
from ...core.variables import Variable
from ..records import Opened, SessionState
from ..tool_text import tool_of_text
from . import storage_pb2 as stored
from .codec import Definition, change_of, holder_of, opened_of
from .keys import SessionKeys, id_suffix, unquoted
from .layout import Layout


def read_state(keys: SessionKeys, values: Mapping[bytes, bytes], layout: Layout) -> SessionState | None:
    """Read the state of a session from its stored values.

    Args:
        keys: the keys of the session.
        values: the values by key, in the order of the keys.
        layout: the layout of the session, which is updated with the keys in use.

    Returns:
        The state, or None if the session is not open.
    """
    if keys.session not in values:
        return None
    opened = opened_of(stored.Session.FromString(values[keys.session]))
    return _SessionReader(keys, values, layout).state(opened)


class _SessionReader:
    """A reader of one session's values."""

    def __init__(self, keys: SessionKeys, values: Mapping[bytes, bytes], layout: Layout) -> None:
        self._keys = keys
        self._values = values
        self._layout = layout
        self._definitions: dict[str, Definition] = {}
        self._messages: dict[int, stored.Changes] = {}
        self._versions: dict[str, dict[int, Variable]] = {}
        self._changes: dict[int, Change] = {}  # changes that created a version, by sequence

    def state(self, opened: Opened) -> SessionState:
        state = SessionState(opened)
        for name, value in self._under("variable"):
            self._definitions[name] = Definition(stored.Definition.FromString(value))
        for name, value in self._under("change"):
            self._messages[int(name)] = stored.Changes.FromString(value)
        self._read_versions()
        state.log = self._read_log()
        self._update_layout(state.log)
        holders = {name: holder_of(stored.Holder.FromString(value)) for name, value in self._under("holder")}
        histories = self._histories()
        present = [name for name, definition in self._definitions.items() if not definition.deleted]
        for name in sorted(present, key=lambda name: self._definitions[name].sequence):
            history = histories[name]
            state.variables.append((history[-1].variable.held_by(holders.get(name)), history))
        ids = {id_suffix(variable.id): variable.id for variable, _ in state.variables}
        for pair, value in self._under("follows"):
            followed, follower = pair.split("/")
            if followed in ids and follower in ids:
                state.dependencies.append((ids[followed], ids[follower], value.decode()))
                self._layout.know_follower(followed, follower)
            else:
                self._layout.unneeded.append(self._keys.follows(followed, follower))
        self._read_answers(state)
        self._read_tools(state)
        return state

    def _under(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the rest of each key that begins with a name, and its value."""
        start = self._keys.prefix + name.encode() + b"/"
        for key, value in self._values.items():
            if key.startswith(start):
                yield key[len(start) :].decode(), value

    def _read_versions(self) -> None:
        """Read the versions that are needed: each variable's newest, and those before it without a gap."""
        by_variable: dict[str, dict[int, stored.Change]] = {}
        for entry in self._messages.values():
            for message in entry.changes:
                if message.kind in VERSIONS:
                    by_variable.setdefault(id_suffix(message.variable_id), {})[message.version] = message
        for name, messages in by_variable.items():
            definition = self._definitions.get(name)
            if definition is None:
                continue  # the variable has been compacted
            newest = oldest = max(messages)
            while oldest - 1 in messages:
                oldest -= 1
            versions = self._versions[name] = {}
            for version in range(oldest, newest + 1):
                message = messages[version]
                variable = versions[version] = definition.version(message)
                self._changes[message.sequence] = change_of(message, variable, versions.get(version - 1))

    def _read_log(self) -> list[Change]:
        """Return the newest changes without a gap in their sequences. Each value change has its previous
        value."""
        loose = {
            message.sequence: message
            for entry in self._messages.values()
            for message in entry.changes
            if message.kind not in VERSIONS
        }
        changes: list[Change] = []
        sequence = max([*self._changes, *loose], default=0)
        while True:
            change = self._changes.get(sequence)
            if change is None and (message := loose.get(sequence)) is not None:
                version = self._versions.get(id_suffix(message.variable_id), {}).get(message.version)
                change = None if version is None else change_of(message, version, None)
            if change is None or (change.kind == change_log.VALUE_CHANGE and change.previous is None):
                break
            changes.append(change)
            sequence -= 1
        return changes[::-1]

    def _update_layout(self, log: list[Change]) -> None:
        """Update the layout with the changes that are needed; keys without any are marked as unneeded."""
        logged = {change.sequence for change in log}
        for key, entry in self._messages.items():
            versions = [
                (message.variable_id, message.version)
                for message in entry.changes
                if message.sequence in self._changes
            ]
            loose = [message.sequence for message in entry.changes if message.kind not in VERSIONS]
            self._layout.know_changes(key, versions, [sequence for sequence in loose if sequence in logged])

    def _histories(self) -> dict[str, list[Change]]:
        histories: dict[str, list[Change]] = {}
        for _, change in sorted(self._changes.items()):
            histories.setdefault(id_suffix(change.variable.id), []).append(change)
        return histories

    def _read_answers(self, state: SessionState) -> None:
        answers = [
            (unquoted(name.encode()), stored.Answer.FromString(v)) for name, v in self._under("answer")
        ]
        for request_id, answer in sorted(answers, key=lambda pair: pair[1].number):
            state.answers[request_id] = answer.version
            self._layout.know_answers(answer.number)

    def _read_tools(self, state: SessionState) -> None:
        tools = {}
        for number, value in self._under("tools"):
            group = [tool_of_text(text) for text in stored.Tools.FromString(value).tools]
            tools.update({tool.name: tool for tool in group})
            self._layout.know_tools(int(number), [tool.name for tool in group])
        state.tools = [*tools.values()]
