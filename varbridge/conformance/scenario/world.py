"""The world of one scenario: its client, its people and their watches, and the outcome of the last call."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any

from varbridge import BridgeError, Session, Variable
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.clients.failover_workload import DEADLINE_S as FAILOVER_DEADLINE_S
from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.clients.follower_adapter import FollowerAdapter, Watched
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.report.record import DivergenceRecord, Figure
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.notes import DiskNotes, LoadNotes, ReadNotes, ServerNotes, ToolNotes
from varbridge.conformance.scenario.people import People
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.sessions import Sessions
from varbridge.conformance.scenario.watchers import Watcher, Watchers
from varbridge.conformance.target.startup import START_TIMEOUT_S
from varbridge.conformance.target.target import Target
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess
from varbridge.worker import Worker

DEADLINE_S = 5.0
"""The time after which an expected update, end or answer counts as missing, in seconds."""

_LOG_LINES = 10


class World:
    """The state of one scenario.

    Args:
        target: the system under test.
        clauses: the clauses that the scenario proves.
    """

    def __init__(self, target: Target, clauses: Collection[str] = ()) -> None:
        target.begin_scenario(clauses)
        self.target = target
        self.recorder = target.recorder
        self.servers = Servers(target)
        self.client = Client(target)
        self.people = People(self.client)
        self.sessions = Sessions()
        self.watchers = Watchers()
        self.step_type = ""  # of the step that runs: given, when or then
        self.acted_at = 0.0  # the time.monotonic() at which the last Given or When began
        self.outcome = Outcome()
        self.outcomes: list[Outcome] = []  # the outcomes of concurrent clients
        self.series: list[Series] = []  # the figures measured over time
        self.figures: list[Figure] = []  # the other figures that were measured
        self.divergences: list[DivergenceRecord] = []  # the cases in which random walks diverged
        self.allowed: dict[str, float] = {}  # the rise that each series may have
        self.loads = LoadNotes()
        self.disk = DiskNotes()
        self.reads = ReadNotes()
        self.starts = ServerNotes()
        self.tools = ToolNotes()
        self._log_start = len(target.servers.log())

    @property
    def session(self) -> Session:
        """The current session, as the scenario's client uses it."""
        return self.client.connection.session(self.sessions.id)

    def session_of(self, person: str) -> Session:
        """Return the current session, as a person uses it."""
        return self.people.connection_of(person).session(self.sessions.id)

    # Servers that start and restart

    def start_durable(self, *flags: str) -> None:
        """Start a server with a data directory that only this scenario uses, and call it from now on."""
        self._use(self.servers.start_durable(*flags))

    def start_on_faulty_disk(self) -> None:
        """Start a server with a data directory on a disk that can fail, and call it from now on."""
        self._use(self.servers.start_on_faulty_disk())
        self.servers.require_faulty_disk()

    def share_durable(self, *flags: str) -> None:
        """Call a server with a data directory from now on, which scenarios share."""
        self._use(self.servers.share_durable(*flags))

    def start_again(self) -> None:
        """Restart the server with the data directory after it has ended; people get new connections."""
        self._use(self.servers.start_durable_again())
        self.people.forget_connections()

    def join(self) -> None:
        """Call the server with the data directory again, which another scenario has restarted."""
        self._use(self.servers.join())
        self.people.forget_connections()

    def inspect_everywhere(self, workload: FailoverWorkload) -> None:
        """Compare each running bridge's state with acknowledged writes; the workload records differences."""
        for bridge in self.client.bridges.left():
            with self.client.retrying(FAILOVER_DEADLINE_S), self.client.at_bridge(bridge):
                workload.inspect(bridge, self.session)

    def start_bridges_again(self, *names: str) -> None:
        """Restart bridges of the cluster that have ended; people get new connections."""
        self.client.bridges.start_again(*names)
        self.people.forget_connections()
        self.client.use_bridges(self.client.bridges)

    def start_worker(self) -> Worker:
        """Start a worker; the scenario's client calls its server from now on."""
        worker = self.servers.start_worker()
        self.client.use_worker(worker)
        return worker

    def _use(self, process: ServerProcess) -> None:
        self.client.use_bridge(f"127.0.0.1:{process.wait_ready(START_TIMEOUT_S)}")

    # Calls and watches

    def register(self, name: str, kind: str, value: Literal, **options: Any) -> Variable:
        """Register a variable with a literal, and return it as the bridge answered it."""
        if value.is_absent:
            request = pb.RegisterVariableRequest(session_id=self.sessions.id, name=name, type=kind)
            return Variable(self.client.connection.call("RegisterVariable", request).variable)
        variable = self.session.register(name, kind, value.raw(kind), **options)
        self.sessions.learn(name, kind, variable.id)
        return variable

    def set(self, variable: Identifier, value: Literal, **options: Any) -> int:
        """Set a variable to a literal, and return the version that the bridge answered."""
        identifier = self.sessions.identifier(variable)
        if value.is_absent:
            request = pb.SetVariableRequest(session_id=self.sessions.id, variable_identifier=identifier)
            return int(self.client.connection.call("SetVariable", request).new_version)
        return self.session.set(identifier, value.raw(self.sessions.kind(variable)), **options)

    def watch(
        self, person: str, names: list[str], *, session: Session | None = None, **options: Any
    ) -> Watcher:
        """Open a person's watch of variables, on the person's connection or on that of ``session``."""
        session = session or self.session_of(person)
        return self._keep(person, partial(collect, session, *names, **options), session, names)

    def follow(self, person: str, names: list[str]) -> Watcher:
        """Open a person's follower of variables at the current bridge, which fails over to other bridges."""
        bridges = self.client.bridges
        connection = self.client.connect(bridges.all_from(bridges.name_of(self.client.connection.address)))
        connection.who = person
        session = connection.session(self.sessions.id)
        return self._keep(person, partial(FollowerAdapter, session, names), session, names)

    def _keep(self, person: str, start: Callable[[], Watched], session: Session, names: list[str]) -> Watcher:
        recorder, ids = self.target.recorder, self.sessions.ids_of(names)
        state = recorder.state_at(self.client.connection.address)
        known = recorder.versions.newest(state)  # before the watch begins
        return self.watchers.add(person, Watcher(start(), session, state, names, ids, known))

    def attempt(self, action: Callable[[], Any]) -> Outcome:
        """Execute the action of a When, and keep its outcome; a later Then must examine a refusal."""
        self.require_success()
        self.outcome = Outcome.of(action)
        return self.outcome

    def require_success(self) -> Any:
        """Return the answer of the last action; raise AssertionError for a refusal that no step examined."""
        return self.outcome.require_success()

    # The end

    def check(self) -> None:
        """Check what every scenario requires at its end, if all of its steps passed.

        Raises:
            AssertionError: no step examined a refusal, or a bridge of a cluster ended by itself.
        """
        self.require_success()
        if (bridges := Client.bridges.get(self.client)) is not None:
            bridges.require_alive()

    def violations(self) -> list[str]:
        """Return sentences about the invariants that replies and updates violated, each once."""
        recorder = self.target.recorder
        sentences = dict.fromkeys(recorder.violations)
        sentences.update(dict.fromkeys(self.watchers.violations(recorder.versions)))
        sentences.update(dict.fromkeys(recorder.versions.violations_of_batches()))
        return [" ".join(sentence.split()) for sentence in sentences]

    def evidence(self) -> list[str]:
        """Return the last lines that the server wrote on stderr, as an explanation of a failure."""
        if (bridges := Client.bridges.get(self.client)) is not None:
            return bridges.evidence(_LOG_LINES)
        process = Servers.process.get(self.servers)
        lines = [*process.stderr] if process is not None else self.target.servers.log()[self._log_start :]
        return lines[-_LOG_LINES:]

    def close(self, passed: bool) -> None:
        """Release everything that the scenario created.

        Args:
            passed: True if the scenario passed, so that later ones may use what it leaves.
        """
        if (running := ToolNotes.running.get(self.tools)) is not None:
            running.cancel()
        self.watchers.close()
        self.servers.close(passed)
        # Calls would restart the worker's server, and wait for a bridge that answers nothing.
        if Servers.worker.get(self.servers) is None and not self.target.liveness.silent:
            self._clean_up()
        self.client.close()
        self.people.close()

    def _clean_up(self) -> None:
        for session_id in self.sessions.all_ids():
            # A bridge that this scenario ended has nothing to clean up; scenarios about clean-up test its
            # errors.
            for connection in filter(None, (self.client.connection, Client.host.get(self.client))):
                with suppress(BridgeError, MalformedReplyError):
                    connection.session(session_id).clean_up()
