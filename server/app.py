"""The life of the server process: open, bind, announce, serve, drain, end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from .config import Settings
from .core.clock import SystemClock
from .core.errors import StartupError, UnavailableError
from .core.sessions import Sessions
from .observability import logs
from .process import own_stdout, reload_on_hangup, stop_signal, watch_over
from .rpc import keepalive
from .rpc.auth import AuthInterceptor
from .rpc.credentials import Certificates, check_exposure, peer_credentials
from .rpc.dependencies import DependencyServicer
from .rpc.dispatch import Dispatcher
from .rpc.optimization import OptimizationServicer
from .rpc.registrations import RegistrationServicer
from .rpc.service import names_of_services
from .rpc.sessions import SessionServicer
from .rpc.tokens import Tokens
from .rpc.tool_hosts import Hosts
from .rpc.tools import ToolServicer
from .rpc.variables import VariableServicer
from .rpc.watches import WatchServicer
from .storage.memory import MEMORY
from .storage.store import Store
from .tools.loader import load
from .tools.processes import Processes
from .tools.registry import Registry

if TYPE_CHECKING:
    from .cluster.cluster import Cluster
    from .observability.observers import Observers
    from .rpc.forwarding import Forwarder

logger = logging.getLogger("server.app")

PENDING = 100_000
"""Calls that may wait for the event loop at a time."""


async def serve(settings: Settings, stdout: TextIO | None) -> None:
    """Serve until SIGTERM, SIGINT, or the end of the process that started this one.

    Args:
        settings: what the flags say.
        stdout: gets the READY line; None where there is none.

    Raises:
        StartupError: before anything was announced.
    """
    parent = os.getppid()
    cluster = _cluster(settings) if settings.store else None
    store = _open_store(settings) if cluster is None else cluster.store
    try:
        abandoned = await _serve(settings, store, cluster, parent, stdout)
    finally:
        await (store.close() if cluster is None else cluster.leave())
    if abandoned:
        # asyncio waits for all that still runs, and this has shown that it does not end.
        logger.warning("ending although tools go on that were cancelled")
        logging.shutdown()
        os._exit(0)


async def _serve(
    settings: Settings, store: Store, cluster: Cluster | None, parent: int, stdout: TextIO | None
) -> bool:
    """Serve; return whether tools go on that were told to end."""
    check_exposure(settings)
    observers = _observers(settings)
    certificates = Certificates(settings) if settings.tls_cert else None
    server = aio.server(
        interceptors=[AuthInterceptor(Tokens(settings.token_file))] if settings.token_file else [],
        options=[
            ("grpc.so_reuseport", 0),  # or a second server would share the port in silence
            # gRPC cancels calls at random from the thousandth on that it has not handed over yet.
            ("grpc.server.max_pending_requests", PENDING),
            ("grpc.server.max_pending_requests_hard_limit", PENDING),
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            # A reply may hold several values, each of which came in a message of its own.
            ("grpc.max_send_message_length", -1),
            ("grpc.max_connection_idle_ms", round(settings.idle * 1000)),
            *keepalive.options(settings.keepalive),
        ],
    )
    port = _bind(server, settings, certificates)
    if cluster is not None:
        await cluster.join(settings.advertise or _reachable(settings.host, port))
    clock = SystemClock()
    sessions = Sessions(clock, settings.limits, settings.session_ttl, store)
    tools = Registry(load(settings.tools))
    processes = Processes(settings.tools, settings.limits.running_tools, settings.tool_memory << 20)
    hosts = Hosts(remote=settings.remote_tools, max_message_bytes=settings.max_message_bytes)
    tool_calls = ToolServicer(sessions, tools, processes, hosts, settings.tool_timeout)
    healthy = health.HealthServicer()
    forwarder = None
    if cluster is not None:
        forwarder = _take_part(cluster, sessions, healthy, settings)
    calls = Dispatcher(
        sessions,
        [
            SessionServicer(sessions, tools, clock),
            VariableServicer(sessions),
            DependencyServicer(sessions),
            OptimizationServicer(sessions),
            WatchServicer(sessions, clock, settings.heartbeat_interval),
            tool_calls,
            RegistrationServicer(sessions, hosts),
        ],
        forwarder,
        observers.active,
        settings.limits.calls,
    )
    observers.watch(sessions, calls.__len__)
    server.add_generic_rpc_handlers(calls.handlers())
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    for service in ("", *names_of_services()):
        await healthy.set(service, health_pb2.HealthCheckResponse.SERVING)
    if settings.reflection:
        _reflect(server)
    if settings.check:
        print(f"could serve on {_at(settings.host, port)}", file=stdout, flush=True)
        processes.close()
        observers.close()
        return False
    await server.start()
    stop = stop_signal()
    reload_on_hangup(certificates)
    print(f"GRPC_READY:{port}", file=stdout, flush=True)
    # What start-up made stays: it need not be looked at again and again. Changes and variables are no
    # cycles either, so that looking for cycles seldom is enough.
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()
    logger.info("serving on %s:%d", settings.host, port)
    reason = await watch_over(stop, sessions, parent)
    logger.info("ending: %s", reason)
    gone = UnavailableError("the server is shutting down")
    await healthy.enter_graceful_shutdown()
    sessions.end_watches(gone)
    await calls.drain(gone, settings.grace)
    processes.close()
    await hosts.close()
    if forwarder is not None:
        await forwarder.close()
    await server.stop(None)
    observers.close()
    return bool(tool_calls.abandoned)


def _open_store(settings: Settings) -> Store:
    if not settings.data_dir:
        return MEMORY
    # Only here: a server without a data directory does not pay for it.
    from .storage.sqlite.store import SqliteStore

    return SqliteStore(Path(settings.data_dir), settings.failpoint)


def _cluster(settings: Settings) -> Cluster:
    """The bridges that this one is one of."""
    # Only here, as below.
    from .cluster.cluster import Cluster
    from .etcd.address import parse

    return Cluster(parse(settings.store), settings.failpoint)


def _take_part(
    cluster: Cluster, sessions: Sessions, healthy: health.HealthServicer, settings: Settings
) -> Forwarder:
    """Begin to share sessions; the health service says whether this bridge can answer for them."""
    from .rpc.forwarding import Forwarder

    statuses = health_pb2.HealthCheckResponse
    pending: set[asyncio.Task[None]] = set()

    def notify(able: bool) -> None:
        status = statuses.SERVING if able else statuses.NOT_SERVING
        for service in ("", *names_of_services()):
            task = asyncio.ensure_future(healthy.set(service, status))
            pending.add(task)
            task.add_done_callback(pending.discard)

    cluster.begin(sessions, notify)
    return Forwarder(cluster.ownership, peer_credentials(settings))


def _reachable(host: str, port: int) -> str:
    """Where the other bridges reach this one, where the flags do not say.

    Raises:
        StartupError: it listens everywhere, which is no address to call.
    """
    if host.strip("[]") in ("0.0.0.0", "::"):
        raise StartupError(f"{host} is no address that other bridges can call: name one with --advertise")
    return _at(host, port)


def _at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host and host[0] != "[" else f"{host}:{port}"


def _observers(settings: Settings) -> Observers:
    from .observability.observers import Observers  # only here, as above

    return Observers(settings)


def _reflect(server: aio.Server) -> None:
    """Let whoever may call ask which services there are, and what their messages look like.

    Raises:
        StartupError: what does it is not installed.
    """
    try:
        from grpc_reflection.v1alpha import reflection
    except ImportError:
        raise StartupError("--reflection needs grpcio-reflection: pip install 'varbridge[observe]'") from None
    names = [*names_of_services(), "grpc.health.v1.Health", reflection.SERVICE_NAME]
    reflection.enable_server_reflection(names, server)


def _bind(server: aio.Server, settings: Settings, certificates: Certificates | None) -> int:
    address = _at(settings.host, settings.port)
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


def run(settings: Settings) -> int:
    """Serve, and return the exit code of the process."""
    try:
        logs.begin(settings.log_level, settings.log_format)
        asyncio.run(serve(settings, own_stdout()))
    except StartupError as error:
        print(f"server: {error}", file=sys.stderr)
        return 1
    return 0
