"""The bytes of replies and updates that are on their way to readers, which may not read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ResourceExhaustedError
from ..core.limits import Limits
from .service import Context

MIN_BYTES = 64 * 2**10
"""The minimum size of a message that is counted, in bytes; the number of smaller ones is limited by that of
calls."""

COPIES = 2
"""The number of copies of a message that exist while it is sent: the server's and that of gRPC."""


class UnreadBytes:
    """The number of bytes on their way to readers, and its maximum.

    Args:
        limit: the maximum, in bytes; messages beyond it are refused.
    """

    def __init__(self, limit: int = Limits().unread_bytes) -> None:
        self._total = 0
        self._limit = limit

    def check(self, size: int) -> None:
        """Refuse a message of so many bytes if that were too many."""
        if size >= MIN_BYTES and self._total + COPIES * size > self._limit:
            raise ResourceExhaustedError(
                f"replies: at most {self._limit} bytes may be on their way to readers (--max-unread-bytes);"
                f" {self._total} are, and this would take {COPIES * size} more"
            )

    def add_reply(self, size: int, context: Context) -> None:
        """Count a reply of so many bytes until its call has ended."""
        if size >= MIN_BYTES:
            self._total += COPIES * size
            release: Any = lambda _: self._release(size)  # noqa: E731  # the types of grpc are too narrow
            context.add_done_callback(release)

    def writer(self, context: Context) -> StreamWriter:
        """Return a writer of a stream whose messages are counted until the reader has taken them."""
        return StreamWriter(self, context)

    async def write(self, context: Context, message: bytes) -> None:
        """Write a message of a stream.

        Raises:
            ResourceExhaustedError: there would be too many bytes.
        """
        size = len(message)
        if size < MIN_BYTES:
            await context.write(message)
            return
        self.check(size)
        self._total += COPIES * size
        try:
            await context.write(message)
        finally:
            self._release(size)

    def _release(self, size: int) -> None:
        self._total -= COPIES * size


class StreamWriter:
    """The writer of one stream."""

    def __init__(self, unread: UnreadBytes, context: Context) -> None:
        self._unread = unread
        self._context = context

    async def send_initial_metadata(self, metadata: Any) -> None:
        """Send the initial metadata, without a message."""
        await self._context.send_initial_metadata(metadata)

    async def write(self, message: bytes | Callable[[], bytes]) -> None:
        """Write a message, or the result of a function, which is called when the message before is sent."""
        await self._unread.write(self._context, message if isinstance(message, bytes) else message())
