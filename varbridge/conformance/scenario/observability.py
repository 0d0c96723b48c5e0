"""What a bridge tells beside its own service: its health, its interface, its metrics, its log."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from grpc_health.v1 import health_pb2

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.process import ServerProcess

HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

_LIST_SERVICES = b"\x3a\x00"
"""A ServerReflectionRequest whose field 7, list_services, is empty: by hand, since its stubs are an extra."""

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def health(connection: RecordedConnection) -> str:
    """The status that the health service answers for the whole server. Raises BridgeError."""
    answer = health_pb2.HealthCheckResponse.FromString(connection.ask(HEALTH, b""))
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def interface(connection: RecordedConnection) -> bytes:
    """What reflection answers when it is asked for the services, names among it. Raises BridgeError."""
    return connection.ask(REFLECTION, _LIST_SERVICES)


def metrics(address: str) -> str:
    """The page that is served for Prometheus."""
    with _DIRECT.open(f"http://{address}/metrics", timeout=5.0) as answer:
        return str(answer.read().decode())


def samples(page: str) -> Mapping[str, float]:
    """The numbers of such a page, by name and labels."""
    lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def logged_calls(process: ServerProcess) -> list[dict[str, Any]]:
    """What a process has logged of calls so far, where each line of its log is a JSON object."""
    return [told for told in map(json.loads, [*process.stderr]) if "call" in told]


def all_words(process: ServerProcess) -> str:
    """End a process, and return all that it has written."""
    if process.exit_code is None:
        process.stop()
    process.last_words()
    return "\n".join((*process.stdout, *process.stderr))
