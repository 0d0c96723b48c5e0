"""The settings of gRPC channels, synchronous and for asyncio: addresses, services, options and retries."""

from __future__ import annotations

import json
import math
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from varbridge.credentials import Tls
from varbridge.errors import BridgeError
from varbridge.messages import PACKAGE
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.messages.traits import METHODS, may_be_repeated

MAX_MESSAGE_BYTES = 100 * 2**20

SERVICES: dict[str, Callable[[Any], Any]] = {
    "BridgeService": pb_grpc.BridgeServiceStub,
    "SnakepitBridge": pb_grpc.SnakepitBridgeStub,
}
"""The gRPC stubs by the name of the service. The second name is the older one, which lacks a few methods."""

MAX_ATTEMPTS = 5
"""The largest number of attempts that gRPC makes at a call."""

HEALTH_CHECK = "/grpc.health.v1.Health/Check"

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A separate TCP connection, instead of one that is shared with every channel to that address.
    ("grpc.use_local_subchannel_pool", 1),
    # gRPC's default is to wait a second before it retries; a restarted server is ready sooner.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 500),
    # In spite of its name, this is the timeout of one attempt: a busy or distant bridge needs time.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.enable_http_proxy", 0),
)


def is_address(text: str) -> bool:
    """Return True if a text has the form host:port, with a port from 0 to 65535."""
    host, _, port = text.strip().rpartition(":")
    return bool(host) and port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535


def target_of(address: str) -> str:
    """Return gRPC's target for an address or several; gRPC connects to the first address that answers.

    Raises:
        OSError: a host name is unknown.
        ValueError: IPv4 and IPv6 are mixed, or an address is not host:port.
    """
    if "," not in address:
        return address
    families: set[socket.AddressFamily] = set()
    numbers: list[str] = []
    for part in address.split(","):
        if not is_address(part):
            raise ValueError(f"{part.strip()!r} is not host:port")
        host, _, port = part.strip().rpartition(":")
        family, _, _, _, name = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        families.add(family)
        numbers.append(f"[{name[0]}]:{port}" if family is socket.AF_INET6 else f"{name[0]}:{port}")
    if len(families) > 1:
        raise ValueError(f"{address}: IPv4 and IPv6 cannot be mixed: name addresses of one kind")
    return f"{'ipv6' if socket.AF_INET6 in families else 'ipv4'}:{','.join(numbers)}"


def channel_of(
    kind: Any, address: str, tls: Tls | None, attempts: int, options: Sequence[tuple[str, Any]]
) -> Any:
    """Return a new channel to an address.

    Args:
        kind: the module that opens channels, ``grpc`` or ``grpc.aio``.
        address: the address or several; see ``target_of``.
        tls: the TLS settings; None for plain text.
        attempts: the number of attempts at a call that may be repeated.
        options: additional channel arguments.
    """
    if not 1 <= attempts <= MAX_ATTEMPTS:
        raise ValueError(f"attempts must be from 1 to {MAX_ATTEMPTS}, which is gRPC's limit, not {attempts}")
    options = [*_OPTIONS, *options]
    if attempts > 1:
        options.append(("grpc.service_config", _service_config(attempts)))
    if tls is None:
        return kind.insecure_channel(target_of(address), options)
    return kind.secure_channel(target_of(address), tls.credentials, [*options, *tls.options(address)])


def timeout_of(timeout: float | None, default: float | None) -> float | None:
    """Return the timeout of a call, in seconds: the default if it names none.

    Raises:
        ValueError: the timeout is not a positive number.
    """
    if timeout is None:
        return default
    if not timeout > 0 or math.isinf(timeout):
        raise ValueError(f"a timeout must be a positive number of seconds, not {timeout:g}")
    return timeout


def repeatable(method: str, request: Any) -> Any:
    """Return a request in a form that may be sent again: a set gets an idempotency key if it has none."""
    if method != "SetVariable" or request.request_id:
        return request
    keyed = pb.SetVariableRequest()
    keyed.CopyFrom(request)
    keyed.request_id = os.urandom(16).hex()
    return keyed


def hinted(error: BridgeError, *, tls: bool) -> BridgeError:
    """Return the error of a connection that never got an answer, with a hint if TLS may be the cause."""
    hint = ""
    if error.code is grpc.StatusCode.UNAVAILABLE:
        if not tls and ("Socket closed" in error.message or "recvmsg" in error.message):
            hint = "if the bridge requires TLS, connect with tls=Tls(...), or --ca on the command line"
        elif tls and "WRONG_VERSION_NUMBER" in error.message:
            hint = "the bridge does not seem to use TLS"
    return BridgeError(error.code, f"{error.message}; {hint}", error.violations) if hint else error


def _service_config(attempts: int) -> str:
    """Return gRPC's service config, by which it repeats calls that met UNAVAILABLE."""
    names = [
        {"service": f"{PACKAGE}.{service}", "method": method}
        for service in SERVICES
        for method in METHODS
        if may_be_repeated(method)
    ]
    policy = {
        "maxAttempts": attempts,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": policy}]})
