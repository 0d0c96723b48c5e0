"""The processes that the features name: the bridge, North, the store's leader."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import TYPE_CHECKING

from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.faults.etcd_member import Member
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.from_step import ScenarioError
from varbridge.conformance.scenario.notes import LoadNotes, ServerNotes
from varbridge.conformance.scenario.prerequisites import Arguments, Fact, Source, own_bridge
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.vocabulary.matchers import expect

if TYPE_CHECKING:
    from varbridge.conformance.scenario.world import World

END_S = 10.0
"""The maximum time until a process has ended after a signal, in seconds."""

ENDINGS = {"killed": SIGKILL, "stopped": SIGTERM}
"""The signals that end a process, by the words of the features."""

CHILDREN = "the bridge's child processes"

_STORE = "the store"
_NO_RESTART = Fact("a process that can be restarted", "Given a bridge with a data directory")


class Processes(ABC):
    """One process or several, which get the same signals.

    Args:
        world: the state of the scenario.
        name: the name in the features.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name

    @abstractmethod
    def signal(self, number: Signals) -> None:
        """Send a signal to each of the processes."""

    def wait_ended(self, timeout: float) -> int | None:
        """Return the exit code once all processes have ended (the last one's); None if time is up."""
        raise ScenarioError(f"{self.name} has no exit code")

    def restart(self) -> None:
        """Restart the processes, which have ended."""
        raise ScenarioError(f"{self.name} cannot be restarted")

    def end(self, number: Signals) -> None:
        """Send a signal that ends the processes, and wait for their end."""
        self.signal(number)
        ended = self.wait_ended(END_S) is not None
        expect(ended, f"{self.name} to end within {END_S:g} s", "it was still running")


class OwnBridge(Processes):
    """The bridge that the scenario started last."""

    def signal(self, number: Signals) -> None:
        self.world.servers.process.signal(number)

    def wait_ended(self, timeout: float) -> int | None:
        return self.world.servers.process.wait_ended(timeout)

    def restart(self) -> None:
        self.world.start_again()


class Parent(Processes):
    """The process that started the bridge."""

    def signal(self, number: Signals) -> None:
        self.world.starts.starter.signal(number)

    def wait_ended(self, timeout: float) -> int | None:
        return self.world.starts.starter.wait_ended(timeout)


class WorkerBridge(Processes):
    """The bridge that the worker runs, and restarts by itself."""

    def signal(self, number: Signals) -> None:
        process = self.world.servers.worker.process
        assert process is not None, "the worker has not started a bridge"
        self.world.starts.killed = process
        self.world.starts.killed_at = time.monotonic()
        process.signal(number)

    def wait_ended(self, timeout: float) -> int | None:
        return self.world.starts.killed.wait_ended(timeout)

    def restart(self) -> None:
        self.world.servers.worker.connection_after(self.world.starts.killed).ping()


class ClusterBridges(Processes):
    """One bridge of a cluster, or all of them."""

    def signal(self, number: Signals) -> None:
        bridges = self.world.client.bridges
        for name in self._names():
            if number == SIGSTOP:
                bridges.pause(name)
            elif number == SIGCONT:
                bridges.go_on(name)
            else:
                bridges.send_signal(name, number)

    def wait_ended(self, timeout: float) -> int | None:
        code = None
        for name in self._names():
            code = self.world.client.bridges.process(name).wait_ended(timeout)
            if code is None:
                return None
        return code

    def restart(self) -> None:
        """Restart bridges that have ended; if these are all, compare their state with acknowledged writes."""
        self.world.start_bridges_again(*self._names())
        workload = LoadNotes.workload.get(self.world.loads)
        if self.name == "every bridge" and isinstance(workload, FailoverWorkload):
            self.world.inspect_everywhere(workload)

    def _names(self) -> tuple[str, ...]:
        return self.world.client.bridges.names if self.name == "every bridge" else (self.name,)


class StoreMembers(Processes):
    """Members of the store: one, a majority with the leader, or all."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self._store = world.target.store
        self._members: list[Member] = []

    def signal(self, number: Signals) -> None:
        self._members = self._named()
        for member in self._members:
            if number == SIGSTOP:
                member.pause()
            elif number == SIGKILL:
                member.kill()
            else:
                raise ScenarioError(f"{self.name} takes only SIGKILL and SIGSTOP")

    def wait_ended(self, timeout: float) -> int | None:
        return -SIGKILL  # Member.kill() waits for the end

    def restart(self) -> None:
        """Restart the killed members, or repair the whole store; wait until the members are healthy."""
        if self.name == _STORE:
            self._store.heal()
            return
        for member in self._members:
            member.start()
        self._store.cluster.wait_healthy()

    def _named(self) -> list[Member]:
        members = self._store.cluster.members
        if self.name == _STORE:
            return [*members]
        if self.name == "the store's first member":
            return members[:1]
        leader = self._store.cluster.leader()
        follower = next(member for member in members if member is not leader)
        return {
            "the store's leader": [leader],
            "the store's follower": [follower],
            "the store's majority": [leader, follower],
        }[self.name]


def process_named(arguments: Arguments) -> Sequence[Source]:
    """Return what a step needs of earlier ones for the process that its parameter ``name`` names."""
    name = arguments["name"]
    needed: dict[str, Sequence[Source]] = {
        "the bridge": [Servers.process],
        "the bridge's parent process": [ServerNotes.starter],
        "the worker's bridge": [Servers.worker],
        "every bridge": [Client.bridges],
        CHILDREN: [ServerNotes.offspring],
    }
    return needed.get(name, [] if name.startswith(_STORE) else [own_bridge(name)])


def killed_worker(arguments: Arguments) -> Sequence[Source]:
    """Return what a signal to the worker's bridge provides: the process that it was."""
    is_worker = arguments["name"] == "the worker's bridge"
    return [ServerNotes.killed, ServerNotes.killed_at] if is_worker else []


def restart_of(arguments: Arguments) -> Sequence[Source]:
    """Return what a step needs of earlier ones to restart the process that its parameter ``name`` names."""
    needed: dict[str, Sequence[Source]] = {
        "the bridge": [Servers.data_dir],
        "the bridge's parent process": [_NO_RESTART],
        CHILDREN: [_NO_RESTART],
    }
    return needed.get(arguments["name"], [])


def named(world: World, name: str) -> Processes:
    """Return the process or processes that a step names."""
    if name == "the bridge":
        return OwnBridge(world, name)
    if name == "the bridge's parent process":
        return Parent(world, name)
    if name == "the worker's bridge":
        return WorkerBridge(world, name)
    if name.startswith(_STORE):
        return StoreMembers(world, name)
    return ClusterBridges(world, name)
