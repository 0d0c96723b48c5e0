"""Who may call: loopback alone, or whoever has a token, over TLS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import grpc

from server.config import Settings
from server.errors import CannotStart

SHORTEST = 16
"""Characters of a token; a shorter one can be guessed."""


def is_loopback(host: str) -> bool:
    """Whether nobody on another machine can reach an address."""
    if host == "127.0.0.1":
        return True
    try:
        from ipaddress import ip_address

        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_exposure(settings: Settings) -> None:
    """Refuse to listen where others can reach it without both TLS and tokens.

    Raises:
        CannotStart: naming what is missing.
    """
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise CannotStart("--tls-cert and --tls-key belong together")
    if settings.tls_ca and not settings.tls_cert:
        raise CannotStart("--tls-ca needs --tls-cert and --tls-key")
    missing = [
        flags
        for flags, given in (
            ("--tls-cert and --tls-key", settings.tls_cert),
            ("--token-file", settings.token_file),
        )
        if not given
    ]
    if missing and not is_loopback(settings.host):
        raise CannotStart(
            f"{settings.host} can be reached from other machines:"
            f" listening there needs {' and '.join(missing)}"
        )


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What TLS needs, where it is asked for; clients must have a certificate where ``tls_ca`` is given.

    Raises:
        CannotStart: a file cannot be read, or holds no such thing.
    """
    if not settings.tls_cert:
        return None
    certificate, key = _pem(settings.tls_cert, "CERTIFICATE"), _pem(settings.tls_key, "PRIVATE KEY")
    ca = _pem(settings.tls_ca, "CERTIFICATE") if settings.tls_ca else None
    return grpc.ssl_server_credentials([(key, certificate)], ca, require_client_auth=ca is not None)


class Tokens:
    """The tokens of a file, one on each line; lines that begin with # are comments.

    The file is read again when it has changed, so that tokens can be exchanged while the server runs.

    Raises:
        CannotStart: the file cannot be read, or holds no token.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        try:
            self._stamp = self._look()
            self._tokens = self._read()
        except OSError as error:
            raise CannotStart(f"cannot read {path}: {error.strerror}") from None
        if not self._tokens:
            raise CannotStart(f"{path} holds no token of {SHORTEST} characters or more: one on each line")

    def admit(self, authorization: str | None) -> bool:
        """Whether an ``authorization`` header bears one of the tokens."""
        from hmac import compare_digest  # only where tokens are asked for

        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        self._refresh()
        given = token.strip().encode()
        # All of them are compared, each in constant time: how long it takes tells nothing.
        return sum(compare_digest(given, known) for known in self._tokens) > 0

    def _refresh(self) -> None:
        try:
            if (stamp := self._look()) != self._stamp:
                self._tokens, self._stamp = self._read(), stamp
        except OSError:
            pass  # it is being replaced: the old ones are good until the new ones are there

    def _look(self) -> tuple[int, int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> Sequence[bytes]:
        lines = (line.strip() for line in self._path.read_bytes().splitlines())
        return [line for line in lines if len(line) >= SHORTEST and not line.startswith(b"#")]


def _pem(path: str, what: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read {path}: {error.strerror}") from None
    if what.encode() not in content:
        raise CannotStart(f"{path} holds no {what.lower()} in PEM form")
    return content
