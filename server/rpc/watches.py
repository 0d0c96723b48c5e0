"""The servicer of watches."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.change_log import Change
from ..core.clock import Clock
from ..core.errors import RefusalError
from ..core.sessions import Sessions
from . import codec
from .idle_event import IdleEvent
from .unread import UnreadBytes

OPEN_METADATA = ("bridge-watch", "1")
"""The initial metadata which show a client that its watch is open. A refused watch does not get them."""

INTERVAL_KEY = "heartbeat-interval-ms"
"""The key of the interval between heartbeats in the same metadata, in milliseconds."""


class WatchServicer:
    """A servicer that writes each watch's updates as fast as its reader takes them.

    Args:
        sessions: the open sessions.
        clock: the clock for the timestamps of heartbeats.
        heartbeat_interval: the time without an update after which a watch gets a heartbeat, in seconds.
        unread: the number of bytes on their way to readers.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        heartbeat_interval: float,
        unread: UnreadBytes | None = None,
    ) -> None:
        self._unread = unread or UnreadBytes()
        self._sessions = sessions
        self._clock = clock
        self._heartbeat_interval = heartbeat_interval
        self._metadata = (OPEN_METADATA, (INTERVAL_KEY, f"{heartbeat_interval * 1000:.0f}"))

    async def WatchVariables(self, request: pb.WatchVariablesRequest, prefix: str, context: Any) -> None:
        """Stream the initial values if requested, and every change, until the watch or the session ends."""
        context = self._unread.writer(context)
        session = self._sessions.find(request.session_id)
        resume_after = request.resume_after if request.HasField("resume_after") else None
        idle_event = IdleEvent(self._heartbeat_interval)
        try:
            watch, watched = session.watch(request.variable_identifiers, idle_event.set, resume_after)
        except RefusalError:
            idle_event.close()
            raise
        # No await so far: the values below and the position of the cursor are of the same moment.
        initial = watch.initial = deque(
            partial(codec.initial_bytes, variable, watch.seen, variable.updated_at, prefix)
            for variable in watched
            if request.include_initial_values and resume_after is None
        )
        del watched  # these values are replaced while the watch is open, and need not stay in memory
        try:
            # Some of the changes that the values show may not be durable yet.
            if (flushed := self._sessions.flushed(request.session_id)) is not None:
                await flushed
            # The initial metadata show the client that the watch is open.
            await context.send_initial_metadata(self._metadata)
            while initial:
                await context.write(initial.popleft())
            change: Change | None
            while True:
                while changes := watch.take():
                    for change in changes:
                        await context.write(codec.change_bytes(change, prefix))
                    change = None  # which would keep the values before and after it in memory
                if watch.ended is not None:
                    raise watch.ended.copy()
                if not await idle_event.wait():
                    await context.write(codec.heartbeat_bytes(session.log.last, self._clock.utc()))
        finally:
            watch.close()
            idle_event.close()
