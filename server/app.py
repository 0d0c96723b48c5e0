"""The server process from its start to its end: open, bind, announce, serve, drain, close."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

from grpc import aio
from grpc_health.v1 import health_pb2_grpc

from .backend import Backend, backend_of
from .config import Settings, address_of
from .core.clock import SystemClock
from .core.errors import StartupError, UnavailableError
from .core.sessions import Sessions
from .observability import logs
from .process import Ending, own_stdout, reload_on_hangup, watch_over
from .rpc import keepalive
from .rpc.auth import AuthInterceptor
from .rpc.call_counter import CallCounter
from .rpc.credentials import Certificates, check_exposure
from .rpc.dependencies import DependencyServicer
from .rpc.dispatch import Dispatcher
from .rpc.health import HealthServicer
from .rpc.optimization import OptimizationServicer
from .rpc.preparation import Preparation
from .rpc.registrations import RegistrationServicer
from .rpc.sessions import SessionServicer
from .rpc.tokens import Tokens
from .rpc.tool_hosts import Hosts
from .rpc.tools import ToolServicer
from .rpc.unread import UnreadBytes
from .rpc.variables import VariableServicer
from .rpc.watches import WatchServicer
from .tools.loader import load
from .tools.processes import Processes
from .tools.registry import Registry

if TYPE_CHECKING:
    from .observability.observers import Observers

logger = logging.getLogger("server.app")

MAX_PENDING_CALLS = 100_000
"""The maximum number of calls that wait for the event loop; gRPC refuses further calls."""


LATE_CALLS_S = 0.2
"""The time in which calls that arrive while the server closes its connections are refused, in seconds."""

STOP_TIMEOUT_S = 1.0
"""The time in which all connections must be closed at the end of the server, in seconds."""


async def serve(settings: Settings, stdout: TextIO | None, parent: int) -> None:
    """Run the server until SIGTERM, SIGINT, the loss of its store, or the end of the process that started it.

    Args:
        settings: the settings of the server.
        stdout: the stream for the line ``GRPC_READY:<port>``; None if the process has no stdout.
        parent: the process that started this one.

    Raises:
        StartupError: the server cannot start; the line ``GRPC_READY:<port>`` has not been printed.
    """
    ending = Ending()
    backend = backend_of(settings)
    backend.store.on_loss(lambda: ending.begin("its storage has failed", os.EX_IOERR))
    try:
        left = await _serve(settings, backend, ending, parent, stdout)
    finally:
        await backend.close()
    if left:
        logger.warning("ending the process although %s", left)
    if left or ending.exit_code:
        # asyncio would wait for what is left, and the interpreter for a disk that may not answer.
        logging.shutdown()
        os._exit(ending.exit_code)


async def _serve(
    settings: Settings, backend: Backend, ending: Ending, parent: int, stdout: TextIO | None
) -> str:
    """Run the server to its end; return, as a clause, what still runs although it was cancelled; else ""."""
    check_exposure(settings)
    observers = _observers(settings)
    certificates = Certificates(settings) if settings.tls_cert else None
    server = _new_server(settings)
    port = _bind(server, settings, certificates)
    await backend.open(port)
    clock = SystemClock()
    sessions = Sessions(clock, settings.limits, settings.session_ttl, backend.store)
    tools = Registry(load(settings.tools))
    processes = Processes(settings.tools, settings.limits.running_tools, settings.tool_memory << 20)
    hosts = Hosts(remote=settings.remote_tools, max_message_bytes=settings.max_message_bytes)
    tool_calls = ToolServicer(sessions, tools, processes, hosts, settings.tool_timeout)
    unread = UnreadBytes(settings.limits.unread_bytes)
    counter = CallCounter(settings.limits.calls)
    healthy = HealthServicer(counter)
    calls = Dispatcher(
        sessions,
        [
            SessionServicer(sessions, tools, clock),
            VariableServicer(sessions, settings.limits.json_bytes),
            DependencyServicer(sessions),
            OptimizationServicer(sessions),
            WatchServicer(sessions, clock, settings.heartbeat_interval, unread),
            tool_calls,
            RegistrationServicer(sessions, hosts),
        ],
        backend.share(sessions, healthy.report),
        observers.active,
        counter,
        Preparation(sessions, unread, settings.limits.batch, settings.limits.json_bytes),
        unread,
    )
    observers.watch(sessions, calls.__len__)
    server.add_generic_rpc_handlers(calls.handlers())
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    await healthy.begin()
    if settings.reflection:
        from .rpc import reflection  # not at the top: a server without the flag does not need it

        reflection.enable(server, counter)
    if settings.check:
        print(f"could serve on {address_of(settings.host, port)}", file=stdout, flush=True)
        processes.close()
        observers.close()
        return ""
    await server.start()
    ending.begin_on_signals()
    reload_on_hangup(certificates, backend.reload, observers.reload)
    try:
        print(f"GRPC_READY:{port}", file=stdout, flush=True)
    except BrokenPipeError:
        raise StartupError("cannot print the READY line: nothing reads stdout any more") from None
    # The garbage collector need not examine the objects of the start-up, which stay in use. Changes and
    # variables do not form reference cycles, so that rare collections are enough.
    gc.freeze()
    gc.set_threshold(10_000, 5, 200)
    gc.enable()
    logger.info("serving on %s:%d", settings.host, port)
    reason = await watch_over(ending, sessions, None if settings.outlive_parent else parent)
    logger.info("ending: %s", reason)
    gone = UnavailableError(
        "the server ends, because its storage has failed"
        if ending.exit_code
        else "the server is shutting down"
    )
    await healthy.enter_graceful_shutdown()
    sessions.end_watches(gone)
    await calls.drain(gone, settings.grace)
    processes.close()
    await hosts.close()
    # gRPC waits for each client to take what is on its way to it, and so for one that has stalled.
    stopping = asyncio.ensure_future(server.stop(LATE_CALLS_S))
    await asyncio.wait([stopping], timeout=STOP_TIMEOUT_S)
    observers.close()
    if not stopping.done():
        return "a client does not take the end of its calls"
    return "cancelled tools still run" if tool_calls.abandoned else ""


def _new_server(settings: Settings) -> aio.Server:
    return aio.server(
        interceptors=[AuthInterceptor(Tokens(settings.token_file))] if settings.token_file else [],
        options=[
            ("grpc.so_reuseport", 0),  # otherwise a second server could share the port unnoticed
            # By default, gRPC cancels calls at random when a thousand of them wait.
            ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
            ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_CALLS),
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            # A reply may contain several values, each of which was received in a separate message.
            ("grpc.max_send_message_length", -1),
            *keepalive.options(settings.keepalive, settings.idle),
        ],
    )


def _observers(settings: Settings) -> Observers:
    # Not at the top, to keep the start fast: it also loads the modules of observers.
    from .observability.observers import Observers

    return Observers(settings)


def _bind(server: aio.Server, settings: Settings, certificates: Certificates | None) -> int:
    address = address_of(settings.host, settings.port)
    try:
        if certificates is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, certificates.credentials())
    except RuntimeError:
        port = 0
    if not port:
        raise StartupError(
            f"cannot listen on {address}: the port is taken or the address is not this machine's"
        )
    return port


def run(settings: Settings, parent: int) -> int:
    """Run the server to its end; return the exit code of the process: 0, or 1 if the server cannot start.

    If the store is lost, or tools or connections do not end, the process ends here.

    Args:
        settings: the settings of the server.
        parent: the process that started this one.
    """
    try:
        logs.begin(settings.log_level, settings.log_format)
        asyncio.run(serve(settings, own_stdout(), parent))
    except StartupError as error:
        print(f"server: {error}", file=sys.stderr)
        return 1
    return 0
