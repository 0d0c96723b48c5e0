"""The last sequences of sessions that have ended: one by one for a while, then all under one floor."""

from __future__ import annotations

from ...etcd.client import Etcd
from ...etcd.operations import delete, mod_is, prefix_end, put
from .chunking import whole
from .keys import Keys

AT_A_TIME = 100
"""Of a transaction, which may have 128 operations."""

ANSWER_TIMEOUT_S = 5.0
"""Seconds that etcd may take for one question."""


async def forget_oldest(etcd: Etcd, keys: Keys, remembered: int) -> None:
    """Forget the oldest ends, where there are more than ``remembered``: the floor rises above them.

    Raises:
        NoAnswerError, RefusedError: another time, then.
    """
    start, end = keys.ended_all, prefix_end(keys.ended_all)
    left = (await etcd.range(start, end, count_only=True, timeout=ANSWER_TIMEOUT_S)).count - remembered
    while left > 0:
        limit = min(left, AT_A_TIME)
        oldest = (await etcd.range(start, end, limit=limit, oldest_first=True, timeout=ANSWER_TIMEOUT_S)).kvs
        found = (await etcd.range(keys.min_next_sequence, timeout=ANSWER_TIMEOUT_S)).kvs
        before, revision = (int(found[0].value), found[0].mod_revision) if found else (0, 0)
        min_next_sequence = max(before, *(int(whole(one.value)) + 1 for one in oldest))
        reply = await etcd.txn(
            [
                mod_is(keys.min_next_sequence, revision),
                *(mod_is(one.key, one.mod_revision) for one in oldest),
            ],
            [
                put(keys.min_next_sequence, str(min_next_sequence).encode()),
                *(delete(one.key) for one in oldest),
            ],
            timeout=ANSWER_TIMEOUT_S,
        )
        if not reply.succeeded:
            return  # another bridge does the same, or one of them was opened again
        left -= len(oldest)
