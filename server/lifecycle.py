"""The life of the server process: open, bind, announce, serve, drain, end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from server import keepalive
from server.clock import SystemClock
from server.config import Settings
from server.errors import Unavailable
from server.service.calls import Calls
from server.service.relations import RelationCalls
from server.service.sessions import SessionCalls
from server.service.tools import ToolCalls
from server.service.variables import VariableCalls
from server.service.watches import WatchCalls
from server.sessions import Sessions
from server.stores.memory import MEMORY
from server.stores.port import CannotOpen, Store
from server.tools.builtin import TOOLS
from server.tools.registry import Registry

logger = logging.getLogger("server.lifecycle")

LOOK_INTERVAL = 0.2
"""Seconds between two looks at what no event tells: expired sessions, a parent that is gone."""


class CannotStart(Exception):
    """The server cannot serve; the message says why and what to do."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT, or the end of the process that started this one.

    Raises:
        CannotStart, CannotOpen: before anything was announced.
    """
    parent = os.getppid()
    store = _open_store(settings)
    try:
        await _serve(settings, store, parent)
    finally:
        await store.close()


async def _serve(settings: Settings, store: Store, parent: int) -> None:
    server = aio.server(
        options=[
            ("grpc.so_reuseport", 0),  # or a second server would share the port in silence
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            *keepalive.options(settings.keepalive),
        ]
    )
    port = _bind(server, settings)
    clock = SystemClock()
    sessions = Sessions(clock, settings.limits, settings.session_ttl, store)
    tools = Registry(TOOLS)
    calls = Calls(
        sessions,
        [
            SessionCalls(sessions, tools, clock),
            VariableCalls(sessions),
            RelationCalls(sessions),
            WatchCalls(sessions, clock, settings.heartbeat_interval),
            ToolCalls(sessions, tools),
        ],
    )
    server.add_generic_rpc_handlers(calls.handlers())
    healthy = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    for service in ("", *calls.names()):
        await healthy.set(service, health_pb2.HealthCheckResponse.SERVING)
    await server.start()
    stop = _stop_signal()
    # What start-up made stays: it need not be looked at again and again. Changes and variables are no
    # cycles either, so that looking for cycles seldom is enough.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    print(f"GRPC_READY:{port}", flush=True)
    logger.info("serving on %s:%d", settings.host, port)
    reason = await _watch_over(stop, sessions, parent)
    logger.info("ending: %s", reason)
    gone = Unavailable("the server is shutting down")
    await healthy.enter_graceful_shutdown()
    sessions.end_watches(gone)
    await calls.drain(gone, settings.grace)
    await server.stop(None)


def _open_store(settings: Settings) -> Store:
    if not settings.data_dir:
        return MEMORY
    # Only here: a server without a data directory does not pay for it.
    from server.stores.sqlite import SqliteStore

    return SqliteStore(Path(settings.data_dir), settings.failpoint)


def _bind(server: aio.Server, settings: Settings) -> int:
    address = f"{settings.host}:{settings.port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        raise CannotStart(
            f"cannot listen on {address}: the port is taken or the address is not this machine's"
        )
    return port


def _stop_signal() -> asyncio.Future[str]:
    """A future that the first signal to stop resolves; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[str] = loop.create_future()

    def signalled(number: int) -> None:
        if stop.done():
            os._exit(128 + number)
        stop.set_result(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled, number)
    return stop


async def _watch_over(stop: asyncio.Future[str], sessions: Sessions, parent: int) -> str:
    """Expire sessions until there is a reason to end; return it."""
    while not stop.done():
        await asyncio.wait([stop], timeout=LOOK_INTERVAL)
        sessions.expire()
        if os.getppid() != parent:
            return "the process that started this one is gone"
    return stop.result()


def run(settings: Settings) -> int:
    """Serve, and return the exit code of the process."""
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        asyncio.run(serve(settings))
    except (CannotStart, CannotOpen) as error:
        print(f"server: {error}", file=sys.stderr)
        return 1
    return 0
