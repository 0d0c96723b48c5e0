"""The conditions and operations of transactions, and ranges of keys."""

from __future__ import annotations

from . import rpc_pb2 as rpc

ALL = b"\0"
"""The end of a range that includes all keys from its first one on."""


def put(key: bytes, value: bytes) -> rpc.RequestOp:
    """Return the operation that writes a key."""
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value))


def delete(key: bytes, end: bytes | None = None) -> rpc.RequestOp:
    """Return the operation that deletes a key, or the keys from ``key`` to before ``end``."""
    return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key, range_end=end or b""))


def get(key: bytes, end: bytes | None = None, *, limit: int = 0) -> rpc.RequestOp:
    """Return the operation that reads a key, or at most ``limit`` (0 for all) keys from ``key`` to before
    ``end``."""
    return rpc.RequestOp(request_range=rpc.RangeRequest(key=key, range_end=end or b"", limit=limit))


def version_is(key: bytes, number: int) -> rpc.Compare:
    """Return the condition that a key has been written ``number`` times; 0 for a key that does not exist."""
    return rpc.Compare(target=rpc.Compare.VERSION, key=key, version=number)


def mod_is(key: bytes, revision: int) -> rpc.Compare:
    """Return the condition that a revision wrote a key last; 0 for a key that does not exist."""
    return rpc.Compare(target=rpc.Compare.MOD, key=key, mod_revision=revision)


def value_is(key: bytes, value: bytes) -> rpc.Compare:
    """Return the condition that a key exists and has a value."""
    return rpc.Compare(target=rpc.Compare.VALUE, key=key, value=value)


def prefix_end(prefix: bytes) -> bytes:
    """Return the end of the range of all keys with a prefix.

    The end is the first key after all keys with the prefix: the last byte of the prefix below 255 is
    incremented, and the bytes after it are removed. If there is no such byte, the range has no end.
    """
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else ALL
