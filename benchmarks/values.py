"""A tensor of 4 MB, set and read back: as JSON and as raw bytes."""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

import numpy

from benchmarks.rounds import ratios, run
from client import Session, Worker
from client.values import PREFIX, Raw, raw_array

SHAPE = (1024, 1024)


def measure(rounds: int) -> dict[str, Any]:
    """Run it against a server of its own."""
    with Worker([sys.executable, "-m", "server", "--port", "0", "--log-level", "warning"]) as worker:
        session = worker.connection().session("values")
        session.initialize()
        return compare(session, rounds)


def compare(session: Session, rounds: int) -> dict[str, Any]:
    """Set and read a float32 tensor of 4 MB both ways; print a table and return it.

    Both ways begin and end with a numpy array in the client: what it costs to get there counts.
    """
    weights = numpy.random.default_rng(1).standard_normal(SHAPE, dtype="float32")
    session.register("as_json", "tensor", {"shape": [1], "data": [0]})
    session.register("as_bytes", "tensor", {"shape": [1], "data": [0]})

    def as_json() -> None:
        value = {"shape": list(weights.shape), "data": weights.tolist()}
        session.set("as_json", Raw(PREFIX + "tensor", json.dumps(value).encode()))
        read = session.get("as_json").value
        assert (numpy.asarray(read["data"], "float32").reshape(read["shape"]) == weights).all()

    def as_bytes() -> None:
        session.set("as_bytes", raw_array("tensor", weights))
        assert (session.get("as_bytes").value == weights).all()

    json_result, bytes_result = run({"JSON": as_json, "raw bytes": as_bytes}, rounds)
    ratio = ratios(json_result, bytes_result)
    print(f"\n4 MB tensor, set and get  {'median':>8}{'min':>10}{'max':>10}  ms")
    print(json_result, bytes_result, sep="\n")
    print(f"raw bytes are {statistics.median(ratio):.0f} times faster ({min(ratio):.0f} to {max(ratio):.0f})")
    return {
        "json_ms": [time * 1000 for time in json_result.times],
        "bytes_ms": [time * 1000 for time in bytes_result.times],
        "ratio": statistics.median(ratio),
    }
