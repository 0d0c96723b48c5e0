"""The layout of a session in etcd: the writes for each record, and the keys that are still needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ...core import change_log
from ...core.change_log import VERSIONS, Change
from ..records import Changed, Compacted, Depended, Ended, Held, Opened, Record, ToolsRegistered
from ..tool_text import text_of_tool
from . import storage_pb2 as stored
from .codec import change_message, definition_message, holder_message, session_message
from .keys import Keys, id_suffix

MAX_KEYED_CHANGES = 50
"""The maximum number of changes of a batch that get a key each; the changes of a larger batch share one key,
because a transaction may have only 128 operations."""

MAX_KEYED_BYTES = 256 * 2**10
"""The maximum total size of the changes of a batch that get a key each, in bytes; the changes of a larger
batch share one key."""


class Put(NamedTuple):
    """A write that sets a key to a value."""

    key: bytes
    value: bytes


class Delete(NamedTuple):
    """A write that deletes a key, or all keys with it as prefix."""

    key: bytes
    whole_prefix: bool = False


Write = Put | Delete


class Layout:
    """The keys under which a session's state is stored.

    A key with changes can be deleted when neither a history nor the log needs any of the changes under it.

    Args:
        keys: the keys of the cluster.
        session_id: the id of the session.

    Attributes:
        unneeded: the keys that can be deleted at any time, in this order.
    """

    def __init__(self, keys: Keys, session_id: str) -> None:
        self._cluster_keys = keys
        self._session_id = session_id
        self._keys = keys.state(session_id)
        self.unneeded: deque[bytes] = deque()
        self._write: dict[type[Record], Callable[[Any], Iterator[Write]]] = {
            Opened: self._opened,
            Ended: self._ended,
            Changed: self._changed,
            Depended: self._depended,
            Held: self._held,
            ToolsRegistered: self._tools_registered,
            Compacted: self._compacted,
        }
        self._clear()

    def _clear(self) -> None:
        self._versions: dict[str, deque[tuple[int, int]]] = {}  # by variable: versions and their keys
        self._loose: deque[tuple[int, int]] = deque()  # sequences of other changes, and their keys
        self._shared: dict[int, int] = {}  # the number of needed changes, of keys with several
        self._follows: set[tuple[str, str]] = set()
        self._tools: dict[str, int] = {}  # by name: the key of the tool
        self._written_tools = 0
        self._written_answers = 0
        self.unneeded.clear()

    def writes(self, record: Record) -> Iterable[Write]:
        """Return the writes for a record, which belong in one transaction."""
        return self._write[type(record)](record)

    # Keys that are stored already

    def know_changes(self, key: int, versions: Sequence[tuple[str, int]], loose: Sequence[int]) -> None:
        """Record a key with changes that is in use; keys are recorded in ascending order.

        Args:
            key: the number in the key.
            versions: the needed versions under the key, each with its variable's id.
            loose: the sequences of needed changes that created no version.
        """
        needed = len(versions) + len(loose)
        if not needed:
            self.unneeded.append(self._keys.change(key))
            return
        if needed > 1:
            self._shared[key] = needed
        for variable_id, version in versions:
            self._versions.setdefault(id_suffix(variable_id), deque()).append((version, key))
        self._loose.extend((sequence, key) for sequence in loose)

    def know_follower(self, followed: str, follower: str) -> None:
        """Record that the key of a dependency is in use."""
        self._follows.add((id_suffix(followed), id_suffix(follower)))

    def know_tools(self, key: int, names: Sequence[str]) -> None:
        """Record a key with tools that is in use, in ascending order; newer tools replace those of the same
        name."""
        for name in names:
            self._replace_tool(name, key)
        self._written_tools = key + 1

    def know_answers(self, newest: int) -> None:
        """Record the number of the newest stored answer to a request id."""
        self._written_answers = newest + 1

    # Records

    def _opened(self, record: Opened) -> Iterator[Write]:
        yield Put(self._keys.session, session_message(record).SerializeToString())
        yield Delete(self._cluster_keys.ended(self._session_id))

    def _ended(self, record: Ended) -> Iterator[Write]:
        self._clear()
        yield Delete(self._keys.prefix, whole_prefix=True)
        yield Put(self._cluster_keys.ended(self._session_id), str(record.last).encode())

    def _changed(self, record: Changed) -> Iterator[Write]:
        messages = [change_message(change) for change in record.changes]
        keyed = (
            len(messages) <= MAX_KEYED_CHANGES
            and sum(message.ByteSize() for message in messages) <= MAX_KEYED_BYTES
        )
        groups = [[message] for message in messages] if keyed else [messages]
        for group in groups:
            key = group[0].sequence
            yield Put(self._keys.change(key), stored.Changes(changes=group).SerializeToString())
            self.know_changes(
                key,
                [(message.variable_id, message.version) for message in group if message.kind in VERSIONS],
                [message.sequence for message in group if message.kind not in VERSIONS],
            )
        for change in record.changes:
            if change.kind in (change_log.REGISTERED, change_log.DELETED):
                yield from self._defined(change)
        if record.request_id:
            answer = stored.Answer(version=record.changes[0].variable.version, number=self._written_answers)
            self._written_answers += 1
            yield Put(self._keys.answer(record.request_id), answer.SerializeToString())
            if record.forgotten:
                yield Delete(self._keys.answer(record.forgotten))

    def _defined(self, change: Change) -> Iterator[Write]:
        """Yield the writes for the definition of the variable that a change registers or deletes."""
        variable = change.variable
        deleted = change.kind == change_log.DELETED
        message = definition_message(variable, change.sequence, deleted=deleted)
        yield Put(self._keys.variable(variable.id), message.SerializeToString())
        if deleted:
            yield Delete(self._keys.holder(variable.id))
            suffix = id_suffix(variable.id)
            for pair in [pair for pair in self._follows if suffix in pair]:
                self._follows.remove(pair)
                self.unneeded.append(self._keys.follows(*pair))

    def _depended(self, record: Depended) -> Iterator[Write]:
        self.know_follower(record.followed, record.follower)
        yield Put(self._keys.follows(record.followed, record.follower), record.dependency_type.encode())

    def _held(self, record: Held) -> Iterator[Write]:
        key = self._keys.holder(record.variable_id)
        holder = holder_message(record.holder)
        yield Delete(key) if holder is None else Put(key, holder.SerializeToString())

    def _tools_registered(self, record: ToolsRegistered) -> Iterator[Write]:
        key = self._written_tools
        texts = [text_of_tool(tool) for tool in record.tools]
        yield Put(self._keys.tools(key), stored.Tools(tools=texts).SerializeToString())
        self.know_tools(key, [tool.name for tool in record.tools])

    def _replace_tool(self, name: str, key: int) -> None:
        before = self._tools.get(name)
        self._tools[name] = key
        if before is not None and before != key and before not in self._tools.values():
            self.unneeded.append(self._keys.tools(before))

    def _compacted(self, record: Compacted) -> Iterator[Write]:
        for variable_id, oldest in record.versions.items():
            if oldest is None:
                self.unneeded.append(self._keys.variable(variable_id))
            versions = self._versions.get(id_suffix(variable_id), deque())
            while versions and (oldest is None or versions[0][0] < oldest):
                self._release(versions.popleft()[1])
            if not versions:
                self._versions.pop(id_suffix(variable_id), None)
        while self._loose and self._loose[0][0] < record.oldest:
            self._release(self._loose.popleft()[1])
        return iter(())

    def _release(self, key: int) -> None:
        """Record that one change under a key is not needed any more; without needed changes, the key is
        unneeded."""
        needed = self._shared.pop(key, 1) - 1
        if needed > 1:
            self._shared[key] = needed
        elif not needed:
            self.unneeded.append(self._keys.change(key))
