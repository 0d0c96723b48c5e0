"""A session's state, from what is kept of it in etcd."""

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
    """Read a session.

    Args:
        keys: of the session.
        values: by key, in the order of keys.
        layout: learns where everything stands.

    Returns:
        None where the session is not open.
    """
    if keys.session not in values:
        return None
    return _Reading(keys, values, layout).state(opened_of(stored.Session.FromString(values[keys.session])))


class _Reading:
    """One session on its way from values to objects."""

    def __init__(self, keys: SessionKeys, values: Mapping[bytes, bytes], layout: Layout) -> None:
        self._keys = keys
        self._values = values
        self._layout = layout
        self._definitions: dict[str, Definition] = {}
        self._messages: dict[int, stored.Changes] = {}
        self._versions: dict[str, dict[int, Variable]] = {}
        self._changes: dict[int, Change] = {}  # that made a version, by sequence

    def state(self, opened: Opened) -> SessionState:
        state = SessionState(opened)
        for name, value in self._under("variable"):
            self._definitions[name] = Definition(stored.Definition.FromString(value))
        for name, value in self._under("change"):
            self._messages[int(name)] = stored.Changes.FromString(value)
        self._read_versions()
        state.log = self._read_log()
        self._tell_layout(state.log)
        holders = {name: holder_of(stored.Holder.FromString(value)) for name, value in self._under("holder")}
        histories = self._histories()
        present = [name for name, one in self._definitions.items() if not one.deleted]
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
        """What follows a name in the keys, and their values."""
        start = self._keys.prefix + name.encode() + b"/"
        for key, value in self._values.items():
            if key.startswith(start):
                yield key[len(start) :].decode(), value

    def _read_versions(self) -> None:
        """Read the versions that are needed: of each variable, those without a gap below the newest."""
        found: dict[str, dict[int, stored.Change]] = {}
        for entry in self._messages.values():
            for message in entry.changes:
                if message.kind in VERSIONS:
                    found.setdefault(id_suffix(message.variable_id), {})[message.version] = message
        for name, messages in found.items():
            definition = self._definitions.get(name)
            if definition is None:
                continue  # of a variable that was let go
            newest = oldest = max(messages)
            while oldest - 1 in messages:
                oldest -= 1
            versions = self._versions[name] = {}
            for version in range(oldest, newest + 1):
                message = messages[version]
                variable = versions[version] = definition.version(message)
                self._changes[message.sequence] = change_of(message, variable, versions.get(version - 1))

    def _read_log(self) -> list[Change]:
        """The newest changes without a gap, each of which tells of a value before that is known."""
        loose = {
            message.sequence: message
            for entry in self._messages.values()
            for message in entry.changes
            if message.kind not in VERSIONS
        }
        found: list[Change] = []
        sequence = max([*self._changes, *loose], default=0)
        while True:
            change = self._changes.get(sequence)
            if change is None and (message := loose.get(sequence)) is not None:
                version = self._versions.get(id_suffix(message.variable_id), {}).get(message.version)
                change = None if version is None else change_of(message, version, None)
            if change is None or (change.kind == change_log.VALUE_CHANGE and change.previous is None):
                break
            found.append(change)
            sequence -= 1
        return found[::-1]

    def _tell_layout(self, kept_log: list[Change]) -> None:
        """Tell the layout which changes are needed, and so which keys are not."""
        logged = {change.sequence for change in kept_log}
        for key, entry in self._messages.items():
            versions = [
                (message.variable_id, message.version)
                for message in entry.changes
                if message.sequence in self._changes
            ]
            loose = [one.sequence for one in entry.changes if one.kind not in VERSIONS]
            self._layout.know_changes(key, versions, [one for one in loose if one in logged])

    def _histories(self) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = {}
        for _, change in sorted(self._changes.items()):
            found.setdefault(id_suffix(change.variable.id), []).append(change)
        return found

    def _read_answers(self, state: SessionState) -> None:
        answers = [
            (unquoted(name.encode()), stored.Answer.FromString(v)) for name, v in self._under("answer")
        ]
        for request_id, answer in sorted(answers, key=lambda one: one[1].number):
            state.answers[request_id] = answer.version
            self._layout.know_answers(answer.number)

    def _read_tools(self, state: SessionState) -> None:
        tools = {}
        for number, value in self._under("tools"):
            together = [tool_of_text(text) for text in stored.Tools.FromString(value).tools]
            tools.update({tool.name: tool for tool in together})
            self._layout.know_tools(int(number), [tool.name for tool in together])
        state.tools = [*tools.values()]
