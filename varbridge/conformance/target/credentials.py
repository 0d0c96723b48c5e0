"""Who may call the bridge of a scenario: its certificates and tokens, and what its clients show of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from varbridge import Tls

OWN = "own"
STRANGER = "stranger"
"""The two authorities of a scenario: the one of the bridge, and one that the bridge knows nothing of."""

HOSTS = ("localhost", "127.0.0.1")
"""What the certificates of bridges are for."""


class ClientCredentials(NamedTuple):
    """What a client shows a bridge, and asks of it.

    Attributes:
        tls: how it speaks; None for in the clear.
        token: what its calls bear.
        authorization: what they bear in place of ``Bearer`` and a token.
    """

    tls: Tls | None = None
    token: str = ""
    authorization: str = ""


NO_CREDENTIALS = ClientCredentials()
"""What a client shows a bridge that anybody on its machine may call."""


class Access:
    """Certificates and tokens in a directory of their own, which is made when the first of them is."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._authorities: dict[str, Any] = {}
        self._certificate: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """Where the files are."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="judge-")
        return Path(self._folder.name)

    # Tokens

    def write_tokens(self, lines: Iterable[str]) -> Sequence[str]:
        """Write the token file, one line each, in one stroke; return the flags that name it."""
        return ["--token-file", self._write("tokens", _file_of(lines))]

    def tokens(self, lines: Iterable[str]) -> Sequence[str]:
        """The flags that name a file of these lines, which is the same whenever it is asked for."""
        content = _file_of(lines)
        return ["--token-file", self._write(f"tokens-{hashlib.sha256(content).hexdigest()[:12]}", content)]

    def remove_tokens(self) -> None:
        """Take the token file away."""
        (self.folder / "tokens").unlink()

    # Certificates

    def certificate(self) -> Sequence[str]:
        """The flags that name the bridge's certificate; it is written when it is asked for first."""
        self._certificate = self._certificate or self.write_certificate()
        return self._certificate

    def write_certificate(self, authority: str = OWN) -> Sequence[str]:
        """Write a certificate of the bridge that this authority signs; return the flags that name it."""
        issued = self._authority(authority).issue_cert(*HOSTS)
        certificate = self._write("cert.pem", b"".join(one.bytes() for one in issued.cert_chain_pems))
        return [
            "--tls-cert",
            certificate,
            "--tls-key",
            self._write("key.pem", issued.private_key_pem.bytes()),
        ]

    def spoil_certificate(self) -> None:
        """Write something else where the certificate of the bridge was."""
        self._write("cert.pem", b"this is no certificate\n")

    def authority_flags(self) -> Sequence[str]:
        """The flags of a bridge that asks clients for a certificate of its own authority."""
        return ["--tls-ca", self._authority_file(OWN)]

    def tls(self, trusted: str = OWN, signed_by: str = "") -> Tls:
        """How to speak to a bridge over TLS.

        Args:
            trusted: the authority that the bridge's certificate must be of.
            signed_by: the authority of the certificate that the client shows; "" for none.
        """
        name = HOSTS[0]  # whichever of the machine's addresses it is reached at
        if not signed_by:
            return Tls(self._authority_file(trusted), name=name)
        issued = self._authority(signed_by).issue_cert("client.test")
        certificate = self._write("client.pem", b"".join(one.bytes() for one in issued.cert_chain_pems))
        key = self._write("client-key.pem", issued.private_key_pem.bytes())
        return Tls(self._authority_file(trusted), cert=certificate, key=key, name=name)

    def close(self) -> None:
        """Remove the files."""
        if self._folder is not None:
            self._folder.cleanup()

    def _authority(self, name: str) -> Any:
        if name not in self._authorities:
            import trustme  # only where a scenario asks for certificates: it takes long to import

            self._authorities[name] = trustme.CA(organization_name=f"judge: {name}")
        return self._authorities[name]

    def _authority_file(self, name: str) -> str:
        return self._write(f"{name}-ca.pem", self._authority(name).cert_pem.bytes())

    def _write(self, name: str, content: bytes) -> str:
        """Put a file in place of the one that is there, which is never seen half written."""
        path, fresh = self.folder / name, self.folder / f"{name}.new"
        fresh.write_bytes(content)
        fresh.replace(path)
        return str(path)


def _file_of(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
