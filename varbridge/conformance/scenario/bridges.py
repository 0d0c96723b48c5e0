"""Several bridges of one scenario that share their state in a store."""

from __future__ import annotations

import hashlib
import itertools
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.clients.retry import RetryingConnection
from varbridge.conformance.faults.etcd import free_ports
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.scenario.replaced import replaced
from varbridge.conformance.target.server_pool import START_TIMEOUT
from varbridge.conformance.target.target import Target
from varbridge.process import ServerProcess

_END = 10.0
"""Seconds that a bridge may take to end."""


class Bridges:
    """Bridges by name, each of which is told of another member of the store first.

    Args:
        target: the bridge that is judged.
        names: of the bridges.
        flags: of each of them.
        own: whether the scenario has them for itself, so that it may end them, and a state of their own;
            others are shared by the scenarios that ask for the same.
        apart: whether each is to believe that the others are on other machines.
        lines: whether each reaches the store over lines of its own.
    """

    def __init__(
        self,
        target: Target,
        names: Sequence[str],
        flags: Sequence[str] = (),
        *,
        own: bool = False,
        apart: bool = False,
        lines: bool = False,
    ) -> None:
        self.names = tuple(names)
        self.roaming = False
        """Whether clients know all bridges, and call again where one is unavailable."""
        self._target = target
        self._flags = tuple(flags)
        self._apart = apart
        self._prefix = (
            f"judge/{uuid.uuid4().hex if own else hashlib.sha256(repr(flags).encode()).hexdigest()}"
        )
        self._addresses: dict[str, str] = {}
        self._processes: dict[str, ServerProcess] = {}
        self._ended: list[ServerProcess] = []
        self._expected: set[ServerProcess] = set()  # to end
        self._paused: set[str] = set()
        self._connections: dict[str, RecordedConnection] = {}
        self._opened: list[RecordedConnection] = []
        self._patience = 0.0
        self._turn = itertools.count()
        endpoints = target.store.cluster.endpoints if lines else []
        self._proxies = {name: [FaultProxy(endpoint) for endpoint in endpoints] for name in names}
        if own:
            self._start_own()
        else:
            for name in names:
                self._addresses[name] = target.servers.with_flags(*self._all_flags(name))
            self._wait_answering()
        target.recorder.share(self._addresses.values(), self._prefix)

    def address(self, name: str) -> str:
        """host:port of a bridge, also of one that has ended."""
        assert name in self._addresses, f"no bridge is called {name}"
        return self._addresses[name]

    def name_of(self, address: str) -> str:
        """Which of the bridges an address leads to, of several the first."""
        return next(name for name, one in self._addresses.items() if one == address.partition(",")[0])

    def all_from(self, name: str) -> str:
        """The addresses of all bridges, this one's first."""
        place = self.names.index(name)
        return ",".join(self._addresses[one] for one in self.names[place:] + self.names[:place])

    def connection(self, name: str) -> RecordedConnection:
        """The scenario's connection to a bridge; a patient one within ``retrying``."""
        if self._patience:
            return self._retrying_connection(self.address(name))
        if name not in self._connections:
            self._connections[name] = self._target.connections.connect(self.address(name))
            self._opened.append(self._connections[name])
        return self._connections[name]

    def roamer(self) -> RecordedConnection:
        """A patient connection that knows all bridges, and begins at each of them in turn."""
        name = self.names[next(self._turn) % len(self.names)]
        return self._target.connections.retrying(self.all_from(name), 20.0)

    def retrying(self, seconds: float) -> AbstractContextManager[None]:
        """Have patient connections for the length of the block."""
        return replaced(self, _patience=seconds)

    def left(self) -> list[str]:
        """Those of the scenario's own that have not ended."""
        return [name for name, process in self._processes.items() if process.exit_code is None]

    def process(self, name: str) -> ServerProcess:
        """The process of a bridge that the scenario has for itself."""
        assert name in self._processes, f"{name} is not this scenario's own: others need it"
        return self._processes[name]

    def kill(self, name: str) -> None:
        """SIGKILL, and wait for the end."""
        self.end(name, signal.SIGKILL)

    def end(self, name: str, number: signal.Signals) -> int | None:
        """End a bridge by a signal; return its exit code, None where it still runs after a while."""
        process = self.process(name)
        self.send_signal(name, number)
        return process.wait_ended(_END)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Send a bridge a signal that ends it, and do not wait."""
        process = self.process(name)
        self._expected.add(process)
        self._paused.discard(name)
        process.signal(number)

    def expect(self, name: str) -> None:
        """Know that someone else has ended a bridge on purpose."""
        self._expected.add(self.process(name))

    def start_again(self, *names: str) -> None:
        """Start bridges that have ended, at the ports that they had."""
        for name in names:
            self._ended.append(self.process(name))
            port = int(self.address(name).rpartition(":")[2])
            self._processes[name] = self._target.servers.launch(*self._all_flags(name), port=port)
            self._connections.pop(name, None)  # which may be waiting before it tries again
        for name in names:
            self._processes[name].wait_ready(START_TIMEOUT)

    def pause(self, name: str) -> None:
        """SIGSTOP: its connections stay, and it says nothing."""
        self.process(name).signal(signal.SIGSTOP)
        self._paused.add(name)

    def go_on(self, name: str) -> None:
        """SIGCONT."""
        self._paused.discard(name)
        self.process(name).signal(signal.SIGCONT)

    def cut_off(self, name: str) -> None:
        """Let nothing through between a bridge and the store; what is on its way waits."""
        for line in self._proxies[name]:
            line.stall()

    def reconnect(self, name: str) -> None:
        """Let everything through again, also what has waited."""
        for line in self._proxies[name]:
            line.flow()

    def violations(self) -> Iterator[str]:
        """Say which bridges have ended though nobody ended them."""
        for name, process in self._processes.items():
            if process.exit_code is not None and process not in self._expected:
                yield f"{name} ended by itself, with exit code {process.exit_code}"

    def evidence(self, count: int) -> list[str]:
        """The last lines that each bridge of the scenario's own wrote on stderr."""
        return [
            f"{name}: {line}"
            for name, process in self._processes.items()
            for line in [*process.stderr][-count:]
        ]

    def close(self) -> None:
        """End what is the scenario's own, and leave the store as it was found."""
        for name in [*self._paused]:
            self.go_on(name)
        for process in self._processes.values():
            if process.exit_code is None:
                process.kill()
                process.wait_ended(_END)
        for connection in self._opened:
            connection.close()
        for line in itertools.chain.from_iterable(self._proxies.values()):
            line.close()
        self._target.store.heal()

    def _start_own(self) -> None:
        for name, port in zip(self.names, free_ports(len(self.names)), strict=True):
            self._addresses[name] = f"127.0.0.1:{port}"
            self._processes[name] = self._target.servers.launch(*self._all_flags(name), port=port)
        for process in self._processes.values():
            process.wait_ready(START_TIMEOUT)

    def _wait_answering(self) -> None:
        """Return when all can answer for sessions: the scenario before may have hurt the store."""
        with self.retrying(_END):
            for name in self.names:
                self.connection(name).session(f"judge-{uuid.uuid4().hex}").heartbeat()

    def _all_flags(self, name: str) -> tuple[str, ...]:
        machine = name.lower() if self._apart else ""
        url = self._target.store.url(self._prefix, self.names.index(name), machine, self._proxies[name])
        return ("--store", url, *self._flags)

    def _retrying_connection(self, address: str) -> RetryingConnection:
        connection = self._target.connections.retrying(address, self._patience)
        self._opened.append(connection)
        return connection
