"""The last sequences of sessions that have ended: one by one for a while, then all under one floor."""

from __future__ import annotations

from server.cluster.keys import Keys
from server.cluster.parts import whole
from server.etcd.client import Etcd
from server.etcd.operations import delete, mod_is, prefix_end, put

AT_A_TIME = 100
"""Of a transaction, which may have 128 operations."""

ANSWER = 5.0
"""Seconds that etcd may take for one question."""


async def forget_oldest(etcd: Etcd, keys: Keys, remembered: int) -> None:
    """Forget the oldest ends, where there are more than ``remembered``: the floor rises above them.

    Raises:
        Unanswered, Refused: another time, then.
    """
    start, end = keys.ended_all, prefix_end(keys.ended_all)
    left = (await etcd.range(start, end, count_only=True, timeout=ANSWER)).count - remembered
    while left > 0:
        limit = min(left, AT_A_TIME)
        oldest = (await etcd.range(start, end, limit=limit, oldest_first=True, timeout=ANSWER)).kvs
        found = (await etcd.range(keys.floor, timeout=ANSWER)).kvs
        before, revision = (int(found[0].value), found[0].mod_revision) if found else (0, 0)
        floor = max(before, *(int(whole(one.value)) + 1 for one in oldest))
        reply = await etcd.txn(
            [mod_is(keys.floor, revision), *(mod_is(one.key, one.mod_revision) for one in oldest)],
            [put(keys.floor, str(floor).encode()), *(delete(one.key) for one in oldest)],
            timeout=ANSWER,
        )
        if not reply.succeeded:
            return  # another bridge does the same, or one of them was opened again
        left -= len(oldest)
