"""Thousands of sets of one client, of which many are under way at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.wire import Raw

AT_A_TIME = 50
"""The number of calls that are under way at a time."""


def set_with_request_ids(
    connection: RecordedConnection, session_id: str, name: str, value: Raw, request_ids: Sequence[str]
) -> None:
    """Set a variable once with each request id, by asyncio, which needs half the time for so many calls.

    Raises:
        BridgeError: a call was refused.
    """

    async def set_all() -> None:
        async with connection.for_asyncio() as client:
            session = client.session(session_id)
            for first in range(0, len(request_ids), AT_A_TIME):
                some = request_ids[first : first + AT_A_TIME]
                await asyncio.gather(*(session.set(name, value, request_id=item) for item in some))

    asyncio.run(set_all())
