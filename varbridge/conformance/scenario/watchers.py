"""The people who watch in a scenario: what each of them was told, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from varbridge import Session, Variable
from varbridge.conformance.clients.follower_adapter import Watched
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.conformance.invariants.updates import update_violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.invariants.watches import violations
from varbridge.conformance.scenario.from_step import FromStep


class Watcher:
    """A person's watch, and how much of it the scenario has looked at."""

    def __init__(
        self, watch: Watched, session: Session, bridge: str, names: list[str], ids: set[str]
    ) -> None:
        self.watch = watch
        self.session = session
        self.bridge = bridge
        self.names = names
        self.position = 0
        self._ids = ids

    def sees(self, variable: Variable) -> bool:
        """Whether this very variable is watched, and not just one of the same name."""
        return not self.names or variable.id in self._ids


class Watchers:
    """All watches of a scenario, also those of people who watch something else since."""

    pool = FromStep[WatchPool]("Given … clients watch …")
    """Very many watches at once."""

    def __init__(self) -> None:
        self._latest: dict[str, Watcher] = {}
        self._all: list[tuple[str, Watcher]] = []

    def __getitem__(self, person: str) -> Watcher:
        """The one that the scenario speaks of: a person's latest, unless it was told otherwise."""
        return self._latest[person]

    def add(self, person: str, watcher: Watcher) -> Watcher:
        """Take in one more; return it."""
        self._latest[person] = watcher
        self._all.append((person, watcher))
        return watcher

    def speak_of(self, person: str, watcher: Watcher) -> None:
        """Have one of a person's watches for that which the scenario speaks of."""
        self._latest[person] = watcher

    def violations(self, versions: Versions) -> Iterator[str]:
        """What is wrong with what they were told: as histories, by itself, and beside what else was told."""
        for person, watcher in self._all:
            yield from violations(person, watcher.watch.updates)
            for update in watcher.watch.updates:
                yield from update_violations(update)
                yield from versions.violations_of_update(watcher.session.id, update, watcher.bridge)

    def close(self) -> None:
        """End them."""
        for _, watcher in self._all:
            watcher.watch.close()
        if (pool := Watchers.pool.get(self)) is not None:
            pool.close()
