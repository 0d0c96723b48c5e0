"""The world of one scenario: its client, its people, what they watch, and what became of the last call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from varbridge import BridgeError, Session, Variable
from varbridge.conformance.clients.failover_workload import DEADLINE as FAILOVER_DEADLINE
from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.clients.follower_adapter import FollowerAdapter, Watched
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.notes import LoadNotes, ReadNotes, ServerNotes, ToolNotes
from varbridge.conformance.scenario.people import People
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.sessions import Sessions
from varbridge.conformance.scenario.watchers import Watcher, Watchers
from varbridge.conformance.target.server_pool import START_TIMEOUT
from varbridge.conformance.target.target import Target
from varbridge.conformance.vocabulary.literals import Literal
from varbridge.conformance.vocabulary.options import Identifier
from varbridge.conformance.vocabulary.outcome import Outcome
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess
from varbridge.worker import Worker

DEADLINE = 5.0
"""Seconds that anything expected may take before it counts as missing."""

_LOG_LINES = 10


class World:
    """Everything that one scenario has made.

    Args:
        target: the bridge that is judged.
    """

    def __init__(self, target: Target) -> None:
        target.begin_scenario()
        self.target = target
        self.servers = Servers(target)
        self.client = Client(target)
        self.people = People(self.client)
        self.sessions = Sessions()
        self.watchers = Watchers()
        self.step_type = ""  # of the step that runs: given, when or then
        self.outcome = Outcome()
        self.outcomes: list[Outcome] = []  # of several clients at once
        self.series: list[Series] = []  # figures taken over time
        self.allowed: dict[str, float] = {}  # how much each of them may rise
        self.loads = LoadNotes()
        self.reads = ReadNotes()
        self.starts = ServerNotes()
        self.tools = ToolNotes()
        self._log_start = len(target.servers.log())

    @property
    def session(self) -> Session:
        """The session that is spoken of, for the scenario's client."""
        return self.client.connection.session(self.sessions.id)

    def session_of(self, person: str) -> Session:
        """The session that is spoken of, for a person."""
        return self.people.connection_of(person).session(self.sessions.id)

    # Servers that start, and start again

    def start_durable(self, *flags: str) -> None:
        """Start a server with a data directory of the scenario's own, and speak to it from now on."""
        self._use(self.servers.start_durable(*flags))

    def start_again(self) -> None:
        """Start the server with the data directory again, when it has ended; people connect anew."""
        self._use(self.servers.start_durable_again())
        self.people.connect_anew()

    def inspect_everywhere(self, workload: FailoverWorkload) -> None:
        """Compare what each bridge that is left has with what the workload's clients were told."""
        for bridge in self.client.bridges.left():
            with self.client.retrying(FAILOVER_DEADLINE), self.client.at_bridge(bridge):
                workload.inspect(bridge, self.session)

    def start_bridges_again(self, *names: str) -> None:
        """Start bridges again that have ended; people connect anew."""
        self.client.bridges.start_again(*names)
        self.people.connect_anew()
        self.client.use_bridges(self.client.bridges)

    def start_worker(self) -> Worker:
        """Start a worker; the scenario's client speaks to its server from now on."""
        worker = self.servers.start_worker()
        self.client.use_worker(worker)
        return worker

    def _use(self, process: ServerProcess) -> None:
        self.client.use_bridge(f"127.0.0.1:{process.wait_ready(START_TIMEOUT)}")

    # Calls and watches

    def register(self, name: str, kind: str, value: Literal, **options: Any) -> Variable:
        """Register a variable with a literal, and return it as the bridge answered it."""
        variable = self.session.register(name, kind, value.raw(kind), **options)
        self.sessions.learn(name, kind, variable.id)
        return variable

    def set(self, variable: Identifier, value: Literal, **options: Any) -> int:
        """Set a variable to a literal, and return the version that the bridge answered."""
        identifier = self.sessions.identifier(variable)
        if value.is_absent:
            request = pb.SetVariableRequest(session_id=self.sessions.id, variable_identifier=identifier)
            return int(self.client.connection.call("SetVariable", request).new_version)
        return self.session.set(identifier, value.raw(self.sessions.kind_of(variable.name)), **options)

    def watch(
        self, person: str, names: list[str], *, session: Session | None = None, **options: Any
    ) -> Watcher:
        """Let someone watch variables, on a connection of their own or on that of ``session``."""
        session = session or self.session_of(person)
        return self._keep(person, session.watch(*names, **options), session, names)

    def follow(self, person: str, names: list[str]) -> Watcher:
        """Let someone follow variables at several bridges: at the present one first, and where that is gone,
        at another."""
        bridges = self.client.bridges
        connection = self.client.connect(bridges.all_from(bridges.name_of(self.client.connection.address)))
        connection.who = person
        session = connection.session(self.sessions.id)
        return self._keep(person, FollowerAdapter(session, names), session, names)

    def _keep(self, person: str, watch: Watched, session: Session, names: list[str]) -> Watcher:
        state = self.target.recorder.state_at(self.client.connection.address)
        return self.watchers.add(person, Watcher(watch, session, state, names, self.sessions.ids_of(names)))

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
        """Hold the scenario to what every one is held to at its end, whatever it looked at itself.

        Raises:
            AssertionError: a refusal that no step examined, or a watch that broke a guarantee.
        """
        self.require_success()
        recorder = self.target.recorder
        found = dict.fromkeys(recorder.violations)  # each once, in order
        if (bridges := Client.bridges.get(self.client)) is not None:
            found.update(dict.fromkeys(bridges.violations()))
        found.update(dict.fromkeys(self.watchers.violations(recorder.versions)))
        found.update(dict.fromkeys(recorder.versions.violations_of_batches()))
        if found:
            raise AssertionError("\n".join(found))

    def evidence(self) -> list[str]:
        """The lines that the server wrote on stderr lately, for whoever must explain a failure."""
        if (bridges := Client.bridges.get(self.client)) is not None:
            return bridges.evidence(_LOG_LINES)
        process = Servers.process.get(self.servers)
        lines = [*process.stderr] if process is not None else self.target.servers.log()[self._log_start :]
        return lines[-_LOG_LINES:]

    def close(self) -> None:
        """Give back all that the scenario made."""
        if (running := ToolNotes.running.get(self.tools)) is not None:
            running.cancel()
        self.watchers.close()
        self.servers.close()
        if Servers.worker.get(self.servers) is None:  # whose server would be started again
            self._clean_up()
        self.client.close()
        self.people.close()

    def _clean_up(self) -> None:
        for session_id in self.sessions.all_ids():
            # A bridge that this scenario ended has nothing to clean up; what else a clean-up may meet is
            # the business of the scenarios about it.
            for connection in filter(None, (self.client.connection, Client.host.get(self.client))):
                with suppress(BridgeError):
                    connection.session(session_id).clean_up()
