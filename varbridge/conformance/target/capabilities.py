"""The capabilities of a bridge, which depend on how it is reached, its profile and installed packages."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from varbridge.conformance import tags
from varbridge.conformance.target.credentials import NO_CREDENTIALS
from varbridge.conformance.target.options import REFERENCE, Options

_OBSERVE = ("grpc_reflection", "prometheus_client", "pythonjsonlogger")
"""The packages of ``pip install '.[observe]'`` that flags in the features require."""


def possible(options: Options) -> set[str]:
    """Return the capabilities that a bridge may have if the suite reaches it by these options."""
    return {
        "requires_standard_tools",
        "requires_older_service",
        *(["requires_process", "requires_durable", *tags.REFERENCE_ONLY] if options.command else []),
        *(["requires_faulty_disk"] if options.command and shutil.which("cc") else []),
        *(["requires_plain_text"] if options.command and options.credentials == NO_CREDENTIALS else []),
        *(tags.CURRENT_SERVICE if options.has_current_service else []),
    }


def present(options: Options) -> set[str]:
    """Return the capabilities of the bridge, from the options, its profile and installed packages."""
    missing = _not_installed() if options.command == REFERENCE else set(tags.REFERENCE_ONLY)
    if "ExecuteTool" in options.profile.lacking_methods:
        missing |= {"requires_standard_tools"}
    return (possible(options) - missing | options.profile.granted) - options.profile.lacking.keys()


def _not_installed() -> set[str]:
    """Return the capabilities that the reference bridge lacks because packages are not installed."""
    return set() if all(find_spec(name) for name in _OBSERVE) else {"requires_observe"}
