"""What a transaction is made of: conditions and operations, and the ranges that they speak of."""

from __future__ import annotations

from . import rpc_pb2 as rpc

ALL = b"\0"
"""The end of a range without an end."""


def put(key: bytes, value: bytes) -> rpc.RequestOp:
    """Write a key."""
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value))


def delete(key: bytes, end: bytes | None = None) -> rpc.RequestOp:
    """Delete a key, or all keys from ``key`` to before ``end``."""
    return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key, range_end=end or b""))


def get(key: bytes, end: bytes | None = None, *, limit: int = 0) -> rpc.RequestOp:
    """Read a key, or at most ``limit`` (0 for all) of the keys from ``key`` to before ``end``."""
    return rpc.RequestOp(request_range=rpc.RangeRequest(key=key, range_end=end or b"", limit=limit))


def version_is(key: bytes, number: int) -> rpc.Compare:
    """Whether a key was written so often since it was made; 0 for one that does not exist."""
    return rpc.Compare(target=rpc.Compare.VERSION, key=key, version=number)


def mod_is(key: bytes, revision: int) -> rpc.Compare:
    """Whether that revision wrote the key last; 0 for one that does not exist."""
    return rpc.Compare(target=rpc.Compare.MOD, key=key, mod_revision=revision)


def value_is(key: bytes, value: bytes) -> rpc.Compare:
    """Whether a key holds a value; never where it does not exist."""
    return rpc.Compare(target=rpc.Compare.VALUE, key=key, value=value)


def prefix_end(prefix: bytes) -> bytes:
    """The end of the range of all keys that begin with ``prefix``.

    It is the first name behind them all: the last byte that can grow has grown, and what follows it is gone.
    Where none can, nothing is behind them.
    """
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else ALL
