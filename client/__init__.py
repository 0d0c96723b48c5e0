"""A client of the bridge: connections, sessions, watches, and the worker that runs a server process.

Synchronous and safe to use from several threads.

    with Connection("127.0.0.1:50051") as connection:
        session = connection.session("tuning")
        session.register("learning_rate", "float", 0.1, constraints={"min": 0, "max": 1})
        with session.watch("learning_rate") as watch:
            session.set("learning_rate", 0.05)
            update = next(iter(watch))
"""

from client.access import Tls
from client.connection import Connection
from client.errors import BridgeError, ToolFailed, WorkerError
from client.follower import Follower
from client.session import Session
from client.variable import Variable
from client.watch import Update, Watch
from client.worker import Worker

__all__ = [
    "BridgeError",
    "Connection",
    "Follower",
    "Session",
    "Tls",
    "ToolFailed",
    "Update",
    "Variable",
    "Watch",
    "Worker",
    "WorkerError",
]
