"""Who may call: loopback alone, or whoever has a token, over TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc

from ..config import Settings, is_loopback
from ..core.errors import StartupError


def check_exposure(settings: Settings) -> None:
    """Refuse to listen where others can reach it without both TLS and tokens.

    Raises:
        StartupError: naming what is missing.
    """
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise StartupError("--tls-cert and --tls-key belong together")
    if settings.tls_ca and not settings.tls_cert:
        raise StartupError("--tls-ca needs --tls-cert and --tls-key")
    missing = [
        flags
        for flags, given in (
            ("--tls-cert and --tls-key", settings.tls_cert),
            ("--token-file", settings.token_file),
        )
        if not given
    ]
    if missing and not is_loopback(settings.host):
        raise StartupError(
            f"{settings.host} can be reached from other machines:"
            f" listening there needs {' and '.join(missing)}"
        )


class Certificates:
    """What TLS needs; the files can be exchanged while the server runs.

    Clients must have a certificate where ``tls_ca`` is given.

    Raises:
        StartupError: a file cannot be read, or holds no such thing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._present = self._read()
        self._fresh: grpc.ServerCertificateConfiguration | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """For the port to listen on."""
        needed = bool(self._settings.tls_ca)
        fetch: Any = self._fetch  # None is for no change, which its type does not tell
        return grpc.dynamic_ssl_server_credentials(self._present, fetch, needed)

    def reload(self) -> None:
        """Read the files again; new connections get what they hold now.

        Raises:
            StartupError: they hold no such thing; the old ones go on.
        """
        self._fresh = self._read()

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """What has changed since the last connection; asked by gRPC on a thread of its own."""
        fresh, self._fresh = self._fresh, None
        return fresh

    def _read(self) -> grpc.ServerCertificateConfiguration:
        settings = self._settings
        certificate, key = _pem(settings.tls_cert, "CERTIFICATE"), _pem(settings.tls_key, "PRIVATE KEY")
        ca = _pem(settings.tls_ca, "CERTIFICATE") if settings.tls_ca else None
        return grpc.ssl_server_certificate_configuration([(key, certificate)], ca)


def peer_credentials(settings: Settings) -> grpc.ChannelCredentials | None:
    """What calls to the other bridges of a cluster need, which are started with the same flags.

    Trusted are those whom ``tls_ca`` has signed, or, where there is none, our own certificate.
    """
    if not settings.tls_cert:
        return None
    certificate, key = _pem(settings.tls_cert, "CERTIFICATE"), _pem(settings.tls_key, "PRIVATE KEY")
    roots = _pem(settings.tls_ca, "CERTIFICATE") if settings.tls_ca else certificate
    return grpc.ssl_channel_credentials(roots, key, certificate)


def _pem(path: str, what: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise StartupError(f"cannot read {path}: {error.strerror}") from None
    if what.encode() not in content:
        raise StartupError(f"{path} holds no {what.lower()} in PEM form")
    return content
