"""The watches of a scenario: the updates that each person received, and the invariants that they violate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from varbridge import Connection, Session, Update, Variable
from varbridge.conformance.clients.follower_adapter import Watched
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.conformance.invariants.updates import update_violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.invariants.watches import violations
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.vocabulary.updates import describe


class Watcher:
    """A person's watch, and the number of updates that steps have examined."""

    def __init__(
        self,
        watch: Watched,
        session: Session,
        bridge: str,
        names: list[str],
        ids: set[str],
        known: Mapping[str, int],
    ) -> None:
        self.watch = watch
        self.session = session
        self.bridge = bridge
        self.names = names
        self.position = 0
        self._ids = ids
        self._known = known

    @property
    def is_older(self) -> bool:
        """True under the older service name, where updates lack fields that the invariants require."""
        connection = self.session.connection
        return isinstance(connection, Connection) and connection.service == "SnakepitBridge"

    def sees(self, variable: Variable) -> bool:
        """Return True if this variable is watched, not only another one with the same name."""
        return not self.names or variable.id in self._ids

    def outdated(self) -> Iterator[str]:
        """Yield sentences about initial values of versions older than those known before the watch began."""
        for update in self.watch.updates:
            variable = update.variable
            if update.kind == "initial_value" and variable is not None:
                known = self._known.get(update.variable_id, 0)
                if variable.version < known:
                    yield (
                        f"{describe(update)} was sent to a watch that began after version {known} was"
                        " received (W2)"
                    )


class Watchers:
    """All watches of a scenario, including those of people who have opened another one since."""

    pool = FromStep[WatchPool]("Given … clients watch …")
    """A large number of concurrent watches."""

    def __init__(self) -> None:
        self._latest: dict[str, Watcher] = {}
        self._all: list[tuple[str, Watcher]] = []

    def __getitem__(self, person: str) -> Watcher:
        """Return a person's current watch: the latest one, unless ``select`` changed it."""
        return self._latest[person]

    def add(self, person: str, watcher: Watcher) -> Watcher:
        """Add a watch, which becomes the person's current one; return it."""
        self._latest[person] = watcher
        self._all.append((person, watcher))
        return watcher

    def select(self, person: str, watcher: Watcher) -> None:
        """Make one of a person's watches the current one."""
        self._latest[person] = watcher

    def violations(self, versions: Versions) -> Iterator[str]:
        """Yield sentences about updates that violate an invariant, or contradict what was received before."""
        known: dict[tuple[str, str], dict[tuple[str, int, str], Update]] = defaultdict(dict)
        checked: set[int] = set()
        for person, watcher in self._all:
            if versions.current and watcher.is_older:
                continue
            updates = [*_shared(watcher.watch.updates, known[watcher.bridge, watcher.session.id])]
            yield from violations(person, updates, current=versions.current)
            yield from watcher.outdated()
            for update in updates:
                if id(update) not in checked:
                    checked.add(id(update))
                    yield from update_violations(update, current=versions.current)
                yield from versions.violations_of_update(watcher.session.id, update, watcher.bridge)

    def close(self) -> None:
        """Close all watches."""
        for _, watcher in self._all:
            watcher.watch.close()
        if (pool := Watchers.pool.get(self)) is not None:
            pool.close()


def _shared(updates: Iterable[Update], known: dict[tuple[str, int, str], Update]) -> Iterator[Update]:
    """Yield updates, with the one in ``known`` in place of an equal one: its values are decoded already."""
    for update in updates:
        first = known.setdefault((update.kind, update.sequence, update.variable_id), update)
        yield first if first.message == update.message else update
