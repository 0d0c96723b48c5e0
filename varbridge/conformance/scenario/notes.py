"""The values that steps of a scenario set for later steps, by the subject of the steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import grpc

from varbridge import Connection, Session, WorkerError
from varbridge.conformance.clients.crash_workload import CrashWorkload
from varbridge.conformance.clients.failover_workload import FailoverWorkload
from varbridge.conformance.clients.pinging import Pinging
from varbridge.conformance.clients.races import Race
from varbridge.conformance.clients.racing_writers import RacingWriters
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.scenario.watchers import Watcher
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess

Workload = CrashWorkload | FailoverWorkload


class ToolNotes:
    """Values about tools that run, stream, or were registered.

    Attributes:
        hosted: the names of the tools that another bridge hosts.
    """

    running = FromStep["grpc.Future[Any]"]("Given the tool … is running for … s")
    streamed = FromStep[str]("When the tool … streams")
    chunks = FromStep[list[Any]]("When the tool … streams")
    unread = FromStep[Any]("When … reads … chunks of the tool …")
    registered = FromStep[pb.ToolRegistration](
        "When the tool … is registered with the metadata … and the parameters:"
    )
    host_address = FromStep[str]("Given these tools are registered:")

    def __init__(self) -> None:
        self.hosted: set[str] = set()


class LoadNotes:
    """Values about clients that write concurrently, and about what was read or written meanwhile."""

    workload = FromStep[Workload]("When … clients write …")
    pinging = FromStep[Pinging]("When … pings the bridge without a pause while …")
    pairs = FromStep[list[tuple[Any, Any]]](
        "When one client sets … and … … times in an atomic batch while another reads both in one call"
    )
    start = FromStep[tuple[int, Any]]("When … clients at once each read and set … … times")
    """The version and the value of the variable before the concurrent reads and sets."""
    races = FromStep[list[Race]]("When … times, five simultaneous calls …")
    session_calls = FromStep[dict[str, str]](
        "When each method that names a session is called repeatedly in one of its own for … s"
    )
    """The ids of the sessions in which a method was called, by the method."""
    changes = FromStep[int]("When … and … are set in … atomic batches while … is set … times")
    writers = FromStep[RacingWriters]("When … watches of … start while … clients set them without a pause")
    opened = FromStep[list[Watcher]]("When … watches of … start while … clients set them without a pause")
    resumed = FromStep[list[tuple[int, Watcher]]](
        "When … watches of … resume in turn while … sets it without a pause"
    )
    """The watches that resumed, each with the version of the update after which it did."""


class DiskNotes:
    """Values about sets while the disk fails.

    Attributes:
        faults: the sets that were not answered in time, in words.
    """

    possible = FromStep[list[Any]]("When … is set … times while … of the disk fails")
    """The values that the variable may have: that of the last acknowledged set, and later ones of which it is
    not known if they are saved."""

    def __init__(self) -> None:
        self.faults: list[str] = []


class ServerNotes:
    """Values about processes that start and end, and about the files that they leave."""

    first = FromStep[ServerProcess]("When another bridge is started")
    starter = FromStep[ServerProcess]("Given a bridge that another process started")
    killed = FromStep[ServerProcess]("When the worker's bridge is killed")
    killed_at = FromStep[float]("When the worker's bridge is killed")
    """The time.monotonic() at which it was killed."""
    offspring = FromStep[dict[int, str]]("When the bridge receives …")
    began = FromStep[float]("When a bridge is started")
    """The time.monotonic() at which the bridge was started."""
    connections = FromStep[list[str]]("When a bridge is started")
    """The results of connecting to the bridge's port as soon as its READY line was read."""
    files = FromStep[dict[str, bytes]]("Given the bridge was stopped and its data files were overwritten")
    metrics_address = FromStep[str]("Given a new bridge with metrics")
    heartbeat_interval_s = FromStep[float]("Given a bridge with short heartbeats")
    callers = FromStep[list[Connection | WorkerError]](
        "When … callers ask the worker for a connection at once"
    )


class ReadNotes:
    """Values about variables before a change, and measured times."""

    variable = FromStep[pb.Variable]("Given the state of … was noted")
    description = FromStep[pb.GetSessionResponse]("Given the description of the session was noted")
    listed_in = FromStep[Session]("When the variables are listed")
    waiting = FromStep[list["grpc.Future[Any]"]]("Given … reads of … wait at …")
    time_before = FromStep[datetime]("When … is set repeatedly for … s or until last_updated_at increases")
    took_s = FromStep[float](
        "When … is set to … repeatedly until that is accepted, while the optimizer … sets …"
    )
    quiet_since = FromStep[float]("When the last call is made")
    """The time.monotonic() before the last call in the session."""
