"""Which bridges live: each gives a sign of life in etcd, and counts as gone when it gives none for a while.

The signs are written through etcd's consensus, like any change. A lease of etcd would be less work, but its
clock is the leader's alone: a leader that has been replaced without knowing goes on renewing leases, and
ending them (https://github.com/etcd-io/etcd/issues/15247), and 3.4.23 still does.

A bridge trusts its own life for ``ttl`` seconds after it began to write its last sign. Others must have seen
no newer one for as long before they declare it gone, by clocks of their own that need not agree, only run at
the same speed; and the transaction that declares it names the sign that they saw.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..core.names import random_hex
from ..etcd.client import Etcd
from ..etcd.errors import NoAnswerError, RefusedError
from ..etcd.operations import delete, get, mod_is, put
from ..storage.etcd import storage_pb2 as stored
from ..storage.etcd.keys import Keys

logger = logging.getLogger("server.cluster")

BEATS_PER_TTL = 4
"""Signs of life in the time after which a bridge counts as gone."""

FIRST_ATTEMPT_TIMEOUT_S = 1.0
"""Seconds that a member of etcd may take for the first sign, before another one is asked."""

RETRY_INTERVAL_S = 0.05
"""Seconds before a sign that was not taken is given again."""

MAX_CLOCK_DRIFT = 0.05
"""By how much two machines' clocks may differ in speed: far more than they do."""


def now() -> float:
    """Seconds on a clock that also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Membership:
    """This bridge's own.

    Args:
        etcd: the cluster.
        keys: of the cluster.
        sign: what identifies this process, and where other bridges reach it.
        ttl: seconds.
        on_status: called with True when it is known to live, and with False when it is not known any more.
        gone: called when others have declared it gone; it begins a new life after that.

    Attributes:
        id: of this life.
        refusal: what etcd last refused a sign with; "" where it did not.
    """

    def __init__(
        self,
        etcd: Etcd,
        keys: Keys,
        sign: stored.Bridge,
        ttl: float,
        on_status: Callable[[bool], object],
        gone: Callable[[], object],
    ) -> None:
        self.id = random_hex()
        self.ttl = ttl
        self.refusal = ""
        self._etcd = etcd
        self._keys = keys
        self._on_status = on_status
        self._gone = gone
        self._until = 0.0
        self._revision = 0
        self._new = True
        self._known = False
        self._lapse: asyncio.TimerHandle | None = None
        self.sign = sign
        self.since = 0.0
        """When signs began to go through without a break, by ``now``; 0 where they do not."""

    @property
    def is_sure(self) -> bool:
        """Whether nobody can have declared this bridge gone."""
        return now() < self._until

    async def begin(self, timeout: float) -> None:
        """Give the first sign, at one member of etcd or another.

        Args:
            timeout: seconds after which no other member is asked.

        Raises:
            NoAnswerError, RefusedError: etcd does not take it.
        """
        give_up = now() + timeout
        while True:
            started = now()
            try:
                sign = put(self._keys.bridge(self.id), self._value())
                reply = await self._etcd.txn([], [sign], timeout=FIRST_ATTEMPT_TIMEOUT_S)
                break
            except NoAnswerError:
                if now() + RETRY_INTERVAL_S >= give_up:
                    raise
                await asyncio.sleep(RETRY_INTERVAL_S)
        self._extend(started, reply.header.revision)

    async def go_on(self) -> None:
        """Give signs for ever."""
        pause = self.ttl / BEATS_PER_TTL
        while True:
            before = now()
            went_through = await self._beat(2 * pause)
            self._look()
            wait = before + pause - now() if went_through else RETRY_INTERVAL_S
            await asyncio.sleep(max(0.0, min(pause, wait)))

    async def end(self) -> None:
        """Be gone, so that others need not wait to take over."""
        self._until = 0.0
        if self._lapse is not None:
            self._lapse.cancel()
        with suppress(NoAnswerError, RefusedError):
            await self._etcd.txn([], [delete(self._keys.bridge(self.id))], timeout=1.0)

    async def _beat(self, timeout: float) -> bool:
        """Give a sign; return whether it is there."""
        key = self._keys.bridge(self.id)
        started = now()
        # Only on top of the sign before: others may have declared this life over.
        there = [] if self._new else [mod_is(key, self._revision)]
        try:
            reply = await self._etcd.txn(there, [put(key, self._value())], [get(key)], timeout=timeout)
        except (NoAnswerError, RefusedError) as error:
            self._failed(error)
            return False
        if reply.succeeded:
            self._extend(started, reply.header.revision)
            return True
        present = reply.responses[0].response_range.kvs
        if present:  # a sign whose answer was lost: the next goes on top of it
            self._revision = present[0].mod_revision
            return False
        logger.warning("other bridges have declared this one gone: it begins anew")
        self._until = self.since = 0.0
        self.id, self._new = random_hex(), True
        self._report(False)
        self._gone()
        return False

    def _failed(self, error: Exception) -> None:
        self.since = 0.0
        refusal = str(error) if isinstance(error, RefusedError) else ""
        if refusal and refusal != self.refusal:
            logger.error("etcd refuses signs of life: %s", refusal)
        self.refusal = refusal

    def _extend(self, started: float, revision: int) -> None:
        self.refusal, self._revision, self._new = "", revision, False
        self._until = started + self.ttl * (1 - MAX_CLOCK_DRIFT)
        if not self.since:
            self.since = now()
        if self.is_sure:
            self._report(True)
        if self._lapse is not None:
            self._lapse.cancel()
        self._lapse = asyncio.get_running_loop().call_later(max(0.0, self._until - now()), self._look)

    def _look(self) -> None:
        """Tell when the time is over that this bridge could be sure of."""
        if not self.is_sure:
            self._report(False)

    def _report(self, known: bool) -> None:
        if known != self._known:
            self._known = known
            self._on_status(known)

    def _value(self) -> bytes:
        self.sign.beats += 1
        return self.sign.SerializeToString()


class Bridge:
    """Another bridge, as it was seen.

    Attributes:
        revision: of its last sign.
        seen: when that was, by ``now``.
    """

    def __init__(self, bridge_id: str) -> None:
        self.id = bridge_id
        self.sign = stored.Bridge()
        self.revision = 0
        self.seen = 0.0

    def saw(self, sign: stored.Bridge, revision: int) -> None:
        """Learn of a sign of life."""
        self.sign, self.revision, self.seen = sign, revision, now()

    def is_gone(self, membership: Membership) -> bool:
        """Whether it may be declared gone: it was silent for too long, or its process has certainly ended.

        A silence counts from when our own signs have gone through without a break: while etcd elects a
        leader, everybody is silent.
        """
        if has_ended(self.sign, membership.sign):
            return True
        return now() - max(self.seen, membership.since or now()) >= membership.ttl * (1 + MAX_CLOCK_DRIFT)


def this_process(machine: str = "") -> stored.Bridge:
    """What tells this process from all others, here and elsewhere.

    Args:
        machine: what tells this machine from others; by default, what Linux made up when it started.
    """
    return stored.Bridge(
        machine=machine or _read("/proc/sys/kernel/random/boot_id"),
        processes=_processes(),
        pid=os.getpid(),
        began=_began(os.getpid()),
    )


def has_ended(process: stored.Bridge, here: stored.Bridge) -> bool:
    """Whether a process has certainly ended, which only its own machine can tell."""
    if not process.machine or (process.machine, process.processes) != (here.machine, here.processes):
        return False
    return process.began != _began(process.pid)


def _began(pid: int) -> str:
    """When a process began, in ticks of its machine; "" where there is none."""
    # The name, in brackets, may hold anything. The state and 18 fields more come between it and the start.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return "" if not fields or fields[0] in "ZX" else fields[19]


def _processes() -> str:
    """Which table of processes this is: containers have their own, and the same numbers in it."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    return ""


def jitter(seconds: float) -> float:
    """About that long, so that not all bridges do the same at once."""
    return seconds * random.uniform(0.5, 1.5)
