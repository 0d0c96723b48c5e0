"""Who calls, and who answers: TLS and tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc

Metadata = tuple[tuple[str, str], ...]


class Tls:
    """What a connection over TLS needs: files in PEM form, which are read when this is made.

    Args:
        ca: who signs the certificates of bridges; None for the authorities that gRPC comes with.
        cert: a certificate chain of our own, for a bridge that asks for one.
        key: its private key, without a passphrase.
        name: the name that the bridge's certificate must bear, where that is not the host of its address.
            Several addresses have one name in common: the first one's host, unless this says another.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file holds no such thing, the key is not the certificate's, or one of them is missing.
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
            raise ValueError("a certificate and its private key belong together")
        self.name = name
        read = [None if path is None else Path(path).read_bytes() for path in (ca, key, cert)]
        _check(ca, cert, key)
        self.credentials: grpc.ChannelCredentials = grpc.ssl_channel_credentials(*read)

    def options(self, address: str) -> Sequence[tuple[str, Any]]:
        """What a channel to an address is to be told besides.

        gRPC takes the name to look for from the address, and of several it would look for all of them as one.
        """
        name = self.name or (host_of(address.split(",")[0]) if "," in address else "")
        return [("grpc.default_authority", name)] if name else []


def bearer(token: str, address: str, tls: Tls | None) -> Metadata | None:
    """The metadata that bears a token; None without one.

    Raises:
        ValueError: it is no token, or it would cross the network in the clear. The message is without it.
    """
    if not token:
        return None
    if not (token.isascii() and token.isprintable()):
        raise ValueError("a token is printable ASCII")
    if tls is None and not all(_is_here(one) for one in address.split(",")):
        raise ValueError(f"a token goes to {address} over TLS alone: whoever listens on the way could use it")
    return (("authorization", f"Bearer {token}"),)


def host_of(address: str) -> str:
    """The host of a host:port, with the brackets that an IPv6 address has there."""
    return address.strip().rpartition(":")[0]


def _is_here(address: str) -> bool:
    """Whether nobody on another machine sees what is sent to a host:port."""
    if address.startswith("unix:"):
        return True
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
    """Tell files that are no use from the rest: gRPC would only find that there is no connection."""
    import ssl  # only where it is needed: it takes longer to import than a call takes

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except ssl.SSLError as error:
            raise ValueError(f"{os.fspath(ca)} holds no certificate in PEM form: {_reason(error)}") from None
    if cert is not None and key is not None:
        try:
            # The empty passphrase is wrong for every key that has one; without it, the terminal is asked.
            context.load_cert_chain(cert, key, password="")
        except ssl.SSLError as error:
            raise ValueError(
                f"{os.fspath(cert)} and {os.fspath(key)} are no certificate in PEM form with its private key:"
                f" {_reason(error)}"
            ) from None


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or str(error)
