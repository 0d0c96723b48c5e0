"""Caps on everything that clients can make grow."""

from typing import Annotated, NamedTuple

from ..flags import Flag, as_count


class Limits(NamedTuple):
    """Caps on everything that clients can make grow. One over a cap is RESOURCE_EXHAUSTED."""

    calls: Annotated[int, Flag("--max-calls", "of one client, at a time; watches are some", as_count)] = (
        20_000
    )
    metadata: Annotated[int, Flag("--max-metadata", "entries of one map", as_count)] = 1_000
    dependencies: Annotated[int, Flag("--max-dependencies", "of a session", as_count)] = 100_000
    request_ids: Annotated[int, Flag("--request-ids", "answers kept of a session", as_count)] = 10_000
    sessions: Annotated[int, Flag("--max-sessions", "open at a time", as_count)] = 10_000
    variables: Annotated[int, Flag("--max-variables", "of a session", as_count)] = 100_000
    watches: Annotated[int, Flag("--max-watches", "of a session", as_count)] = 10_000
    tools: Annotated[int, Flag("--max-tools", "that clients registered in a session", as_count)] = 1_000
    running_tools: Annotated[int, Flag("--max-running-tools", "that block, at a time", as_count)] = 32
    history: Annotated[int, Flag("--history-limit", "changes kept of a variable", as_count)] = 100
    log_changes: Annotated[int, Flag("--watch-log-limit", "changes kept of a session", as_count)] = 10_000
    log_bytes: Annotated[int, Flag("--watch-log-bytes", "bytes of them", as_count)] = 64 * 2**20
