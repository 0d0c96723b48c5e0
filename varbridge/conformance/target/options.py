"""The options of a run: which bridge is judged, one that the suite starts or one that runs already."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from varbridge.conformance.target.profile import Profile
from varbridge.connection import SERVICES

REFERENCE = (sys.executable, "-m", "varbridge.server")

OPTIONS = {
    "target": "HOST:PORT of a bridge that runs already",
    "command": "the command that starts a bridge; --port 0 and other flags are added to it",
    "service": f"the name that the bridge answers under: {' or '.join(SERVICES)}",
    "profile": "a TOML file: the bridge's name, what it lacks, and what is known to fail",
}
"""What ``-D`` takes."""


class TargetUnavailableError(Exception):
    """There is no bridge to judge; the message says why."""


@dataclass(frozen=True)
class Options:
    """The bridge that a run was asked to judge.

    Attributes:
        command: starts it; None where it runs already.
        address: host:port of one that runs already; None where it is started.
        service: the name that it answers under.
        profile: what it says of itself.
        typed: what to type after behave to judge the same bridge again; begins with a space.
    """

    command: tuple[str, ...] | None = REFERENCE
    address: str | None = None
    service: str = "BridgeService"
    profile: Profile = field(default_factory=Profile)
    typed: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Options:
        """Read behave's ``-D`` options.

        Raises:
            TargetUnavailableError: they are not of ``OPTIONS``, or contradict each other.
        """
        if unknown := sorted(given.keys() - OPTIONS.keys()):
            known = "; ".join(f"{name}: {meaning}" for name, meaning in OPTIONS.items())
            raise TargetUnavailableError(f"-D {unknown[0]} is no option. There are {known}")
        service = given.get("service", "BridgeService")
        if service not in SERVICES:
            raise TargetUnavailableError(f"-D service must be {' or '.join(SERVICES)}, not {service}")
        profile = Profile.read(given["profile"]) if "profile" in given else Profile()
        if "target" in given and "command" in given:
            raise TargetUnavailableError(
                "-D target and -D command exclude each other: the bridge runs or is started"
            )
        command: tuple[str, ...] | None = REFERENCE
        if "target" in given:
            command = None
        elif "command" in given:
            command = tuple(shlex.split(given["command"]))
        typed = "".join(f" -D {shlex.quote(f'{name}={value}')}" for name, value in given.items())
        return cls(command, given.get("target"), service, profile, typed)

    @property
    def name(self) -> str:
        """The bridge's name in a sentence."""
        if self.profile.name:
            return self.profile.name
        if self.command is None:
            return f"the bridge at {self.address}"
        return (
            "the reference bridge" if self.command == REFERENCE else f"the bridge {shlex.join(self.command)}"
        )
