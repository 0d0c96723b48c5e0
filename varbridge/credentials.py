"""The credentials of a connection: TLS settings and tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import grpc

Metadata = tuple[tuple[str, str], ...]


class Tls:
    """The TLS settings of a connection; the constructor reads the files, which are in PEM format.

    Args:
        ca: the file of the authority that signs bridges' certificates; None for the authorities that gRPC
            trusts.
        cert: the file of a client certificate chain, for a bridge that requires one.
        key: the file of the private key of ``cert``, without a passphrase.
        name: the name in the bridge's certificate, if it is not the host of the address. Several addresses
            have one name in common, by default the host of the first one.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file has invalid content, ``key`` is not that of ``cert``, or only one of the two is
            given.
    """

    def __init__(
        self,
        ca: str | os.PathLike[str] | None = None,
        *,
        cert: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        name: str = "",
    ) -> None:
        if (cert is None) != (key is None):
            raise ValueError("a certificate and its private key belong together: name both files")
        self.name = name
        contents = [None if path is None else _read(path) for path in (ca, key, cert)]
        _check(ca, cert, key)
        self.credentials: grpc.ChannelCredentials = grpc.ssl_channel_credentials(*contents)

    def options(self, address: str) -> Sequence[tuple[str, Any]]:
        """Return the additional channel arguments for an address.

        gRPC checks the certificate against the host in the address, and would take a list of addresses for
        the name of one host.
        """
        name = self.name or (host_of(address.split(",")[0]) if "," in address else "")
        return [("grpc.default_authority", name)] if name else []


def read_token(path: str | os.PathLike[str]) -> str:
    """Return the first token in a token file, which may be one that lists tokens with scopes for a server.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file holds no token.
    """
    lines = _read(path).decode().splitlines()
    words = (line.partition("#")[0].split() for line in lines)
    token = next((first for first, *_ in filter(None, words)), "")
    if not token:
        raise ValueError(f"{os.fspath(path)} holds no token: write it in a line of its own")
    return token


def bearer(token: str, address: str, tls: Tls | None) -> Metadata | None:
    """Return the metadata with a token; None without a token.

    Raises:
        ValueError: the token is invalid, or would be sent over the network in plain text. The message does
            not contain the token.
    """
    if not token:
        return None
    if not (token.isascii() and token.isprintable()):
        raise ValueError("a token must be printable ASCII")
    if tls is None and not all(_is_local(part) for part in address.split(",")):
        raise ValueError(
            f"a token is sent to {address} only over TLS, since others could read it on the way: enable TLS"
        )
    return (("authorization", f"Bearer {token}"),)


def host_of(address: str) -> str:
    """Return the host of a host:port, including the brackets of an IPv6 address."""
    return address.strip().rpartition(":")[0]


def _read(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # importing pathlib takes a while
        return file.read()


def _is_local(address: str) -> bool:
    """Return True if data that is sent to an address does not leave this machine."""
    if address.startswith("unix:"):
        return True
    from ipaddress import ip_address  # only here: it takes a while, and few connections have a token

    host = host_of(address)
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _check(
    ca: str | os.PathLike[str] | None,
    cert: str | os.PathLike[str] | None,
    key: str | os.PathLike[str] | None,
) -> None:
    """Check the certificate and key files, since gRPC reports errors in them only as a failed connection."""
    import ssl  # only if TLS is used: the import takes longer than a call

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except ssl.SSLError as error:
            raise ValueError(f"{os.fspath(ca)} holds no certificate in PEM form: {_reason(error)}") from None
    if cert is not None and key is not None:
        try:
            # The empty passphrase is wrong for every encrypted key; without it, OpenSSL would prompt for one.
            context.load_cert_chain(cert, key, password="")
        except ssl.SSLError as error:
            raise ValueError(
                f"{os.fspath(cert)} and {os.fspath(key)} are not a certificate in PEM form with its private"
                f" key: {_reason(error)}"
            ) from None


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or str(error)
