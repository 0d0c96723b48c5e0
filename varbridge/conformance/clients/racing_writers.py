"""The seam of a watch, between the present values and the first change, while many clients write."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import count

from varbridge import Session, Update


class RacingWriters:
    """Clients that set integer variables over and over, each time to a number that nobody else sets.

    They write for the length of a ``with`` block, and at least ``least`` times each.

    Args:
        sessions: one for each of them, of the same session.
        names: the variables; each client sets one after the other.
        least: how often each client writes at least.

    Attributes:
        written: the value of each version by name, from that at the start on.
        last: name and version of what was written last, when all else had been answered.
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
        found, _ = self._sessions[0].get_many(self._names)
        self._answers = [(name, found[name].version, found[name].value) for name in self._names]
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
        self.last = name, self._sessions[0].set(name, value, kind="integer")
        self._answers.append((*self.last, value))
        for name, version, value in self._answers:
            told = self.written.setdefault(name, {}).setdefault(version, value)
            assert told == value, f"version {version} of {name!r} was answered to two writers"

    def violations(self, who: str, updates: Sequence[Update]) -> list[str]:
        """Say what a watch with present values, put in place meanwhile, missed or got wrong."""
        first = [update.variable.name for update in updates[: len(self._names)] if update.variable]
        kinds = {update.kind for update in updates[: len(self._names)]}
        if first != [*self._names] or kinds != {"initial_value"}:
            return [f"{who} began with {updates[: len(self._names)]}, not with the present values"]
        got: dict[str, dict[int, int]] = {name: {} for name in self._names}
        for update in updates:
            if update.variable is not None:
                seen = got.setdefault(update.variable.name, {})
                seen[update.variable.version] = update.variable.value
        found = []
        for name, seen in got.items():
            begun = min(seen)
            written = self.written.get(name, {})
            wanted = {version: value for version, value in written.items() if version >= begun}
            if missing := sorted(wanted.keys() - seen.keys()):
                found.append(f"{who} received {name!r} from version {begun} on, but never {missing}")
            if wrong := {version: seen[version] for version in seen if wanted.get(version) != seen[version]}:
                found.append(f"{who} received of {name!r} what nobody was told to have written: {wrong}")
        return found

    def arrived(self, updates: Sequence[Update]) -> bool:
        """Whether the last of all that was written is among these."""
        newest = next((update.variable for update in reversed(updates) if update.variable), None)
        return newest is not None and (newest.name, newest.version) == self.last

    def _write(self, number: int) -> None:
        session, names = self._sessions[number], self._names
        try:
            for turn in count():
                if self._done.is_set() and turn >= self._least:
                    return
                name, value = names[(number + turn) % len(names)], number * 1_000_000 + turn + 2
                self._answers.append((name, session.set(name, value, kind="integer"), value))
        except Exception as failure:  # raised where the block ends
            self._failures.append(failure)
