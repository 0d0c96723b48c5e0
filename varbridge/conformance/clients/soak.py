"""A soak test: a mixed workload over a long time, and measurements of the bridge's resource use."""

from __future__ import annotations

import itertools
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import grpc

from varbridge import BridgeError, Connection, Session, Tls
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.processes import taken
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.vocabulary.encoding import encode, encode_arguments, raw_array, read_value
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb

CALLERS = 4
"""The number of clients that open sessions, use every method in them, and close or abandon them."""

SESSION_INTERVAL_S = 1.0
"""The time between the beginnings of two sessions of one caller, in seconds."""

READ_INTERVAL_S = 0.02
"""The time between two reads of the client that measures their latency, in seconds."""

DEADLINE_S = 30.0

NAMES = ("memory", "open files", "threads", "processes", "median of reads", "p99 of reads")
"""The names of the measured figures."""

_UNITS = {"memory": "MiB", "median of reads": "ms", "p99 of reads": "ms"}
_BATCH_SIZE = 8  # the number of variables in a batch


class SoakError(Exception):
    """A failure of the bridge under this workload; the message says what failed."""


class Soak:
    """A mixed workload on one bridge.

    Args:
        address: the host:port of the bridge.
        service: the name of the bridge's gRPC service.
        pid: the id of the bridge's process.
        session_id: the prefix of the ids of all sessions.
        tls: the TLS settings of its clients; None for plain text.
        token: the token of every call; empty for none.

    Attributes:
        replies: the number of calls that were answered without a refusal.
        sessions: the number of sessions that were opened.
    """

    def __init__(
        self,
        address: str,
        service: str,
        pid: int,
        session_id: str,
        *,
        tls: Tls | None = None,
        token: str = "",
    ) -> None:
        self.replies = 0
        self.sessions = 0
        self._address = address
        self._service = service
        self._tls = tls
        self._token = token
        self._pid = pid
        self._prefix = session_id
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._faults: list[str] = []
        self._times: list[float] = []

    def run(self, seconds: float, samples: int = 60) -> list[Series]:
        """Run the workload for ``seconds``, and return ``samples`` measurements of each figure.

        Raises:
            SoakError: the bridge gave a wrong answer or none; the first such failure.
        """
        work: list[Callable[[], None]] = [self._read_steadily, self._write_steadily]
        work += [partial(self._use, number) for number in range(CALLERS)]
        threads = [threading.Thread(target=self._do, args=(task,), name="soak") for task in work]
        for thread in threads:
            thread.start()
        try:
            sampled = [*self._samples(seconds, samples)]
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        if self._faults:
            raise SoakError(self._faults[0])
        times = [began for began, _ in sampled]
        figures = zip(*(figures for _, figures in sampled), strict=True)
        return [
            Series(name, _UNITS.get(name, ""), times, values)
            for name, values in zip(NAMES, figures, strict=True)
        ]

    def _samples(self, seconds: float, samples: int) -> Iterator[tuple[float, tuple[float, ...]]]:
        began = time.monotonic()
        for number in range(1, samples + 1):
            self._over.wait(began + seconds * number / samples - time.monotonic())
            if self._over.is_set():
                return
            with self._lock:
                reads, self._times = self._times, []
            if len(reads) < 2:
                raise SoakError(f"no reads were answered for {seconds / samples:.1f} s")
            cuts = statistics.quantiles(reads, n=100)
            yield time.monotonic() - began, (*taken(self._pid), cuts[49] * 1000, cuts[98] * 1000)

    def _connect(self) -> Connection:
        # The connection is not recorded: millions of calls are too many to store and compare.
        return Connection(
            self._address,
            service=self._service,
            timeout=DEADLINE_S,
            on_reply=self._answered,
            tls=self._tls,
            token=self._token,
        )

    def _answered(self, *_: object) -> None:
        with self._lock:
            self.replies += 1

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._faults.append(f"{type(error).__name__}: {error}" if str(error) else repr(error))
            self._over.set()

    # Clients that run all the time

    def _read_steadily(self) -> None:
        with self._connect() as connection:
            session = connection.session(f"{self._prefix}-steady")
            session.register("read", "float", encode("float", 0.5))
            for _ in self._every(READ_INTERVAL_S):
                began = time.perf_counter()
                session.get("read")
                with self._lock:
                    self._times.append(time.perf_counter() - began)

    def _write_steadily(self) -> None:
        """Set one variable, and watch it, in one session that lasts for the whole run."""
        with self._connect() as connection:
            session = connection.session(f"{self._prefix}-long")
            session.register("beat", "integer", encode("integer", 0))
            with session.watch("beat") as watch:
                for version in (number + 2 for number in self._every(READ_INTERVAL_S)):
                    session.set("beat", encode("integer", version))
                    update = watch.receive(DEADLINE_S)
                    received = update.variable.version if update and update.variable else 0
                    _require(received == version, f"a watch received version {received}, not {version}")

    # Clients that open and close sessions

    def _use(self, caller: int) -> None:
        chance = random.Random(caller)
        connection = self._connect()
        try:
            for number in self._every(SESSION_INTERVAL_S):
                # Some ids are reused, so that the bridge needs their tombstones; most are not.
                name = number if number % 5 else number // 5 % 3
                session = connection.session(f"{self._prefix}-{caller}-{name}")
                leaves = chance.random() < 0.25
                session.initialize({"caller": str(caller)}, ttl_seconds=2 if leaves else 0)
                with self._lock:
                    self.sessions += 1
                self._variables(session, chance)
                self._batches(session)
                self._refusals(session)
                self._relations(session)
                self._tools(session, chance)
                self._hosts(session, caller)
                if leaves:
                    self._leave(session)
                else:
                    session.clean_up()
                if number % 7 == 6:  # now and then the connection is replaced as well
                    connection.close()
                    connection = self._connect()
        finally:
            connection.close()

    def _variables(self, session: Session, chance: random.Random) -> None:
        import numpy  # only here: every run of the features loads this module, but few run a soak test

        array = numpy.full(4096, chance.random(), "float32")
        bounds = {"min": 0.0, "max": 2.0}
        session.register("temperature", "float", encode("float", 0.7), constraints=bounds)
        session.register("text", "string", encode("string", "x" * chance.randrange(2000)))
        session.register("on", "boolean", encode("boolean", True))
        choices = {"choices": ["gpt-4", "claude-3"]}
        session.register("model", "choice", encode("choice", "gpt-4"), constraints=choices)
        session.register("strategy", "module", encode("module", "ChainOfThought"))
        session.register("embedding", "embedding", raw_array("embedding", array))
        session.register("tensor", "tensor", raw_array("tensor", array.reshape(64, 64)))
        with collect(session, "temperature", "embedding", initial=True) as watch:
            for version in range(2, 7):
                value = encode("float", chance.random())
                session.set("temperature", value, metadata={"by": "soak"}, request_id=str(version))
            session.set("embedding", raw_array("embedding", array + 1))
            updates = watch.wait_for(lambda got: len(got) >= 8, DEADLINE_S)
        versions = [update.variable.version for update in updates if update.variable]
        _require(versions == [1, 1, 2, 3, 4, 5, 6, 2], f"a watch received the versions {versions}")
        session.roll_back("temperature", 3)
        _require(session.heartbeat(), "a heartbeat reported that an open session is not valid")
        count = session.describe().variable_count
        _require(count == 7, f"a session reported {count} variables, not 7")
        history = [entry.version for entry in session.history("temperature")]
        _require(history == [7, 6, 5, 4, 3, 2, 1], f"the history had the versions {history}")
        stored = read_value(session.get("embedding"))
        _require(bool(numpy.array_equal(stored, array + 1)), "an embedding was read with another value")
        session.delete("text")
        listed = [variable.name for variable in session.list("t*")]
        _require(listed == ["temperature", "tensor"], f"{listed} were listed")

    def _batches(self, session: Session) -> None:
        names = [f"n{number}" for number in range(_BATCH_SIZE)]
        for name in names:
            session.register(name, "integer", encode("integer", 0))
        session.set_many(dict.fromkeys(names, encode("integer", 1)), atomic=True)
        session.set_many(dict.fromkeys(names, encode("integer", 2)), atomic=False)
        variables, missing = session.get_many([*names, "nowhere"])
        versions = {variable.version for variable in variables.values()}
        _require(versions == {3} and [*missing] == ["nowhere"], f"a batch read {versions} and {missing}")

    def _refusals(self, session: Session) -> None:
        with _refused(grpc.StatusCode.INVALID_ARGUMENT):
            session.set("temperature", encode("float", 99.0))
        with _refused(grpc.StatusCode.ABORTED):
            session.set("temperature", encode("float", 0.5), expected_version=1)
        with _refused(grpc.StatusCode.NOT_FOUND):
            session.get("nowhere")
        with _refused(grpc.StatusCode.ALREADY_EXISTS):
            session.register("temperature", "float", encode("float", 0.5))

    def _relations(self, session: Session) -> None:
        session.depend("temperature", "on")
        session.start_optimization("temperature", "soak")
        session.set("temperature", encode("float", 1.5), metadata={"optimizer_id": "soak"})
        session.stop_optimization("temperature", "soak")
        session.set("temperature", encode("float", 0.5))

    def _tools(self, session: Session, chance: random.Random) -> None:
        total = session.execute("add", encode_arguments({"a": 1.0, "b": 2.0}))
        _require(total == 3.0, f"the tool add answered {total}, not 3.0")
        chunks = len([*session.stream("count", encode_arguments({"n": 20}), timeout=DEADLINE_S)])
        _require(chunks == 21, f"the tool count sent {chunks} chunks, not 21")
        for _ in session.stream("count", encode_arguments({"n": 1000}), timeout=DEADLINE_S):
            break  # a reader that leaves
        try:
            session.execute("fail", encode_arguments({"message": "on purpose"}))
        except ToolFailedError as error:
            _require("on purpose" in str(error), f"the tool fail failed with another message: {error}")
        else:
            raise SoakError("the tool fail succeeded")
        if chance.random() < 0.2:
            session.execute("block", encode_arguments({"seconds": 0.01}), timeout=DEADLINE_S)
        if chance.random() < 0.1:
            with _refused(grpc.StatusCode.DEADLINE_EXCEEDED):
                session.execute("block", encode_arguments({"seconds": 60.0}), timeout=0.1)

    def _hosts(self, session: Session, caller: int) -> None:
        """Execute a tool whose host does not exist."""
        if self._service == "BridgeService":
            session.register_tools([pb.ToolRegistration(name="elsewhere")], f"127.0.0.1:{caller + 1}")
            with _refused(grpc.StatusCode.UNAVAILABLE):
                session.execute("elsewhere", timeout=DEADLINE_S)

    def _leave(self, session: Session) -> None:
        """Abandon a session, which then expires, and a watch, which ends with its connection."""
        connection = self._connect()
        connection.session(session.id).watch()
        connection.close()
        host, _, port = self._address.rpartition(":")
        with socket.create_connection((host, int(port)), DEADLINE_S) as connecting:
            connecting.sendall(b"PRI * HTTP")  # a client that dies within the HTTP/2 preface

    # Clients of both kinds

    def _every(self, seconds: float) -> Iterator[int]:
        """Yield 0, 1, 2 and so on, one number every ``seconds`` until the run ends, without catching up."""
        for number in itertools.count():
            began = time.monotonic()
            if self._over.is_set():
                return
            yield number
            self._over.wait(began + seconds - time.monotonic())


@contextmanager
def _refused(code: grpc.StatusCode) -> Iterator[None]:
    try:
        yield
    except BridgeError as error:
        if error.code is not code:
            raise
    else:
        raise SoakError(f"a call that should be refused with {code.name} was accepted")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SoakError(message)
