"""The observability of a bridge: its health service, its reflection, its metrics and its log."""

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
"""The bytes of a ServerReflectionRequest with an empty field list_services: its stubs may be missing."""

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def health(connection: RecordedConnection) -> str:
    """Return the status of the whole server from its health service. Raises BridgeError."""
    answer = health_pb2.HealthCheckResponse.FromString(connection.ask(HEALTH, b""))
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def interface(connection: RecordedConnection) -> bytes:
    """Return the reflection service's encoded list of the services. Raises BridgeError."""
    return connection.ask(REFLECTION, _LIST_SERVICES)


def metrics(address: str) -> str:
    """Return the metrics page for Prometheus that a bridge serves at an address."""
    with _DIRECT.open(f"http://{address}/metrics", timeout=5.0) as answer:
        return str(answer.read().decode())


def samples(page: str) -> Mapping[str, float]:
    """Return the samples of a metrics page, by name and labels."""
    lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def logged_calls(process: ServerProcess) -> list[dict[str, Any]]:
    """Return the log entries of calls so far; each line of the log must be a JSON object."""
    return [entry for entry in map(json.loads, [*process.stderr]) if "call" in entry]


def all_words(process: ServerProcess) -> str:
    """End a process, and return all that it wrote on stdout and stderr."""
    if process.exit_code is None:
        process.stop()
    process.last_words()
    return "\n".join((*process.stdout, *process.stderr))
