"""The limits on everything that clients can make grow."""

from typing import Annotated, NamedTuple

from ..flags import LIMITS, Flag, as_count


class Limits(NamedTuple):
    """The limits on everything that clients can make grow.

    A request beyond a limit is refused with RESOURCE_EXHAUSTED; of retained entries, the oldest are dropped.
    """

    calls: Annotated[
        int,
        Flag(
            "--max-calls",
            "maximum number of concurrent calls per client, watches included; further ones are refused",
            as_count,
            LIMITS,
        ),
    ] = 20_000
    metadata: Annotated[
        int,
        Flag(
            "--max-metadata",
            "maximum number of entries of a metadata map; requests with more are refused",
            as_count,
            LIMITS,
        ),
    ] = 1_000
    dependencies: Annotated[
        int,
        Flag(
            "--max-dependencies",
            "maximum number of dependencies per session; further ones are refused",
            as_count,
            LIMITS,
        ),
    ] = 100_000
    request_ids: Annotated[
        int,
        Flag(
            "--request-ids",
            "maximum number of request ids per session whose answers are retained, the newest ones",
            as_count,
            LIMITS,
        ),
    ] = 10_000
    sessions: Annotated[
        int,
        Flag("--max-sessions", "maximum number of open sessions; further ones are refused", as_count, LIMITS),
    ] = 10_000
    variables: Annotated[
        int,
        Flag(
            "--max-variables",
            "maximum number of variables per session; further ones are refused",
            as_count,
            LIMITS,
        ),
    ] = 100_000
    watches: Annotated[
        int,
        Flag(
            "--max-watches",
            "maximum number of watches per session; further ones are refused",
            as_count,
            LIMITS,
        ),
    ] = 10_000
    tools: Annotated[
        int,
        Flag(
            "--max-tools",
            "maximum number of tools that clients register per session; further ones are refused",
            as_count,
            LIMITS,
        ),
    ] = 1_000
    running_tools: Annotated[
        int,
        Flag(
            "--max-running-tools",
            "maximum number of blocking tools that run at the same time; further runs are refused",
            as_count,
            LIMITS,
        ),
    ] = 32
    history: Annotated[
        int,
        Flag(
            "--history-limit",
            "maximum number of retained changes per variable; the oldest are dropped",
            as_count,
            LIMITS,
        ),
    ] = 100
    log_changes: Annotated[
        int,
        Flag(
            "--watch-log-limit",
            "maximum number of changes in a session's change log; the oldest are dropped",
            as_count,
            LIMITS,
        ),
    ] = 10_000
    log_bytes: Annotated[
        int,
        Flag(
            "--watch-log-bytes",
            "maximum size of a session's change log, in bytes; the oldest changes are dropped",
            as_count,
            LIMITS,
            metavar="BYTES",
        ),
    ] = 64 * 2**20
