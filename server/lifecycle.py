"""The life of the server process: open, bind, announce, serve, drain, end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from server import keepalive
from server.access import Tokens, check_exposure, credentials
from server.clock import SystemClock
from server.config import Settings
from server.errors import CannotStart, Unavailable
from server.service.calls import Calls
from server.service.gate import Gate
from server.service.hosts import Hosts
from server.service.registrations import RegistrationCalls
from server.service.relations import RelationCalls
from server.service.sessions import SessionCalls
from server.service.tools import ToolCalls
from server.service.variables import VariableCalls
from server.service.watches import WatchCalls
from server.sessions import Sessions
from server.stores.memory import MEMORY
from server.stores.port import Store
from server.tools.load import load
from server.tools.processes import Processes
from server.tools.registry import Registry

logger = logging.getLogger("server.lifecycle")

LOOK_INTERVAL = 0.2
"""Seconds between two looks at what no event tells: expired sessions, a parent that is gone."""


async def serve(settings: Settings, stdout: TextIO | None) -> None:
    """Serve until SIGTERM, SIGINT, or the end of the process that started this one.

    Args:
        settings: what the flags say.
        stdout: gets the READY line; None where there is none.

    Raises:
        CannotStart: before anything was announced.
    """
    parent = os.getppid()
    store = _open_store(settings)
    try:
        abandoned = await _serve(settings, store, parent, stdout)
    finally:
        await store.close()
    if abandoned:
        # asyncio waits for all that still runs, and this has shown that it does not end.
        logger.warning("ending although tools go on that were cancelled")
        logging.shutdown()
        os._exit(0)


async def _serve(settings: Settings, store: Store, parent: int, stdout: TextIO | None) -> bool:
    """Serve; return whether tools go on that were told to end."""
    check_exposure(settings)
    server = aio.server(
        interceptors=[Gate(Tokens(settings.token_file))] if settings.token_file else [],
        options=[
            ("grpc.so_reuseport", 0),  # or a second server would share the port in silence
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            *keepalive.options(settings.keepalive),
        ],
    )
    port = _bind(server, settings)
    clock = SystemClock()
    sessions = Sessions(clock, settings.limits, settings.session_ttl, store)
    tools = Registry(load(settings.tools))
    processes = Processes(settings.tools, settings.limits.running_tools, settings.tool_memory << 20)
    hosts = Hosts(remote=settings.remote_tools)
    tool_calls = ToolCalls(sessions, tools, processes, hosts)
    calls = Calls(
        sessions,
        [
            SessionCalls(sessions, tools, clock),
            VariableCalls(sessions),
            RelationCalls(sessions),
            WatchCalls(sessions, clock, settings.heartbeat_interval),
            tool_calls,
            RegistrationCalls(sessions, hosts),
        ],
    )
    server.add_generic_rpc_handlers(calls.handlers())
    healthy = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    for service in ("", *calls.names()):
        await healthy.set(service, health_pb2.HealthCheckResponse.SERVING)
    await server.start()
    stop = _stop_signal()
    print(f"GRPC_READY:{port}", file=stdout, flush=True)
    # What start-up made stays: it need not be looked at again and again. Changes and variables are no
    # cycles either, so that looking for cycles seldom is enough.
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()
    logger.info("serving on %s:%d", settings.host, port)
    reason = await _watch_over(stop, sessions, parent)
    logger.info("ending: %s", reason)
    gone = Unavailable("the server is shutting down")
    await healthy.enter_graceful_shutdown()
    sessions.end_watches(gone)
    await calls.drain(gone, settings.grace)
    processes.close()
    await hosts.close()
    await server.stop(None)
    return bool(tool_calls.abandoned)


def _open_store(settings: Settings) -> Store:
    if not settings.data_dir:
        return MEMORY
    # Only here: a server without a data directory does not pay for it.
    from server.stores.sqlite import SqliteStore

    return SqliteStore(Path(settings.data_dir), settings.failpoint)


def _bind(server: aio.Server, settings: Settings) -> int:
    host = f"[{settings.host}]" if ":" in settings.host and settings.host[0] != "[" else settings.host
    address = f"{host}:{settings.port}"
    try:
        secure = credentials(settings)
        port = (
            server.add_insecure_port(address) if secure is None else server.add_secure_port(address, secure)
        )
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


def _own_stdout() -> TextIO | None:
    """Stdout, for the READY line alone: what tools and their modules print goes to stderr from now on."""
    if sys.stdout is None or sys.stderr is None:
        return sys.stdout
    sys.stdout.flush()
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return own


def run(settings: Settings) -> int:
    """Serve, and return the exit code of the process."""
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        asyncio.run(serve(settings, _own_stdout()))
    except CannotStart as error:
        print(f"server: {error}", file=sys.stderr)
        return 1
    return 0
