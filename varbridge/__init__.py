"""The client library of the bridge: connections, sessions, watches, and the worker that runs a server.

The library is synchronous, and safe to use from several threads; ``varbridge.aio`` is the same for asyncio.

    with Connection("127.0.0.1:50051") as connection:
        session = connection.session("tuning")
        session.register("learning_rate", "float", 0.1, constraints={"min": 0, "max": 1})
        with session.watch("learning_rate") as watch:
            session.set("learning_rate", 0.05)
            update = next(iter(watch))

Importing this package loads no other module: the module of each name is loaded when the name is first used. A
server therefore loads the messages without the client, and a module of tools does not need gRPC.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from varbridge.connection import Connection
    from varbridge.credentials import Tls
    from varbridge.decorator import ToolCall, tool
    from varbridge.errors import BridgeError, ToolFailedError, WorkerError
    from varbridge.follower import Follower
    from varbridge.session import Session
    from varbridge.update import Update
    from varbridge.variable import Variable
    from varbridge.watch import Watch
    from varbridge.worker import Worker

__version__ = "1.0.0"

__all__ = [
    "BridgeError",
    "Connection",
    "Follower",
    "Session",
    "Tls",
    "ToolCall",
    "ToolFailedError",
    "Update",
    "Variable",
    "Watch",
    "Worker",
    "WorkerError",
    "tool",
]

_HOMES = {
    "BridgeError": "errors",
    "Connection": "connection",
    "Follower": "follower",
    "Session": "session",
    "Tls": "credentials",
    "ToolCall": "decorator",
    "ToolFailedError": "errors",
    "Update": "update",
    "Variable": "variable",
    "Watch": "watch",
    "Worker": "worker",
    "WorkerError": "errors",
    "tool": "decorator",
}
"""The module that defines each public name."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
