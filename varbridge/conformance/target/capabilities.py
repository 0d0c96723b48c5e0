"""The capabilities that a bridge has: by the way it is reached, by what is installed, and by its profile."""

from __future__ import annotations

from importlib.util import find_spec

from varbridge.conformance import tags
from varbridge.conformance.target.options import REFERENCE, Options

_OBSERVE = ("grpc_reflection", "prometheus_client", "pythonjsonlogger")
"""What ``pip install '.[observe]'`` brings for the flags that the features ask for."""


def possible(options: Options) -> set[str]:
    """The capabilities that a bridge may have, reached in this way."""
    return {
        "requires_standard_tools",
        *(["requires_process", "requires_durable", *tags.REFERENCE_ALONE] if options.command else []),
        *(["requires_current_service"] if options.service == "BridgeService" else []),
    }


def present(options: Options) -> set[str]:
    """Those of ``tags.CAPABILITIES`` that the bridge has."""
    missing = _not_installed() if options.command == REFERENCE else tags.REFERENCE_ALONE
    return (possible(options) - missing | options.profile.granted) - options.profile.lacking.keys()


def _not_installed() -> set[str]:
    """The capabilities that the reference bridge lacks here, since something is not installed."""
    return set() if all(find_spec(name) for name in _OBSERVE) else {"requires_observe"}
