"""A workload that races with the opening of watches: no change after the initial values may be missed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import count

from varbridge import Session, Update
from varbridge.conformance.vocabulary.contents import item
from varbridge.conformance.vocabulary.encoding import encode, read_value


class RacingWriters:
    """A workload of clients that set integer variables repeatedly, each time to a unique number.

    The clients write within a ``with`` block, and at least ``least`` times each.

    Args:
        sessions: the same session once for each client.
        names: the names of the variables, which each client sets in turn.
        least: the minimum number of sets of each client.

    Attributes:
        written: the written values by name and version, and the value before the first write.
        last: the name and version of the last write, after all others had been answered.
    """

    def __init__(self, sessions: Sequence[Session], names: Sequence[str], least: int = 1) -> None:
        self.written: dict[str, dict[int, int]] = {}
        self.last = ("", 0)
        self._sessions = sessions
        self._names = names
        self._least = least
        self._done = threading.Event()
        self._answers: list[tuple[str, int, int]] = []
        self._failures: list[Exception] = []
        self._threads = [
            threading.Thread(target=self._write, args=(number,)) for number in range(len(sessions))
        ]

    def __enter__(self) -> RacingWriters:
        before, _ = self._sessions[0].get_many(self._names)
        read = {name: item(before, name, f"{name} in a read") for name in self._names}
        self._answers = [(name, variable.version, read_value(variable)) for name, variable in read.items()]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
        name, value = self._names[0], -1
        self.last = name, self._sessions[0].set(name, encode("integer", value))
        self._answers.append((*self.last, value))
        for name, version, value in self._answers:
            first_value = self.written.setdefault(name, {}).setdefault(version, value)
            assert first_value == value, f"two writers got the same version {version} of {name!r}"

    def violations(self, who: str, updates: Sequence[Update]) -> list[str]:
        """Return sentences about missing and wrong updates of a watch that was opened during the writes."""
        first = [update.variable.name for update in updates[: len(self._names)] if update.variable]
        kinds = {update.kind for update in updates[: len(self._names)]}
        if first != [*self._names] or kinds != {"initial_value"}:
            return [f"{who} began with {updates[: len(self._names)]}, not with the initial values"]
        got: dict[str, dict[int, int]] = {name: {} for name in self._names}
        for update in updates:
            if update.variable is not None:
                seen = got.setdefault(update.variable.name, {})
                seen[update.variable.version] = read_value(update.variable)
        sentences = []
        for name, seen in got.items():
            if not seen:
                sentences.append(f"{who} received no update of {name!r}")
                continue
            begun = min(seen)
            written = self.written.get(name, {})
            wanted = {version: value for version, value in written.items() if version >= begun}
            if missing := sorted(wanted.keys() - seen.keys()):
                sentences.append(f"{who} received {name!r} from version {begun} on, but never {missing}")
            if wrong := {version: seen[version] for version in seen if wanted.get(version) != seen[version]}:
                sentences.append(f"{who} received versions of {name!r} that no writer had made: {wrong}")
        return sentences

    def violations_after(self, version: int, who: str, updates: Sequence[Update]) -> list[str]:
        """Return a sentence if a watch of the only variable did not receive all that was written after a
        version."""
        (name,) = self._names
        wanted = [later for later in sorted(self.written[name]) if later > version]
        got = [update.variable.version for update in updates if update.variable]
        return [] if got == wanted else [f"{who} received the versions {got}, not {wanted}"]

    def arrived(self, updates: Sequence[Update]) -> bool:
        """Return True if the updates end with the last write."""
        newest = next((update.variable for update in reversed(updates) if update.variable), None)
        return newest is not None and (newest.name, newest.version) == self.last

    def _write(self, number: int) -> None:
        session, names = self._sessions[number], self._names
        try:
            for turn in count():
                if self._done.is_set() and turn >= self._least:
                    return
                name, value = names[(number + turn) % len(names)], number * 1_000_000 + turn + 2
                self._answers.append((name, session.set(name, encode("integer", value)), value))
        except Exception as failure:  # raised where the block ends
            self._failures.append(failure)
