"""The limits on everything that clients can make grow."""

from typing import Annotated, NamedTuple

from ..flags import LIMITS, Flag, as_bytes, as_count


class Limits(NamedTuple):
    """The limits on everything that clients can make grow.

    A request beyond a limit is refused with RESOURCE_EXHAUSTED; of retained entries, the oldest are dropped.
    """

    calls: Annotated[
        int,
        Flag(
            "--max-calls",
            "maximum number of concurrent calls per token, or per connection if there are no tokens;"
            " further ones are refused",
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
    bytes: Annotated[
        int,
        Flag(
            "--max-bytes",
            "maximum memory of what all clients together make the server retain, in bytes: values, histories,"
            " logs, metadata, tools and watches; what exceeds it is refused",
            as_count,
            LIMITS,
            metavar="BYTES",
        ),
    ] = 4 * 2**30
    unread_bytes: Annotated[
        int,
        Flag(
            "--max-unread-bytes",
            "maximum memory of large replies and updates that are on their way to readers, in bytes;"
            " further ones are refused",
            as_count,
            LIMITS,
            metavar="BYTES",
        ),
    ] = 2**30
    json_bytes: Annotated[
        int,
        Flag(
            "--max-json-bytes",
            "maximum size of an embedding or tensor in JSON, in bytes;"
            " larger ones are refused, and have to be sent as raw bytes",
            as_bytes,
            LIMITS,
        ),
    ] = 4 * 2**20
    batch: Annotated[
        int,
        Flag(
            "--max-batch",
            "maximum number of variables that one call reads or sets; calls with more are refused",
            as_count,
            LIMITS,
        ),
    ] = 10_000
    followers: Annotated[
        int,
        Flag(
            "--max-followers",
            "maximum number of variables that follow one variable, and of followers that one call notifies;"
            " further dependencies and larger changes are refused",
            as_count,
            LIMITS,
        ),
    ] = 5_000
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
