"""The TLS credentials of the server, and the rule that all but loopback addresses need TLS and tokens."""

from __future__ import annotations

from typing import Any

import grpc

from ..config import Settings, is_loopback
from ..core.errors import StartupError


def check_exposure(settings: Settings) -> None:
    """Raise an error if other machines can reach the server and it does not require both TLS and tokens.

    Raises:
        StartupError: TLS or tokens are missing; the message names the missing flags.
    """
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise StartupError("--tls-cert and --tls-key belong together: name both")
    if settings.tls_ca and not settings.tls_cert:
        raise StartupError("--tls-ca needs --tls-cert and --tls-key")
    missing = [
        flags
        for flags, value in (
            ("--tls-cert and --tls-key", settings.tls_cert),
            ("--token-file", settings.token_file),
        )
        if not value
    ]
    if missing and not is_loopback(settings.host):
        raise StartupError(
            f"{settings.host} can be reached from other machines:"
            f" listening there needs {' and '.join(missing)}"
        )


class Certificates:
    """The certificates of the server; their files can be replaced while the server runs.

    Clients must have a certificate if ``tls_ca`` is set.

    Raises:
        StartupError: a file cannot be read, or does not contain a certificate or a key.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._present = self._read()
        self._fresh: grpc.ServerCertificateConfiguration | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials for the port to listen on."""
        require_client_certificate = bool(self._settings.tls_ca)
        fetch: Any = self._fetch  # may return None for no change, which gRPC's types do not allow
        return grpc.dynamic_ssl_server_credentials(self._present, fetch, require_client_certificate)

    def reload(self) -> None:
        """Read the certificate files again; new connections use their content.

        Raises:
            StartupError: a file cannot be read or is invalid; the old certificates stay in use.
        """
        self._fresh = self._read()

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the certificates if they were reloaded since the last call; a thread of gRPC calls this."""
        fresh, self._fresh = self._fresh, None
        return fresh

    def _read(self) -> grpc.ServerCertificateConfiguration:
        settings = self._settings
        certificate, key = _pem(settings.tls_cert, "CERTIFICATE"), _pem(settings.tls_key, "PRIVATE KEY")
        ca = _pem(settings.tls_ca, "CERTIFICATE") if settings.tls_ca else None
        return grpc.ssl_server_certificate_configuration([(key, certificate)], ca)


class PeerCertificates:
    """The certificates for calls to the other bridges of the cluster, which have the same flags.

    Certificates that the authority in ``tls_ca`` has signed are trusted; without ``tls_ca``, this bridge's
    own certificate, and the one that it had before, which other bridges may not have replaced yet.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = b""

    def read(self) -> grpc.ChannelCredentials | None:
        """Read the files, and return the credentials; None without TLS.

        Raises:
            StartupError: a file cannot be read or is invalid.
        """
        settings = self._settings
        if not settings.tls_cert:
            return None
        certificate, key = _pem(settings.tls_cert, "CERTIFICATE"), _pem(settings.tls_key, "PRIVATE KEY")
        roots = _pem(settings.tls_ca, "CERTIFICATE") if settings.tls_ca else certificate + b"\n" + self._own
        self._own = certificate
        return grpc.ssl_channel_credentials(roots, key, certificate)


def _pem(path: str, label: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise StartupError(f"cannot read {path}: {error.strerror}") from None
    if label.encode() not in content:
        raise StartupError(f"{path} holds no {label.lower()} in PEM form")
    return content
