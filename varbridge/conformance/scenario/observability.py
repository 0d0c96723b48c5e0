"""The observability of a bridge: its health service, its reflection, its metrics and its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from varbridge.conformance.clients.recorded import RecordedConnection
from varbridge.conformance.faults.http_client import open_url
from varbridge.conformance.vocabulary.contents import decoded, json_of
from varbridge.process import ServerProcess

HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

_LIST_SERVICES = b"\x3a\x00"
"""The bytes of a ServerReflectionRequest with an empty field list_services: its stubs may be missing."""


def health(connection: RecordedConnection) -> str:
    """Return the status of the whole server from its health service. Raises BridgeError."""
    try:
        answer = health_pb2.HealthCheckResponse.FromString(connection.ask(HEALTH, b""))
    except DecodeError:
        raise AssertionError(
            "the health service answered something that is not a HealthCheckResponse"
        ) from None
    names = health_pb2.HealthCheckResponse.ServingStatus
    return str(decoded(names.Name, answer.status, "a status of the health service"))


def interface(connection: RecordedConnection) -> bytes:
    """Return the reflection service's encoded list of the services. Raises BridgeError."""
    return connection.ask(REFLECTION, _LIST_SERVICES)


def metrics(address: str) -> str:
    """Return the metrics page for Prometheus that a bridge serves at an address."""
    from http.client import HTTPException

    try:
        with open_url(f"http://{address}/metrics", timeout=5.0) as answer:
            return str(answer.read().decode("utf-8", "replace"))
    except (OSError, HTTPException) as error:
        raise AssertionError(f"expected a page of metrics at {address}, but: {error}") from None


def samples(page: str) -> Mapping[str, float]:
    """Return the samples of a metrics page, by name and labels."""
    lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
    return {name: decoded(float, value, f"a number for {name}") for name, _, value in lines}


def logged_calls(process: ServerProcess) -> list[dict[str, Any]]:
    """Return the log entries of calls so far; each line of the log must be a JSON object."""
    entries = [json_of(line, "each line of the log") for line in [*process.stderr]]
    return [entry for entry in entries if isinstance(entry, dict) and "call" in entry]


def all_words(process: ServerProcess) -> str:
    """End a process, and return all that it wrote on stdout and stderr."""
    if process.exit_code is None:
        process.stop()
    process.last_words()
    return "\n".join((*process.stdout, *process.stderr))
