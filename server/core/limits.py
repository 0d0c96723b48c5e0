"""Caps on everything that clients can make grow."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Caps on everything that clients can make grow. One over a cap is RESOURCE_EXHAUSTED."""

    sessions: int = 10_000
    variables: int = 100_000  # of a session
    watches: int = 10_000  # of a session
    tools: int = 1_000  # that clients registered in a session
    running_tools: int = 32  # that block, at a time
    calls: int = 20_000  # of one client, at a time; watches are some
    metadata: int = 1_000  # entries of one map
    history: int = 100  # changes kept of a variable
    log_changes: int = 10_000  # changes kept of a session
    log_bytes: int = 64 * 2**20  # bytes of them
    dependencies: int = 100_000  # of a session
    request_ids: int = 10_000  # answers kept of a session
