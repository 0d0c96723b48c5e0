"""Tombstones: the last sequences of ended sessions. Old ones are replaced by one shared lower bound."""

from __future__ import annotations

from ...etcd.client import Etcd
from ...etcd.operations import delete, mod_is, prefix_end, put
from .chunking import whole
from .keys import Keys

MAX_DELETED_TOMBSTONES = 100
"""The maximum number of tombstones that one transaction deletes; etcd allows 128 operations by default."""

ANSWER_TIMEOUT_S = 5.0
"""The timeout of a request to etcd, in seconds."""


async def forget_oldest(etcd: Etcd, keys: Keys, limit: int) -> None:
    """Delete the oldest tombstones if there are more than ``limit``, and raise the lower bound above them.

    Raises:
        NoAnswerError, RefusedError: etcd does not answer, or refuses; the caller may try again later.
    """
    start, end = keys.ended_all, prefix_end(keys.ended_all)
    excess = (await etcd.range(start, end, count_only=True, timeout=ANSWER_TIMEOUT_S)).count - limit
    while excess > 0:
        count = min(excess, MAX_DELETED_TOMBSTONES)
        oldest = (await etcd.range(start, end, limit=count, oldest_first=True, timeout=ANSWER_TIMEOUT_S)).kvs
        bound = (await etcd.range(keys.min_next_sequence, timeout=ANSWER_TIMEOUT_S)).kvs
        before, revision = (int(bound[0].value), bound[0].mod_revision) if bound else (0, 0)
        min_next_sequence = max(before, *(int(whole(tombstone.value)) + 1 for tombstone in oldest))
        reply = await etcd.txn(
            [
                mod_is(keys.min_next_sequence, revision),
                *(mod_is(tombstone.key, tombstone.mod_revision) for tombstone in oldest),
            ],
            [
                put(keys.min_next_sequence, str(min_next_sequence).encode()),
                *(delete(tombstone.key) for tombstone in oldest),
            ],
            timeout=ANSWER_TIMEOUT_S,
        )
        if not reply.succeeded:
            return  # another bridge has deleted some, or one of the sessions was opened again
        excess -= len(oldest)
