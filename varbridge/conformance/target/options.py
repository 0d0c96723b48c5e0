"""The options of a run: the system under test, which the suite starts or which is running already."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from varbridge.conformance.target.profile import Profile
from varbridge.connection import SERVICES

REFERENCE = (sys.executable, "-m", "varbridge.server")

OPTIONS = {
    "target": "HOST:PORT of a bridge that is running already",
    "command": "the command that starts a bridge, to which the suite adds --port 0 and other flags",
    "service": f"the name of the bridge's gRPC service: {' or '.join(SERVICES)}",
    "profile": "a TOML file with the bridge's name, missing capabilities and flags, and known failures",
}
"""The names that behave's option ``-D`` accepts, with their meanings."""


class TargetUnavailableError(Exception):
    """A run without a bridge to judge; the message says why."""


@dataclass(frozen=True)
class Options:
    """The options that name the bridge to judge.

    Attributes:
        command: the command that starts the bridge; None if it is running already.
        address: the host:port of a bridge that is running already; None if the suite starts it.
        service: the name of its gRPC service.
        profile: the profile of the bridge.
        typed: the ``-D`` options that judge the same bridge again, each after a space; empty if none.
    """

    command: tuple[str, ...] | None = REFERENCE
    address: str | None = None
    service: str = "BridgeService"
    profile: Profile = field(default_factory=Profile)
    typed: str = ""

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Options:
        """Read behave's ``-D`` options.

        Raises:
            TargetUnavailableError: an option is unknown, or options contradict each other.
        """
        if unknown := sorted(options.keys() - OPTIONS.keys()):
            known = "; ".join(f"{name}: {meaning}" for name, meaning in OPTIONS.items())
            raise TargetUnavailableError(f"unknown option -D {unknown[0]}; known options: {known}")
        service = options.get("service", "BridgeService")
        if service not in SERVICES:
            raise TargetUnavailableError(f"-D service must be {' or '.join(SERVICES)}, not {service}")
        profile = Profile.read(options["profile"]) if "profile" in options else Profile()
        if "target" in options and "command" in options:
            raise TargetUnavailableError(
                "use either -D target, for a running bridge, or -D command, which starts one, but not both"
            )
        command: tuple[str, ...] | None = REFERENCE
        if "target" in options:
            command = None
        elif "command" in options:
            command = tuple(shlex.split(options["command"]))
        typed = "".join(f" -D {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        return cls(command, options.get("target"), service, profile, typed)

    @property
    def name(self) -> str:
        """The bridge's name for sentences: that of its profile, or else its address or command."""
        if self.profile.name:
            return self.profile.name
        if self.command is None:
            return f"the bridge at {self.address}"
        return (
            "the reference bridge" if self.command == REFERENCE else f"the bridge {shlex.join(self.command)}"
        )
