"""The parts of a phrase that say how a bridge or a cluster is started."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from varbridge.conformance.vocabulary.literals import QUOTED, names_in

_NAMES = rf"{QUOTED}(?:(?:, | and ){QUOTED})*"
_SETTING = (
    rf"(?:the flags {QUOTED}|the tokens? {_NAMES}|mutual TLS|TLS|(?:a|the same) data directory"
    r"|a file as its data directory|(?:the same|a busy) port|metrics)"
)
SETTINGS = rf"(?:,? with {_SETTING}(?:(?:, | and ){_SETTING})*)*"
"""The regular expression of the settings of a bridge, such as: with TLS and the token "..."."""

_CLUSTER_SETTING = (
    rf"(?:, with the flags {QUOTED}|, on different machines|, with a proxy to the store"
    r"|, with clients that fail over)"
)
CLUSTER_SETTINGS = rf"{_CLUSTER_SETTING}*"
"""The regular expression of the settings of a cluster, each after a comma."""


FLAGS = {
    *(
        "--check",
        "--failpoint",
        "--grace",
        "--heartbeat-interval",
        "--history-limit",
        "--host",
        "--log-calls",
    ),
    *(
        "--log-format",
        "--log-level",
        "--max-calls",
        "--max-dependencies",
        "--max-idle",
        "--max-message-bytes",
    ),
    *(
        "--max-metadata",
        "--max-batch",
        "--max-followers",
        "--max-bytes",
        "--max-unread-bytes",
        "--max-running-tools",
        "--max-sessions",
        "--max-tools",
        "--max-variables",
    ),
    *("--max-watches", "--reflection", "--request-ids", "--session-ttl", "--tool-timeout", "--tools"),
    *("--watch-log-limit",),
}
"""The names of the flags with which features start bridges; other settings have words of their own."""


def known_flags(text: str) -> tuple[str, ...]:
    """Return the flags in a text such as ``--grace 1``, with their values.

    Raises:
        ValueError: a flag is unknown.
    """
    words = tuple(text.split())
    names = [word for word in words if word.startswith("--")]
    if not words or words[0] not in names:
        raise ValueError(f"{text!r} does not begin with a flag such as --grace")
    for name in names:
        if name not in FLAGS:
            alike = get_close_matches(name, sorted(FLAGS), n=1)
            hint = f"did you mean {alike[0]}?" if alike else f"known: {', '.join(sorted(FLAGS))}"
            raise ValueError(f"there is no flag {name}; {hint}")
    return words


@dataclass(frozen=True)
class Settings:
    """The settings of a bridge.

    Attributes:
        flags: command-line flags.
        tokens: the lines of its token file; clients use the first token.
        tls: "TLS", "mutual TLS" if clients need a certificate as well, or "".
        data_directory: "a data directory", "the same data directory", "a file as its data directory", or "".
        port: "the same port" as the bridge before, "a busy port", or "".
        metrics: True if it serves metrics.
    """

    flags: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    tls: str = ""
    data_directory: str = ""
    port: str = ""
    metrics: bool = False

    @classmethod
    def parse(cls, text: str) -> Settings:
        """Parse the settings from the text of a step."""
        flags: list[str] = []
        tokens: list[str] = []
        tls = data_directory = port = ""
        metrics = False
        for setting in re.findall(_SETTING, text):
            if setting.startswith("the flags "):
                flags += names_in(setting)[0].split()
            elif setting.startswith("the token"):
                tokens += names_in(setting)
            elif setting.endswith("TLS"):
                tls = setting
            elif setting.endswith("data directory"):
                data_directory = setting
            elif setting.endswith("port"):
                port = setting
            else:
                metrics = True
        return cls(tuple(flags), tuple(tokens), tls, data_directory, port, metrics)

    @classmethod
    def parse_known(cls, text: str) -> Settings:
        """Parse the settings of a bridge that has to start. Raises ValueError if a flag is unknown."""
        settings = cls.parse(text)
        if settings.flags:
            known_flags(" ".join(settings.flags))
        for name in (
            "a busy port",
            "the same port",
            "the same data directory",
            "a file as its data directory",
        ):
            if name in (settings.port, settings.data_directory):
                raise ValueError(f"{name} is a setting of a bridge in: When a bridge is started")
        return settings

    @classmethod
    def parse_shared(cls, text: str) -> Settings:
        """Parse the settings of a bridge that scenarios share. Raises ValueError if it cannot have them."""
        settings = cls.parse_known(text)
        if settings.metrics:
            raise ValueError("only a new bridge can have metrics, as in: Given a new bridge with metrics")
        if settings.data_directory and (settings.tls or settings.tokens):
            raise ValueError("with TLS or tokens, only a new bridge can have a data directory")
        return settings

    @property
    def token(self) -> str:
        """The token that clients of the bridge use, without its scope; "" if it needs none."""
        return self.tokens[0].split()[0] if self.tokens else ""


@dataclass(frozen=True)
class ClusterSettings:
    """The settings of a cluster.

    Attributes:
        flags: command-line flags of each bridge.
        different_machines: True if each bridge assumes that the others are on other machines.
        proxies: True if each bridge reaches the store through a fault proxy of its own.
        failover: True if clients know all bridges, and retry calls at another one if one is unavailable.
    """

    flags: tuple[str, ...] = ()
    different_machines: bool = False
    proxies: bool = False
    failover: bool = False

    @classmethod
    def parse(cls, text: str) -> ClusterSettings:
        """Parse the settings from the text of a step."""
        flags = names_in(text)
        return cls(
            flags=known_flags(" ".join(flags)) if flags else (),
            different_machines="on different machines" in text,
            proxies="with a proxy to the store" in text,
            failover="with clients that fail over" in text,
        )
