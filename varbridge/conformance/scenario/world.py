"""The world of one scenario: its sessions, its people, what they watch, and what became of the last call."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.clients.follower_adapter import FollowerAdapter, Watched
from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.report.trend import Series
from varbridge.conformance.run.server_pool import START_TIMEOUT
from varbridge.conformance.run.target import Target
from varbridge.conformance.scenario.bridges import Bridges
from varbridge.conformance.scenario.credentials import NO_CREDENTIALS, Access, ClientCredentials
from varbridge.conformance.scenario.outcome import Outcome
from varbridge.conformance.scenario.watchers import Watcher, Watchers
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.worker import ServerProcess, Worker

DEADLINE = 5.0
"""Seconds that anything expected may take before it counts as missing."""

_LOG_LINES = 10


class World:
    """Everything that one scenario has made.

    Args:
        target: the bridge that is judged.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.outcome = Outcome()
        target.begin_scenario()
        self._log_start = len(target.servers.log())
        self.outcomes: list[Outcome] = []  # of several clients at once
        self.watchers = Watchers()
        self.process: ServerProcess | None = None
        self.worker: Worker | None = None
        self.watch_pool: WatchPool | None = None
        self.data_dir: TemporaryDirectory[str] | None = None
        self.access = target.access  # the certificates and tokens of the scenario's bridge
        self.credentials = NO_CREDENTIALS  # to bridges, on new connections
        self._flags: tuple[str, ...] = ()
        self.host: Connection | None = None  # of the other bridge that hosts tools
        self.bridges: Bridges | None = None  # that share their state
        self.events: list[tuple[str, str]] = []
        self.series: list[Series] = []  # figures taken over time
        self.allowed: dict[str, float] = {}  # how much each of them may rise
        self._connection: Connection | None = None
        self._opened: list[RecordedConnection] = []
        self._processes: list[ServerProcess] = []
        self._people: dict[str, RecordedConnection] = {}
        self._proxies: dict[str, FaultProxy] = {}
        self._session_ids: dict[str, str] = {}
        self._session_name = ""
        self._kinds: dict[tuple[str, str], str] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._old_ids: dict[tuple[str, str], str] = {}

    # Who speaks to which bridge

    @property
    def connection(self) -> Connection:
        """The connection of the scenario's client."""
        if self.worker is not None:
            return self.worker.connection()
        return self._connection or self.target.connections.shared()

    def use_bridge(self, address: str) -> None:
        """Speak to the bridge at this address from now on."""
        self._connection = self.connect(address)

    @contextmanager
    def at_host(self) -> Iterator[None]:
        """Speak to the other bridge for the length of the block."""
        before, self._connection = self._connection, self.host
        try:
            yield
        finally:
            self._connection = before

    def use_bridges(self, bridges: Bridges) -> None:
        """Speak to the first of several bridges that share their state from now on."""
        self.bridges = bridges
        self._connection = bridges.connection(bridges.names[0])

    def start_bridges_again(self, *names: str) -> None:
        """Start bridges again that have ended; people connect anew."""
        assert self.bridges is not None, "there is one bridge alone"
        self.bridges.start_again(*names)
        self._people.clear()
        self.use_bridges(self.bridges)

    @contextmanager
    def at_bridge(self, name: str) -> Iterator[None]:
        """Speak to a bridge of several for the length of the block."""
        assert self.bridges is not None, "there is one bridge alone"
        before, self._connection = self._connection, self.bridges.connection(name)
        try:
            yield
        finally:
            self._connection = before

    @contextmanager
    def retrying(self, seconds: float) -> Iterator[None]:
        """Call again for so long where a bridge of several is unavailable, for the length of the block."""
        assert self.bridges is not None, "there is one bridge alone"
        before = self._connection
        with self.bridges.retrying(seconds):
            self._connection = self.bridges.connection(self.bridges.name_of(self.connection.address))
            try:
                yield
            finally:
                self._connection = before

    def connect(self, address: str | None = None) -> RecordedConnection:
        """A new connection to the scenario's bridge, closed at its end."""
        if address is None and self.bridges is not None and self.bridges.roaming:
            connection = self.bridges.roamer()
        else:
            connection = self.target.connections.connect(address or self.connection.address, self.credentials)
        self._opened.append(connection)
        return connection

    def own_access(self) -> Access:
        """Certificates and tokens of the scenario alone, which it may exchange."""
        if self.access is self.target.access:
            self.access = Access()
        return self.access

    @contextmanager
    def using_credentials(self, credentials: ClientCredentials) -> Iterator[None]:
        """Show the bridge something else on new connections for the length of the block: a token, say."""
        before, usual = self._connection, self.credentials
        self.credentials = credentials
        try:
            self.use_bridge(self.connection.address)
            yield
        finally:
            self._connection, self.credentials = before, usual

    def person(self, name: str) -> RecordedConnection:
        """A person's own connection."""
        if name not in self._people:
            self._people[name] = self.connect()
            self._people[name].who = name
        return self._people[name]

    def narrow(self, name: str) -> None:
        """Connect a person so that little is under way to them while they do not read."""
        connection = self._people[name] = self.target.connections.narrow(self.connection.address)
        connection.who = name
        self._opened.append(connection)

    def move(self, name: str, bridge: str) -> None:
        """Connect a person to a bridge of several."""
        assert self.bridges is not None, "there is one bridge alone"
        connection = self._people[name] = self.connect(self.bridges.address(bridge))
        connection.who = name

    def proxy_of(self, name: str) -> FaultProxy:
        """The line that a person's connection runs over; put in place where there is none yet."""
        if name not in self._proxies:
            self._proxies[name] = FaultProxy(self.connection.address)
            self._people[name] = self.connect(self._proxies[name].address)
            self._people[name].who = name
        return self._proxies[name]

    def hang_up(self, name: str) -> None:
        """Close a person's connection."""
        connection = self.person(name)
        self._opened.remove(connection)
        connection.close()

    def start_process(
        self, *flags: str, port: int = 0, on_ready: Callable[[int], object] | None = None
    ) -> ServerProcess:
        """Start a server process that ends with the scenario."""
        self.process = self.target.servers.launch(*flags, port=port, on_ready=on_ready)
        self._processes.append(self.process)
        return self.process

    def start_durable(self, *flags: str) -> ServerProcess:
        """Start a server with a data directory of the scenario's own, and speak to it from now on."""
        self.data_dir = self.data_dir or TemporaryDirectory(prefix="judge-")
        self._flags = flags
        process = self.start_process("--data-dir", self.data_dir.name, *flags)
        self.use_bridge(f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}")
        return process

    def start_again(self) -> None:
        """Start the server with the data directory again, when it has ended; people connect anew."""
        self.start_durable(*self._flags)
        self._people.clear()

    def start_worker(self) -> Worker:
        """Start a worker whose events are kept; the scenario's client speaks to its server from now on."""
        self.worker = Worker(
            self.target.servers.command_with(),
            service=self.target.options.service,
            keep_port=False,  # a port that is left may be taken by another start at once
            on_event=lambda *event: self.events.append(event),
        )
        return self.worker

    # Sessions

    @property
    def session_id(self) -> str:
        """The id of the session that is spoken of; each scenario has its own."""
        if (known := self._session_ids.get(self._session_name)) is not None:
            return known
        # Several clients at once may be the first to ask, and one id must win.
        new = f"judge-{self._session_name}-{uuid.uuid4().hex[:12]}"
        return self._session_ids.setdefault(self._session_name, new)

    @property
    def session(self) -> Session:
        """The session that is spoken of, for the scenario's client."""
        return self.connection.session(self.session_id)

    def session_of(self, person: str) -> Session:
        """The session that is spoken of, for a person."""
        return self.person(person).session(self.session_id)

    @contextmanager
    def in_session(self, name: str) -> Iterator[None]:
        """Speak of another session for the length of the block."""
        before, self._session_name = self._session_name, name
        try:
            yield
        finally:
            self._session_name = before

    # Variables

    def learn(self, name: str, kind: str, variable_id: str) -> None:
        """Keep what a registration told; the first id that a name had is its old one later."""
        self._kinds[self.session_id, name] = kind
        self._old_ids.setdefault((self.session_id, name), variable_id)
        self._ids[self.session_id, name] = variable_id

    def kind_of(self, name: str) -> str:
        """The type of a variable that the scenario registered; text of unknown ones is sent as a string."""
        return self._kinds.get((self.session_id, name), "string")

    def id_of(self, name: str) -> str:
        """The id that a variable got when the scenario registered it last."""
        return self._ids[self.session_id, name]

    def old_id_of(self, name: str) -> str:
        """The id that a variable got when the scenario registered it first."""
        return self._old_ids[self.session_id, name]

    def set(self, name: str, value: Literal, **options: Any) -> int:
        """Set a variable to a literal."""
        return self.session.set(name, value.raw(self.kind_of(name)), **options)

    # Watches

    def watch(
        self, person: str, names: list[str], *, session: Session | None = None, **options: Any
    ) -> Watcher:
        """Let someone watch variables, on a connection of their own or on that of ``session``."""
        session = session or self.session_of(person)
        return self._keep(person, session.watch(*names, **options), session, names)

    def follow(self, person: str, names: list[str]) -> Watcher:
        """Let someone follow variables at several bridges: at the present one first, and where that is gone,
        at another."""
        assert self.bridges is not None, "there is one bridge alone"
        connection = self.connect(self.bridges.all_from(self.bridges.name_of(self.connection.address)))
        connection.who = person
        session = connection.session(self.session_id)
        return self._keep(person, FollowerAdapter(session, names), session, names)

    def _keep(self, person: str, watch: Watched, session: Session, names: list[str]) -> Watcher:
        ids = {self._ids.get((self.session_id, name), name) for name in names}
        bridge = self.target.recorder.state_at(self.connection.address)
        return self.watchers.add(person, Watcher(watch, session, bridge, names, ids))

    # What became of it

    def attempt(self, action: Callable[[], Any]) -> Outcome:
        """Do what a When says; a refusal waits for the Then that examines it."""
        self.require_success()
        self.outcome = Outcome.of(action)
        return self.outcome

    def require_success(self) -> Any:
        """The answer of the last thing done; fails where it was refused and no step examined that."""
        return self.outcome.require_success()

    # The end

    def check(self) -> None:
        """What every scenario is held to at its end, whatever it looked at itself.

        Raises:
            AssertionError: a refusal that no step examined, or a watch that broke a guarantee.
        """
        self.require_success()
        found = dict.fromkeys(self.target.recorder.violations)  # each once, in order
        if self.bridges is not None:
            found.update(dict.fromkeys(self.bridges.violations()))
        found.update(dict.fromkeys(self.watchers.violations(self.target.recorder.versions)))
        found.update(dict.fromkeys(self.target.recorder.versions.violations_of_batches()))
        if found:
            raise AssertionError("\n".join(found))

    def evidence(self) -> list[str]:
        """What the server wrote on stderr lately, for whoever must explain a failure."""
        if self.bridges is not None:
            return self.bridges.evidence(_LOG_LINES)
        lines = (
            [*self.process.stderr]
            if self.process is not None
            else self.target.servers.log()[self._log_start :]
        )
        return lines[-_LOG_LINES:]

    def close(self) -> None:
        """Give back all that the scenario made."""
        self.watchers.close()
        if self.watch_pool is not None:
            self.watch_pool.close()
        for process in self._processes:
            if process.exit_code is None:
                process.kill()
                process.wait_ended(DEADLINE)
        if self.worker is not None:
            self.worker.stop()
        else:
            self._clean_up()
        if self.bridges is not None:
            self.bridges.close()
        for connection in self._opened:
            self.target.connections.give_back(connection)
        for line in self._proxies.values():
            line.close()
        if self.data_dir is not None:
            self.data_dir.cleanup()
        if self.access is not self.target.access:
            self.access.close()

    def _clean_up(self) -> None:
        for session_id in self._session_ids.values():
            # A bridge that this scenario ended has nothing to clean up; what else a clean-up may meet is
            # the business of the scenarios about it.
            for connection in filter(None, (self.connection, self.host)):
                with suppress(BridgeError):
                    connection.session(session_id).clean_up()
