"""The client library for asyncio: the same connections, sessions, watches and followers, to ``await``.

    async with Connection("127.0.0.1:50051") as connection:
        session = connection.session("tuning")
        await session.register("learning_rate", "float", 0.1, constraints={"min": 0, "max": 1})
        async with session.watch("learning_rate") as watch:
            await session.set("learning_rate", 0.05)
            async for update in watch:
                ...

It runs on ``grpc.aio``, without threads of its own. A connection belongs to the event loop in which it was
opened. There are no callbacks: read a watch or a follower in a task instead.
"""

from __future__ import annotations

from varbridge.aio.connection import Connection
from varbridge.aio.follower import Follower
from varbridge.aio.session import Session
from varbridge.aio.watch import Watch

__all__ = ["Connection", "Follower", "Session", "Watch"]
