"""What the reference bridge has only where more is installed than it needs."""

from __future__ import annotations

from importlib.util import find_spec

_OBSERVE = ("grpc_reflection", "prometheus_client", "pythonjsonlogger")
"""What ``pip install '.[observe]'`` brings for the flags that the features ask for."""


def missing() -> set[str]:
    """The capabilities that the reference bridge lacks here, since something is not installed."""
    return set() if all(find_spec(name) for name in _OBSERVE) else {"requires_observe"}
