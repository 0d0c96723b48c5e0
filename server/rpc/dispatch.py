"""The dispatcher of all calls: it restarts the time to live of sessions, refuses calls beyond a limit or a
token's scope, forwards calls in a cluster, and ends calls at shutdown."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio

from varbridge.messages.traits import traits_of

from ..core.errors import TAKEN_OVER, NotFoundError, RefusalError, UnavailableError
from ..core.names import is_name
from ..core.sessions import Sessions
from ..observability.call_record import CallRecord, Observer
from ..tools.context import UNSAVED
from .call_counter import CallCounter
from .fairness import Fairness
from .preparation import Preparation
from .service import Behaviour, Context, Method, behaviours_of, full_name, handler_of, services
from .status import RemoteError, end_with, refuse
from .tokens import SCOPE, Scope
from .unread import UnreadBytes

MAX_OTHER_FIELDS = 20_000
"""The maximum number of fields of a request in addition to those that name variables."""

logger = logging.getLogger("server.calls")

CANCEL_INTERVAL_S = 2.0
"""The interval at which calls that still run after the grace period are cancelled, in seconds."""

_SHUT_DOWN = UnavailableError(
    "the server is shutting down: it is not known whether the last changes of the session are saved"
)


Answer = Callable[[str], Awaitable[Any]]
"""A function that answers a call; it gets the client, see ``call_counter.client_of``."""


class Forwarder(Protocol):
    """A forwarder of calls to other bridges; see ``rpc.forwarding``."""

    def has(self, session_id: str) -> bool:
        """Return True if this bridge owns a session, so that it answers calls about it."""
        ...

    def running(self, session_id: str) -> AbstractContextManager[None]:
        """Enclose a call about a session, during which this bridge does not give up its ownership."""
        ...

    async def answer(self, method: Method, request: Any, context: Context) -> tuple[bool, Any]:
        """Forward a call that another bridge must answer; return True and its reply, or False and None."""
        ...

    def end_streams(self, reason: UnavailableError) -> None:
        """End the forwarded streams with an error as the reason."""
        ...


class Dispatcher:
    """The dispatcher of calls to servicers.

    Args:
        sessions: the open sessions.
        servicers: the servicers, which implement the RPCs; see ``rpc.service``.
        forwarder: the forwarder to other bridges; None without a cluster.
        observers: the callbacks for ended calls.
        counter: the counter of the running calls of each client.
        preparation: the preparation of calls about many variables.
        unread: the number of bytes on their way to readers.
    """

    def __init__(
        self,
        sessions: Sessions,
        servicers: Iterable[object],
        forwarder: Forwarder | None = None,
        observers: Sequence[Observer] = (),
        counter: CallCounter | None = None,
        preparation: Preparation | None = None,
        unread: UnreadBytes | None = None,
    ) -> None:
        self._sessions = sessions
        self._observers = observers
        self._forwarder = forwarder
        self._behaviours = behaviours_of(servicers)
        # These take several turns of the event loop, in which some of their changes may be saved already.
        self._asynchronous = {
            name for name, run in self._behaviours.items() if inspect.iscoroutinefunction(run)
        }
        self._running: dict[asyncio.Task[Any], Context] = {}
        self._counter = counter or CallCounter()
        self._fairness = Fairness()
        self._unread = unread or UnreadBytes()
        self._preparation = preparation or Preparation(sessions, self._unread)
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing: UnavailableError | None = None

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """Return the handlers for the gRPC server, one for each name of the service."""
        return [self._service(service, prefix) for service, prefix in services()]

    async def drain(self, reason: UnavailableError, grace: float) -> None:
        """Refuse new calls, and wait for running ones; cancel those that run after ``grace`` seconds."""
        self._closing = reason
        if self._forwarder is not None:
            self._forwarder.end_streams(reason)
        try:
            await asyncio.wait_for(self._idle.wait(), grace)
        except TimeoutError:
            # Once is not enough: a call whose behaviour was cancelled waits for its changes to be durable.
            while self._running:
                for task in self._running:
                    task.cancel()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._idle.wait(), CANCEL_INTERVAL_S)

    def _service(self, service: ServiceDescriptor, prefix: str) -> grpc.GenericRpcHandler:
        handlers = {}
        # Each variable of a batch may have an update and bytes.
        max_fields = 2 * self._preparation.max_variables + MAX_OTHER_FIELDS
        for method in service.methods:
            begin = self._streaming if method.server_streaming else self._answering
            call = begin(self._behaviours[method.name], prefix, Method.of(method))
            handlers[method.name] = handler_of(method, call, max_fields)
        return grpc.method_handlers_generic_handler(full_name(service), handlers)

    def _answering(self, behaviour: Behaviour, prefix: str, method: Method) -> Callable[..., Awaitable[Any]]:
        code = behaviour.__code__  # inspect.signature would make the start slower
        wants_context = "context" in code.co_varnames[: code.co_argcount]
        is_async = method.name in self._asynchronous
        run = self._observed if self._observers else self._run
        prepare = self._preparation.of(method.name)

        async def call(request: Any, context: Context) -> Any:
            async def answer(client: str) -> Any:
                if is_async:
                    arguments = (context,) if wants_context else ()
                    return await behaviour(request, prefix, *arguments)
                if self._fairness.is_costly(client):
                    return await self._fairness.run(client, behaviour, request, prefix)
                return self._fairness.measured(client, behaviour, request, prefix)

            async def prepared(client: str) -> Any:
                assert prepare is not None
                async with prepare(request, prefix):
                    return await answer(client)

            return await run(answer if prepare is None else prepared, request, context, method)

        return call

    def _streaming(self, behaviour: Behaviour, prefix: str, method: Method) -> Callable[..., Awaitable[None]]:
        run = self._observed if self._observers else self._run

        async def call(request: Any, context: Context) -> None:
            await run(lambda _: behaviour(request, prefix, context), request, context, method)

        return call

    def __len__(self) -> int:
        """Return the number of running calls."""
        return len(self._running)

    async def _observed(self, behaviour: Answer, request: Any, context: Context, method: Method) -> Any:
        """Run a call, and notify the observers of its end."""
        started, begun, status = time.time_ns(), time.perf_counter(), "CANCELLED"
        try:
            reply = await self._run(behaviour, request, context, method)
            status = _name_of(context.code() or 0)
            return reply
        finally:
            record = CallRecord(
                method.name,
                getattr(request, "session_id", ""),
                status,
                started,
                time.perf_counter() - begun,
                [(str(key), value) for key, value in context.invocation_metadata() or ()],
            )
            for observer in self._observers:
                try:
                    observer(record)
                except Exception:
                    logger.exception("an observer failed to record a call")

    async def _run(self, behaviour: Answer, request: Any, context: Context, method: Method) -> Any:
        if self._closing is not None:
            refuse(context, self._closing)
            return None
        task = asyncio.current_task()
        assert task is not None
        try:
            client = self._counter.begin(context)
        except RefusalError as refusal:
            refuse(context, refusal)
            return None
        self._running[task] = context
        self._idle.clear()
        try:
            if isinstance(request, RefusalError):
                raise request
            if (scope := SCOPE.get()) is not None:
                self._check(scope, method, getattr(request, "session_id", ""))
            if self._forwarder is None:
                reply = await self._answer(behaviour, request, client, method)
            else:
                reply = await self._answer_or_forward(behaviour, request, context, method, client)
            if reply is not None and method.name != "SetVariable":  # whose replies are small
                self._count_reply(reply, context, method)
            return reply
        except RefusalError as refusal:
            refuse(context, refusal)
        except RemoteError as remote:
            end_with(context, remote.code, remote.message, remote.trailers)
        except asyncio.CancelledError:
            if self._closing is None or context.cancelled():
                raise
            refuse(context, self._closing)
        except aio.InternalError as error:
            # gRPC cannot send a message, because the caller is gone.
            logger.debug("a client disconnected before its call was answered: %s", error)
        except Exception:
            logger.exception("a call failed with an unexpected error")
            end_with(context, grpc.StatusCode.INTERNAL, "internal error; the server's log has the details")
        finally:
            self._counter.end(client)
            self._running.pop(task, None)
            if not self._running:
                self._idle.set()

    def _count_reply(self, reply: Any, context: Context, method: Method) -> None:
        """Count a reply until it is sent; refuse one that is too large if the call only reads."""
        size = len(reply) if isinstance(reply, bytes) else reply.ByteSize()
        if traits_of(method.name).reads:
            self._unread.check(size)
        self._unread.add_reply(size, context)

    def _check(self, scope: Scope, method: Method, session_id: str) -> None:
        """Refuse a call that the scope of its token does not permit."""
        # Only the owner of a session knows whether it is open. It gets the token as well.
        elsewhere = self._forwarder is not None and not self._forwarder.has(session_id)
        scope.check(method.name, session_id, is_open=elsewhere or self._sessions.is_open(session_id))

    async def _answer(self, behaviour: Answer, request: Any, client: str, method: Method) -> Any:
        """Run a call; return when all changes on which its reply or refusal depends are durable."""
        if session_id := getattr(request, "session_id", ""):
            self._sessions.renew(session_id)
        try:
            return await behaviour(client)
        finally:
            if (flushed := self._sessions.flushed(session_id)) is not None:
                await self._wait_until_durable(flushed, method)

    async def _wait_until_durable(self, flushed: asyncio.Future[None], method: Method) -> None:
        """Wait until changes are durable, or raise a refusal with the reason why that is not known."""
        try:
            await flushed
        except RefusalError:
            if method.name not in self._asynchronous:
                raise
            raise UNSAVED.copy() from None
        except asyncio.CancelledError:
            if self._closing is None:
                raise
            raise _SHUT_DOWN.copy() from None

    async def _answer_or_forward(
        self, behaviour: Answer, request: Any, context: Context, method: Method, client: str
    ) -> Any:
        """Answer a call, or forward it to the bridge of the cluster that owns its session."""
        session_id = getattr(request, "session_id", "")
        assert self._forwarder is not None
        with self._forwarder.running(session_id):
            # An invalid session id is refused here.
            if is_name(session_id) and not self._forwarder.has(session_id):
                self._sessions.renew(request.session_id)
                answered, reply = await self._forwarder.answer(method, request, context)
                if answered:
                    return reply
                scope = SCOPE.get()
                if scope is not None:
                    self._check(scope, method, session_id)  # again, now that it is known whether it is open
            return await self._answer_as_owner(self._forwarder, behaviour, request, client, method)

    async def _answer_as_owner(
        self, forwarder: Forwarder, behaviour: Answer, request: Any, client: str, method: Method
    ) -> Any:
        """Run a call about a session of this bridge; refuse it if the session is lost while it runs."""
        session_id = getattr(request, "session_id", "")
        owned = forwarder.has(session_id)
        try:
            reply = await self._answer(behaviour, request, client, method)
        except NotFoundError:
            if owned and not forwarder.has(session_id):
                raise TAKEN_OVER.copy() from None
            raise
        # A reply that reads may be outdated, and a clean-up may have found the session already lost.
        unsure = traits_of(method.name).reads or method.name == "CleanupSession"
        if unsure and owned and not forwarder.has(session_id):
            raise TAKEN_OVER.copy()
        return reply


def _name_of(code: Any) -> str:
    """Return the name of a status, from the status or its number."""
    return next(
        (status.name for status in grpc.StatusCode if status.value[0] == code or status is code), "UNKNOWN"
    )
