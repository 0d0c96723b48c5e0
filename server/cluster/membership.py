"""Membership: each bridge renews a liveness record in etcd, and counts as gone if it does not for a while.

The records are written through etcd's consensus, like any change. A lease of etcd would be less work, but
only the leader's clock counts for it: a leader that has been replaced without knowing goes on renewing
leases, and ending them (https://github.com/etcd-io/etcd/issues/15247), and 3.4.23 still does.

A bridge is sure to be a member for ``ttl`` seconds after it began to write its last record. Others declare it
gone only if they have seen no newer record for as long. Their clocks need not agree, only run at the same
speed; and the transaction that declares a bridge gone is conditional on the record that they have seen.
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

RENEWALS_PER_TTL = 4
"""The number of times that a bridge renews its liveness record within ``ttl`` seconds."""

FIRST_ATTEMPT_TIMEOUT_S = 1.0
"""The timeout of writing the first liveness record at one member of etcd, before another one is tried, in
seconds."""

RETRY_INTERVAL_S = 0.05
"""The pause after a failed renewal of the liveness record, in seconds."""

MAX_CLOCK_DRIFT = 0.05
"""The maximum relative difference in speed of two machines' clocks; real ones differ far less."""


_ENDED = "ended"
"""The start time of a process that has ended, and for whose end its parent has not waited yet."""


def now() -> float:
    """Return the time in seconds of a monotonic clock that also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Membership:
    """The membership of this bridge in the cluster.

    Args:
        etcd: the client of etcd.
        keys: the keys of the cluster.
        record: the liveness record of this bridge, with its address and the identity of its process.
        ttl: the time without a renewal after which a bridge counts as gone, in seconds.
        on_status: the callback that gets True when this bridge is sure to be a member, and False when it is
            not any more.
        on_gone: the callback that is called when other bridges have declared this one gone; it becomes a
            member again with a new id.

    Attributes:
        id: the current id of this bridge.
        refusal: the message with which etcd refused the last renewal; "" if it did not.
    """

    def __init__(
        self,
        etcd: Etcd,
        keys: Keys,
        record: stored.Bridge,
        ttl: float,
        on_status: Callable[[bool], object],
        on_gone: Callable[[], object],
    ) -> None:
        self.id = random_hex()
        self.ttl = ttl
        self.refusal = ""
        self._etcd = etcd
        self._keys = keys
        self._on_status = on_status
        self._on_gone = on_gone
        self._valid_until = 0.0
        self._revision = 0
        self._new = True
        self._reported = False
        self._expiry: asyncio.TimerHandle | None = None
        self.record = record
        self.renewed_since = 0.0
        """The time since which renewals have succeeded without interruption, by ``now``; 0 if they fail."""

    @property
    def is_sure(self) -> bool:
        """True if no other bridge can have declared this one gone."""
        return now() < self._valid_until

    async def begin(self, timeout: float) -> None:
        """Write the first liveness record, at any member of etcd.

        Args:
            timeout: the time after which no further attempt is made, in seconds.

        Raises:
            NoAnswerError, RefusedError: etcd does not accept the record.
        """
        deadline = now() + timeout
        while True:
            started = now()
            try:
                write = put(self._keys.bridge(self.id), self._value())
                reply = await self._etcd.txn([], [write], timeout=FIRST_ATTEMPT_TIMEOUT_S)
                break
            except NoAnswerError:
                if now() + RETRY_INTERVAL_S >= deadline:
                    raise
                await asyncio.sleep(RETRY_INTERVAL_S)
        self._extend(started, reply.header.revision)

    async def run(self) -> None:
        """Renew the liveness record until cancelled."""
        interval = self.ttl / RENEWALS_PER_TTL
        while True:
            before = now()
            renewed = await self._renew(2 * interval)
            self._check_expiry()
            wait = before + interval - now() if renewed else RETRY_INTERVAL_S
            await asyncio.sleep(max(0.0, min(interval, wait)))

    async def end(self) -> None:
        """Delete the liveness record, so that other bridges can take over this bridge's sessions at once."""
        self._valid_until = 0.0
        if self._expiry is not None:
            self._expiry.cancel()
        with suppress(NoAnswerError, RefusedError):
            await self._etcd.txn([], [delete(self._keys.bridge(self.id))], timeout=1.0)

    async def _renew(self, timeout: float) -> bool:
        """Try once to renew the liveness record; return True on success."""
        key = self._keys.bridge(self.id)
        started = now()
        # The previous record must still be there: other bridges may have declared this one gone.
        unchanged = [] if self._new else [mod_is(key, self._revision)]
        try:
            reply = await self._etcd.txn(unchanged, [put(key, self._value())], [get(key)], timeout=timeout)
        except (NoAnswerError, RefusedError) as error:
            self._failed(error)
            return False
        if reply.succeeded:
            self._extend(started, reply.header.revision)
            return True
        present = reply.responses[0].response_range.kvs
        if present:  # an earlier renewal whose answer was lost; the next one replaces it
            self._revision = present[0].mod_revision
            return False
        logger.warning("other bridges have declared this one gone: it joins again with a new id")
        self._valid_until = self.renewed_since = 0.0
        self.id, self._new = random_hex(), True
        self._report(False)
        self._on_gone()
        return False

    def _failed(self, error: Exception) -> None:
        self.renewed_since = 0.0
        refusal = str(error) if isinstance(error, RefusedError) else ""
        if refusal and refusal != self.refusal:
            logger.error("etcd refuses liveness records: %s", refusal)
        self.refusal = refusal

    def _extend(self, started: float, revision: int) -> None:
        self.refusal, self._revision, self._new = "", revision, False
        self._valid_until = started + self.ttl * (1 - MAX_CLOCK_DRIFT)
        if not self.renewed_since:
            self.renewed_since = now()
        if self.is_sure:
            self._report(True)
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(
            max(0.0, self._valid_until - now()), self._check_expiry
        )

    def _check_expiry(self) -> None:
        """Call ``on_status`` with False if other bridges may have declared this one gone."""
        if not self.is_sure:
            self._report(False)

    def _report(self, alive: bool) -> None:
        if alive != self._reported:
            self._reported = alive
            self._on_status(alive)

    def _value(self) -> bytes:
        self.record.beats += 1
        return self.record.SerializeToString()


class Bridge:
    """A bridge of the cluster, as its liveness record shows it.

    Attributes:
        id: the id of the bridge.
        record: the liveness record.
        revision: the revision of the record.
        seen: the time at which this process saw the record, by ``now``.
    """

    def __init__(self, bridge_id: str) -> None:
        self.id = bridge_id
        self.record = stored.Bridge()
        self.revision = 0
        self.seen = 0.0

    def update(self, record: stored.Bridge, revision: int) -> None:
        """Set the liveness record to a newer one."""
        self.record, self.revision, self.seen = record, revision, now()

    def is_gone(self, membership: Membership) -> bool:
        """Return True if the bridge may be declared gone.

        It may if its process has certainly ended, or if its record was not renewed in time. The time counts
        only while this bridge's own renewals succeed: while etcd elects a leader, no bridge can renew its
        record.
        """
        if has_ended(self.record, membership.record):
            return True
        waited = now() - max(self.seen, membership.renewed_since or now())
        return waited >= membership.ttl * (1 + MAX_CLOCK_DRIFT)


def this_process(machine: str = "") -> stored.Bridge:
    """Return a liveness record with the identity of this process.

    Args:
        machine: the name of this machine, unique in the cluster; "" for Linux's boot id.
    """
    return stored.Bridge(
        machine=machine or _read("/proc/sys/kernel/random/boot_id"),
        processes=_processes(),
        pid=os.getpid(),
        began=_began(os.getpid()),
    )


def has_ended(process: stored.Bridge, here: stored.Bridge) -> bool:
    """Return True if ``process`` has certainly ended; False if it is not on the machine of ``here``."""
    if not process.machine or (process.machine, process.processes) != (here.machine, here.processes):
        return False
    began = _began(process.pid)
    if not began:
        # The process may be hidden: it is another user's, and /proc is mounted with hidepid (ProtectProc).
        return not _exists(process.pid)
    return process.began != began


def _began(pid: int) -> str:
    """Return the start time of a process, in clock ticks; "" if no such process can be seen."""
    # The name, in parentheses, may contain anything. The state and 18 more fields come before the start time.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields:
        return ""
    return _ENDED if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    """Return True if there is a process with an id, even if this user cannot see it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _processes() -> str:
    """Return the PID namespace of this process: containers have their own, in which PIDs repeat."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    return ""


def jitter(seconds: float) -> float:
    """Return a random duration around ``seconds``, so that bridges do not all act at the same time."""
    return seconds * random.uniform(0.5, 1.5)
