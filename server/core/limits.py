"""Limits of everything that clients can make grow."""

from typing import Annotated, NamedTuple

from ..flags import LIMITS, Flag, as_count


class Limits(NamedTuple):
    """Limits of everything that clients can make grow. A request beyond a limit is RESOURCE_EXHAUSTED."""

    calls: Annotated[
        int,
        Flag(
            "--max-calls", "maximum number of concurrent calls per client, watches included", as_count, LIMITS
        ),
    ] = 20_000
    metadata: Annotated[
        int, Flag("--max-metadata", "maximum number of entries of a metadata map", as_count, LIMITS)
    ] = 1_000
    dependencies: Annotated[
        int, Flag("--max-dependencies", "maximum number of dependencies per session", as_count, LIMITS)
    ] = 100_000
    request_ids: Annotated[
        int,
        Flag(
            "--request-ids", "number of request ids per session whose answers are retained", as_count, LIMITS
        ),
    ] = 10_000
    sessions: Annotated[int, Flag("--max-sessions", "maximum number of open sessions", as_count, LIMITS)] = (
        10_000
    )
    variables: Annotated[
        int, Flag("--max-variables", "maximum number of variables per session", as_count, LIMITS)
    ] = 100_000
    watches: Annotated[
        int, Flag("--max-watches", "maximum number of watches per session", as_count, LIMITS)
    ] = 10_000
    tools: Annotated[
        int,
        Flag("--max-tools", "maximum number of tools that clients register per session", as_count, LIMITS),
    ] = 1_000
    running_tools: Annotated[
        int, Flag("--max-running-tools", "maximum number of running blocking tools", as_count, LIMITS)
    ] = 32
    history: Annotated[
        int, Flag("--history-limit", "number of retained changes per variable", as_count, LIMITS)
    ] = 100
    log_changes: Annotated[
        int, Flag("--watch-log-limit", "number of changes in a session's change log", as_count, LIMITS)
    ] = 10_000
    log_bytes: Annotated[
        int,
        Flag(
            "--watch-log-bytes",
            "maximum size of a session's change log, in bytes",
            as_count,
            LIMITS,
            metavar="BYTES",
        ),
    ] = 64 * 2**20
