"""The options of a run: the system under test, which the suite starts or which is running already."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from varbridge import Tls
from varbridge.channel import SERVICES, is_address
from varbridge.conformance.target.credentials import NO_CREDENTIALS, ClientCredentials
from varbridge.conformance.target.profile import Profile
from varbridge.credentials import bearer, host_of, read_token

REFERENCE = (sys.executable, "-m", "varbridge.server")

DEFAULT_WALKS = 20
"""The number of random walks about each subject in the usual run."""

OPTIONS = {
    "target": "HOST:PORT of a bridge that is running already",
    "command": "the command that starts a bridge, to which the suite adds --port 0 and other flags",
    "service": f"the name of the bridge's gRPC service: {' or '.join(SERVICES)}",
    "profile": "a TOML file with the bridge's name, missing capabilities and flags, and known failures",
    "ca": "the certificate authority of a bridge that takes only TLS; the bridge's certificate must be valid"
    " for the host of -D target, or for localhost with -D command",
    "cert": "the certificate of the judge, for a bridge that asks for one; together with -D key",
    "key": "the private key of -D cert",
    "token-file": "a file whose first token every call carries",
    "walks": f"the number of random walks about each subject; {DEFAULT_WALKS} unless it is set",
    "seed": "the seed of the random walks, a whole number; 0 unless it is set",
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
        credentials: the credentials of the judge's calls.
        profile: the profile of the bridge.
        walks: the number of random walks about each subject.
        seed: the seed of the random walks.
        typed: the ``-D`` options that judge the same bridge again, each after a space; empty if none.
    """

    command: tuple[str, ...] | None = REFERENCE
    address: str | None = None
    service: str = "BridgeService"
    credentials: ClientCredentials = NO_CREDENTIALS
    profile: Profile = field(default_factory=Profile)
    walks: int = DEFAULT_WALKS
    seed: int = 0
    typed: str = ""

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Options:
        """Read behave's ``-D`` options.

        Raises:
            TargetUnavailableError: an option is unknown or invalid, or options contradict each other.
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
        address = options.get("target")
        if address is not None:
            command = None
            if not is_address(address) or address.endswith(":0"):
                raise TargetUnavailableError(f"-D target must be HOST:PORT, not {address!r}")
        elif "command" in options:
            command = _command(options["command"])
        typed = "".join(f" -D {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        return cls(
            command=command,
            address=address,
            service=service,
            credentials=_credentials(options),
            profile=profile,
            walks=_whole_number(options, "walks", DEFAULT_WALKS, least=1),
            seed=_whole_number(options, "seed", 0, least=0),
            typed=typed,
        )

    @property
    def has_current_service(self) -> bool:
        """True if the bridge is called by the name BridgeService; SnakepitBridge lacks methods and fields."""
        return self.service == "BridgeService"

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


def _whole_number(options: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    """Return the whole number that an option has; the default if it is not set."""
    text = options.get(name, str(default))
    if not text.isdecimal() or int(text) < least:
        raise TargetUnavailableError(f"-D {name} must be a whole number from {least}, not {text!r}")
    return int(text)


def _command(text: str) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:  # such as: No closing quotation
        raise TargetUnavailableError(f"-D command={text}: {error}") from None
    if not command:
        raise TargetUnavailableError("-D command must name a program")
    return command


def _credentials(options: Mapping[str, str]) -> ClientCredentials:
    """Return the credentials of the judge, from the files that the options name."""
    files = {name: options[name] for name in ("ca", "cert", "key") if name in options}
    host = host_of(options.get("target", "localhost:0")).strip("[]")
    try:
        tls = Tls(files.get("ca"), cert=files.get("cert"), key=files.get("key"), name=host) if files else None
        token = read_token(options["token-file"]) if "token-file" in options else ""
        bearer(token, options.get("target", "localhost:0"), tls)
    except OSError as error:
        name = next((name for name, value in options.items() if value == error.filename), "file")
        raise TargetUnavailableError(f"-D {name}={error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise TargetUnavailableError(f"the credentials of the judge cannot be used: {error}") from None
    return ClientCredentials(tls, token)
