"""The cluster of one scenario: several bridges with one store."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.clients.retry import RetryingConnection
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.ports import free_ports
from varbridge.conformance.scenario.replaced import replaced
from varbridge.conformance.target.startup import START_TIMEOUT_S
from varbridge.conformance.target.target import Target
from varbridge.process import ServerProcess

_END_TIMEOUT_S = 10.0
"""The maximum time until a bridge has ended, in seconds."""


class Bridges:
    """The bridges of a cluster; the ``--store`` URL of each begins with another member of the store.

    Args:
        target: the system under test.
        names: the names of the bridges.
        flags: the flags of each bridge.
        own: True if only this scenario uses the bridges, so that it may end them, with a state of their own;
            otherwise all scenarios with the same flags share them.
        apart: True if each bridge is to assume that the others are on other machines.
        lines: True if each bridge reaches the store through fault proxies of its own.
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
        """True if clients know all bridges, and retry calls at another bridge if one is unavailable."""
        self._target = target
        self._flags = tuple(flags)
        self._apart = apart
        self._prefix = f"judge/{os.urandom(16).hex() if own else _digest(flags)}"
        self._addresses: dict[str, str] = {}
        self._processes: dict[str, ServerProcess] = {}
        self._ended: list[ServerProcess] = []
        self._expected: set[ServerProcess] = set()  # the processes that are expected to end
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
        """Return the host:port of a bridge, even if it has ended."""
        assert name in self._addresses, f"there is no bridge named {name}"
        return self._addresses[name]

    def name_of(self, address: str) -> str:
        """Return the name of the bridge at an address, or at the first of several addresses."""
        first = address.partition(",")[0]
        return next(name for name, own_address in self._addresses.items() if own_address == first)

    def all_from(self, name: str) -> str:
        """Return the addresses of all bridges, separated by commas, beginning with the named one's."""
        index = self.names.index(name)
        return ",".join(self._addresses[bridge] for bridge in self.names[index:] + self.names[:index])

    def connection(self, name: str) -> RecordedConnection:
        """Return the scenario's connection to a bridge; within ``retrying``, one that retries calls."""
        if self._patience:
            return self._retrying_connection(self.address(name))
        if name not in self._connections:
            self._connections[name] = self._target.connections.connect(self.address(name))
            self._opened.append(self._connections[name])
        return self._connections[name]

    def roamer(self) -> RecordedConnection:
        """Return a retrying connection to all bridges; each such connection begins at the next bridge."""
        name = self.names[next(self._turn) % len(self.names)]
        return self._target.connections.retrying(self.all_from(name), 20.0)

    def retrying(self, seconds: float) -> AbstractContextManager[None]:
        """Within the block, let ``connection`` return connections that retry calls for ``seconds``."""
        return replaced(self, _patience=seconds)

    def left(self) -> list[str]:
        """Return the names of the scenario's own bridges that have not ended."""
        return [name for name, process in self._processes.items() if process.exit_code is None]

    def process(self, name: str) -> ServerProcess:
        """Return the process of a bridge that only this scenario uses."""
        assert name in self._processes, f"other scenarios use {name}, too: begin with a new cluster"
        return self._processes[name]

    def kill(self, name: str) -> None:
        """Kill a bridge with SIGKILL, and wait for its end."""
        self.end(name, signal.SIGKILL)

    def end(self, name: str, number: signal.Signals) -> int | None:
        """End a bridge with a signal; return its exit code, or None if it does not end within 10 s."""
        process = self.process(name)
        self.send_signal(name, number)
        return process.wait_ended(_END_TIMEOUT_S)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal that ends a bridge, without waiting for the end."""
        process = self.process(name)
        self._expected.add(process)
        self._paused.discard(name)
        process.signal(number)

    def expect(self, name: str) -> None:
        """Declare that other code ends a bridge on purpose, so that its end is not a violation."""
        self._expected.add(self.process(name))

    def start_again(self, *names: str) -> None:
        """Restart bridges that have ended, at the same ports."""
        for name in names:
            self._ended.append(self.process(name))
            port = int(self.address(name).rpartition(":")[2])
            self._processes[name] = self._target.servers.launch(*self._all_flags(name), port=port)
            self._connections.pop(name, None)  # it may be waiting in gRPC's own back-off
        for name in names:
            self._processes[name].wait_ready(START_TIMEOUT_S)

    def pause(self, name: str) -> None:
        """Pause a bridge with SIGSTOP: its connections stay open, and it does not answer."""
        self.process(name).signal(signal.SIGSTOP)
        self._paused.add(name)

    def go_on(self, name: str) -> None:
        """Resume a paused bridge with SIGCONT."""
        self._paused.discard(name)
        self.process(name).signal(signal.SIGCONT)

    def cut_off(self, name: str) -> None:
        """Stall the connections between a bridge and the store; data on its way waits."""
        for proxy in self._proxies[name]:
            proxy.stall()

    def reconnect(self, name: str) -> None:
        """Forward data between a bridge and the store again, including the data that has waited."""
        for proxy in self._proxies[name]:
            proxy.flow()

    def require_alive(self) -> None:
        """Check that no bridge ended unexpectedly.

        Raises:
            AssertionError: bridges ended by themselves.
        """
        ended = [
            f"{name} ended by itself, with exit code {process.exit_code}"
            for name, process in self._processes.items()
            if process.exit_code is not None and process not in self._expected
        ]
        if ended:
            raise AssertionError("\n".join(ended))

    def evidence(self, count: int) -> list[str]:
        """Return the last ``count`` lines that each of the scenario's own bridges wrote on stderr."""
        return [
            f"{name}: {line}"
            for name, process in self._processes.items()
            for line in [*process.stderr][-count:]
        ]

    def close(self) -> None:
        """Kill the scenario's own bridges, close all connections, and restore the members of the store."""
        for name in [*self._paused]:
            self.go_on(name)
        for process in self._processes.values():
            process.close()
        for connection in self._opened:
            connection.close()
        for proxy in itertools.chain.from_iterable(self._proxies.values()):
            proxy.close()
        self._target.store.heal()

    def _start_own(self) -> None:
        for name, port in zip(self.names, free_ports(len(self.names)), strict=True):
            self._addresses[name] = f"127.0.0.1:{port}"
            self._processes[name] = self._target.servers.launch(*self._all_flags(name), port=port)
        for process in self._processes.values():
            process.wait_ready(START_TIMEOUT_S)

    def _wait_answering(self) -> None:
        """Wait until all bridges can serve sessions: the scenario before may have disturbed the store."""
        with self.retrying(_END_TIMEOUT_S):
            for name in self.names:
                self.connection(name).session(f"judge-{os.urandom(16).hex()}").heartbeat()

    def _all_flags(self, name: str) -> tuple[str, ...]:
        machine = name.lower() if self._apart else ""
        url = self._target.store.url(self._prefix, self.names.index(name), machine, self._proxies[name])
        return ("--store", url, *self._flags)

    def _retrying_connection(self, address: str) -> RetryingConnection:
        connection = self._target.connections.retrying(address, self._patience)
        self._opened.append(connection)
        return connection


def _digest(flags: Sequence[str]) -> str:
    from hashlib import sha256

    return sha256(repr(flags).encode()).hexdigest()
